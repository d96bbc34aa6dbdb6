// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `history` and `export_history`.
 */
export type HistoryParams = { 
/**
 * Only missed ones.
 */
missed?: boolean, 
/**
 * At most so many; 500 at most.
 */
limit?: number, 
/**
 * Only whose name, number or note contains this; a number in whatever way it is written.
 */
filter?: string | null, 
/**
 * Only those of this account.
 */
account?: AccountName | null, 
/**
 * Only those behind an earlier page: its `next`.
 */
before?: string | null, };
