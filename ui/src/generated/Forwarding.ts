// Written by a test of phone-control; do not edit.
/**
 * Where calls go, as the PBX tells it. What is not known is no forwarding at all, never one without targets.
 */
export type Forwarding = { 
/**
 * The number that gets each call.
 */
always: string | null, 
/**
 * The number that gets calls while the own phone is busy.
 */
busy: string | null, 
/**
 * The number that gets calls which nobody answers.
 */
no_answer: string | null, };
