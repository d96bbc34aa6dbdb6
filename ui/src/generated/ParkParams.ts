// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";

/**
 * Parameters of `park`.
 */
export type ParkParams = { 
/**
 * The call.
 */
call: CallId, };
