// Written by a test of phone-control; do not edit.
/**
 * Own states a person can choose.
 */
export type OwnPresence = "available" | "away" | "busy" | "dnd";
