// Written by a test of phone-control; do not edit.
/**
 * How a call ended, as far as the PBX told.
 */
export type Outcome = "answered" | "missed" | "answered_elsewhere" | "declined" | "sent_on" | "not_reached" | "unknown";
