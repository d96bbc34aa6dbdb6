// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";

/**
 * Parameters of `fetch_parked`: the place is dialled as the PBX has told it, and the phone of the user rings.
 */
export type FetchParkedParams = { 
/**
 * Its `id` among the parked calls of the view.
 */
id: CallId, };
