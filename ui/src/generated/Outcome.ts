// Written by a test of phone-control; do not edit.
/**
 * How a call ended, as far as the PBX told.
 */
export type Outcome = "answered" | "missed" | "answered_elsewhere" | "declined" | "not_reached" | "unknown";
