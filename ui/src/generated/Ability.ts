// Written by a test of phone-control; do not edit.
/**
 * One thing a PBX lets this user do.
 */
export type Ability = "dial" | "answer" | "hang_up" | "hold" | "resume" | "dtmf" | "transfer_blind" | "transfer_attended" | "presence" | "dnd" | "history" | "contacts" | "consult" | "park" | "pick_up" | "dial_addresses" | "forwarding" | "forward_always" | "forward_busy" | "forward_no_answer" | "deflect";
