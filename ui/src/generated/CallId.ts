// Written by a test of phone-control; do not edit.
/**
 * Our own name of a call, `account/c12`: the same from dialling to the end.
 */
export type CallId = string;
