// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of methods about one account.
 */
export type AccountParams = { 
/**
 * Which account.
 */
account: AccountName, };
