// Written by a test of phone-control; do not edit.
/**
 * Whether a hotkey works, and if not, for which reason.
 */
export type HotkeyHealth = "off" | "asking" | "works" | "bad" | "ours" | "taken" | "no_key" | "no_way" | "not_known" | "refused" | "unbound" | "failed";
