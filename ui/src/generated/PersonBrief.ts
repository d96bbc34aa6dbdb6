// Written by a test of phone-control; do not edit.
import type { Presence } from "./Presence";

/**
 * A person as an event tells it.
 */
export type PersonBrief = { 
/**
 * `account/number`.
 */
id: string, 
/**
 * New presence.
 */
presence: Presence, };
