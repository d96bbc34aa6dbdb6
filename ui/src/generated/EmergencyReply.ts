// Written by a test of phone-control; do not edit.
/**
 * Answer of `prepare_emergency`.
 */
export type EmergencyReply = { 
/**
 * For the second press; counts once.
 */
token: string, 
/**
 * What would be dialled.
 */
number: string, 
/**
 * How long the second press may take, in seconds.
 */
seconds: number, };
