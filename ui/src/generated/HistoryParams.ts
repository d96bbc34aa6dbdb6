// Written by a test of phone-control; do not edit.
/**
 * Parameters of `history`.
 */
export type HistoryParams = { 
/**
 * Only missed ones.
 */
missed?: boolean, 
/**
 * At most so many.
 */
limit?: number, 
/**
 * Only whose name or number contains this.
 */
filter?: string | null, };
