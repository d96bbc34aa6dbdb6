// Written by a test of phone-control; do not edit.
/**
 * Answer of `park`.
 */
export type ParkReply = { 
/**
 * The number to dial for the call that waits, when the PBX says so.
 */
place: string | null, };
