// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { CallId } from "./CallId";
import type { Party } from "./Party";

/**
 * A call that this user has parked.
 */
export type ParkedView = { 
/**
 * Name of the call that was parked, or one of its own where only the PBX knows of it.
 */
id: CallId, 
/**
 * Whose PBX keeps it.
 */
account: AccountName, 
/**
 * The number to dial for it, when the PBX says so.
 */
place: string | null, 
/**
 * Who waits there.
 */
who: Party, 
/**
 * When it was parked.
 */
since: string, 
/**
 * The link was lost then, and the PBX has not said since whether it still waits.
 */
unknown_since: string | null, };
