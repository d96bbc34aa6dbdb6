// Written by a test of phone-control; do not edit.
import type { Check } from "./Check";

/**
 * Answer of `doctor`.
 */
export type DoctorReply = { 
/**
 * One entry a check.
 */
checks: Array<Check>, };
