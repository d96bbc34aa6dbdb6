// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { OwnPresence } from "./OwnPresence";

/**
 * Parameters of `set_presence`.
 */
export type SetPresenceParams = { 
/**
 * Which account; all that can when none is named.
 */
account?: AccountName | null, 
/**
 * The state.
 */
presence: OwnPresence, 
/**
 * Until when.
 */
until?: string | null, 
/**
 * A note for colleagues.
 */
note?: string | null, };
