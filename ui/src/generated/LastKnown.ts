// Written by a test of phone-control; do not edit.
import type { Presence } from "./Presence";

/**
 * The presence before the link was lost.
 */
export type LastKnown = { 
/**
 * What was true then.
 */
presence: Presence, 
/**
 * When it was last known to be true.
 */
at: string, };
