// Written by a test of phone-control; do not edit.
/**
 * Where a call stands.
 */
export type CallState = "dialing" | "calling_own_phone" | "ringing" | "connected" | "held" | "held_by_other" | "ended" | "unknown";
