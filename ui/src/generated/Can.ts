// Written by a test of phone-control; do not edit.
/**
 * What a person may do to a call.
 */
export type Can = "answer" | "hang_up" | "hold" | "resume" | "transfer" | "transfer_to_call" | "dtmf" | "consult" | "park";
