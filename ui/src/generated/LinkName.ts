// Written by a test of phone-control; do not edit.
/**
 * Link states by name.
 */
export type LinkName = "signed_out" | "opening" | "syncing" | "online" | "waiting" | "stopped";
