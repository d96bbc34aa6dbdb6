// Written by a test of phone-control; do not edit.
/**
 * Names of events.
 */
export type EventName = "link.online" | "link.waiting" | "link.stopped" | "call.dialing" | "call.ringing" | "call.connected" | "call.held" | "call.resumed" | "call.transferred" | "call.ended" | "call.missed" | "presence" | "history";
