// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";

/**
 * Parameters of `dismiss_parked`.
 */
export type DismissParkedParams = { 
/**
 * Its `id` among the parked calls of the view.
 */
parked: CallId, };
