// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";

/**
 * Parameters of `dtmf`.
 */
export type DtmfParams = { 
/**
 * The call.
 */
call: CallId, 
/**
 * `0-9*#A-D`, at most 32.
 */
digits: string, };
