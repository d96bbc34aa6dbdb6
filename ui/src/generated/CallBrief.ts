// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { CallId } from "./CallId";
import type { CallState } from "./CallState";
import type { Direction } from "./Direction";
import type { Party } from "./Party";

/**
 * A call as an event tells it.
 */
export type CallBrief = { 
/**
 * Ours.
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
remote: Party, };
