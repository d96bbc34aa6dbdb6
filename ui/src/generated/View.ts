// Written by a test of phone-control; do not edit.
import type { AccountView } from "./AccountView";
import type { CallRecord } from "./CallRecord";
import type { CallView } from "./CallView";
import type { Hint } from "./Hint";
import type { ParkedView } from "./ParkedView";

/**
 * Everything shown except the list of people, which is read in pages.
 */
export type View = { 
/**
 * Grows with every change; an older one is dropped by readers.
 */
revision: number, 
/**
 * One entry an account, in the user's order.
 */
accounts: Array<AccountView>, 
/**
 * Live calls, the newest ringing one first.
 */
calls: Array<CallView>, 
/**
 * Calls that this user has parked, the newest first; at most eight an account.
 */
parked: Array<ParkedView>, 
/**
 * Missed calls nobody has looked at yet.
 */
missed: number, 
/**
 * The last ended calls, newest first, at most ten.
 */
recent: Array<CallRecord>, 
/**
 * Things about the agent itself that the user should know, each one sentence.
 */
hints: Array<Hint>, };
