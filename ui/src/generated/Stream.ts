// Written by a test of phone-control; do not edit.
/**
 * What can be subscribed to.
 */
export type Stream = "view" | "presence" | "call-event" | "show";
