// Written by a test of phone-control; do not edit.
/**
 * What a colleague's phone is doing.
 */
export type Presence = "available" | "ringing" | "in_call" | "away" | "busy" | "dnd" | "not_registered" | "unknown";
