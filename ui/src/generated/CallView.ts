// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { CallId } from "./CallId";
import type { CallState } from "./CallState";
import type { Can } from "./Can";
import type { Direction } from "./Direction";
import type { Doing } from "./Doing";
import type { Party } from "./Party";
import type { Related } from "./Related";

/**
 * One live call as shown.
 */
export type CallView = { 
/**
 * Ours, the same from dialling to the end.
 */
id: CallId, 
/**
 * Whose PBX carries it.
 */
account: AccountName, 
/**
 * Who began it.
 */
direction: Direction, 
/**
 * Where it stands.
 */
state: CallState, 
/**
 * The other side.
 */
remote: Party, 
/**
 * Queue, group or forwarding it came through.
 */
via: Party | null, 
/**
 * When it entered its state, by our clock.
 */
since: string, 
/**
 * When it was answered.
 */
connected_at: string | null, 
/**
 * The link was lost and the PBX has not said since.
 */
stale: boolean, 
/**
 * What can be done now.
 */
can: Array<Can>, 
/**
 * What was asked and not confirmed yet.
 */
doing: Doing | null, 
/**
 * Digits of the number for after the answer, such as an extension; the user sends them.
 */
post_dial?: string, 
/**
 * The other call, when two belong together.
 */
related?: Related, };
