// Written by a test of phone-control; do not edit.
/**
 * A command that was sent and not confirmed yet.
 */
export type Doing = "dialing" | "answering" | "hanging_up" | "holding" | "resuming" | "transferring" | "sending_tones" | "consulting" | "parking";
