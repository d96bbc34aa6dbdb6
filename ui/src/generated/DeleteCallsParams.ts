// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";

/**
 * Parameters of `delete_calls`: calls by name, or all of them.
 */
export type DeleteCallsParams = { 
/**
 * These calls; what the PBX's own list says of them is not taken over again.
 */
calls?: Array<CallId>, 
/**
 * All of them.
 */
all?: boolean, };
