// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `retry_now`.
 */
export type RetryNowParams = { 
/**
 * Which account; all when none is named.
 */
account?: AccountName | null, };
