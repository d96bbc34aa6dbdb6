// Written by a test of phone-control; do not edit.
import type { AccountView } from "./AccountView";

/**
 * Answer of `add_account`, `test_account` and `set_password`.
 */
export type AccountReply = { 
/**
 * The account as it stands now, when the agent shows it.
 */
account: AccountView | null, };
