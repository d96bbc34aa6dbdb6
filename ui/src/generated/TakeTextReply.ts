// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Answer of `take_text`: what the user wants to dial and should look at first.
 */
export type TakeTextReply = { 
/**
 * The text; none when nothing waits, or somebody has taken it.
 */
text: string | null, 
/**
 * By which account, when that was said.
 */
account: AccountName | null, };
