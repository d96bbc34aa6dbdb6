// Written by a test of phone-control; do not edit.
/**
 * When a call is sent on to another number.
 */
export type ForwardWhen = "always" | "busy" | "no_answer";
