// Written by a test of phone-control; do not edit.
/**
 * What stands behind an internal number.
 */
export type PersonKind = "person" | "queue" | "group" | "park" | "service";
