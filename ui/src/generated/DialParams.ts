// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `dial`.
 */
export type DialParams = { 
/**
 * What a person typed.
 */
text: string, 
/**
 * By which account; needed when several could.
 */
account?: AccountName | null, 
/**
 * Answers the question the dial policy would ask.
 */
yes?: boolean, 
/**
 * Answers it for this number only, as an offer named it; nothing else is dialled then.
 */
to?: string | null, };
