// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `numbers`.
 */
export type NumbersParams = { 
/**
 * What a person is typing.
 */
text: string, 
/**
 * By which account; needed when several could.
 */
account?: AccountName | null, };
