// Written by a test of phone-control; do not edit.
/**
 * Answer of `delete_calls`.
 */
export type DeleteCallsReply = { 
/**
 * How many there were.
 */
deleted: number, };
