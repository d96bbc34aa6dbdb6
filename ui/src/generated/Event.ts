// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { CallBrief } from "./CallBrief";
import type { EventName } from "./EventName";
import type { PersonBrief } from "./PersonBrief";
import type { Why } from "./Why";

/**
 * One thing that happened.
 */
export type Event = { 
/**
 * What.
 */
event: EventName, 
/**
 * When, by our clock.
 */
at: string, 
/**
 * The account, for `link.*` and `history`.
 */
account?: AccountName | null, 
/**
 * The call, for `call.*`.
 */
call?: CallBrief | null, 
/**
 * Why, for `link.waiting` and `link.stopped`.
 */
why?: Why | null, 
/**
 * Next attempt, for `link.waiting`.
 */
retry_at?: string | null, 
/**
 * The person, for `presence`.
 */
person?: PersonBrief | null, };
