// Written by a test of phone-control; do not edit.
/**
 * What the dial policy says.
 */
export type Verdict = "dial" | "ask" | "refuse";
