// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `set_password`. It holds a secret, so it can be neither printed nor serialised.
 */
export type SetPasswordParams = { 
/**
 * Which account.
 */
account: AccountName, 
/**
 * The new password.
 */
password: string, };
