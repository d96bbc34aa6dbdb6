// Written by a test of phone-control; do not edit.
import type { CallRecord } from "./CallRecord";

/**
 * Answer of `history`.
 */
export type HistoryReply = { 
/**
 * Ended calls, newest first.
 */
calls: Array<CallRecord>, 
/**
 * What the next page is asked for with, as `before`; nothing when there is no more.
 */
next: string | null, };
