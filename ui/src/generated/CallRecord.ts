// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { CallId } from "./CallId";
import type { Direction } from "./Direction";
import type { Outcome } from "./Outcome";
import type { Party } from "./Party";
import type { RecordSource } from "./RecordSource";

/**
 * One ended call.
 */
export type CallRecord = { 
/**
 * Ours while it was live, or made from the PBX's.
 */
id: CallId, 
/**
 * Whose PBX carried it.
 */
account: AccountName, 
/**
 * Who began it.
 */
direction: Direction, 
/**
 * How it ended.
 */
outcome: Outcome, 
/**
 * The other side.
 */
remote: Party, 
/**
 * When it began.
 */
started_at: string, 
/**
 * When it was answered.
 */
connected_at: string | null, 
/**
 * When it ended.
 */
ended_at: string | null, 
/**
 * Who tells.
 */
source: RecordSource, 
/**
 * Queue, group or forwarding it came through.
 */
via?: Party | null, 
/**
 * What the user wrote about it.
 */
note?: string | null, };
