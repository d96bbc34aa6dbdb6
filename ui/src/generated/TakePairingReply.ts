// Written by a test of phone-control; do not edit.
import type { Pairing } from "./Pairing";

/**
 * Answer of `take_pairing`.
 */
export type TakePairingReply = { 
/**
 * What a link wants to have in the form; none when nothing waits, or somebody has taken it.
 */
pairing: Pairing | null, };
