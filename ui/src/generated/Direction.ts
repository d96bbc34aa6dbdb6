// Written by a test of phone-control; do not edit.
/**
 * Who began the call, seen from this user.
 */
export type Direction = "incoming" | "outgoing";
