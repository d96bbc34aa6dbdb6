// Written by a test of phone-control; do not edit.
/**
 * Parameters of `dial_emergency`, the second press.
 */
export type DialEmergencyParams = { 
/**
 * The token of `prepare_emergency`.
 */
token: string, };
