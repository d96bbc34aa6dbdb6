// Written by a test of phone-control; do not edit.
/**
 * One of the hotkeys, by what it does.
 */
export type HotkeyName = "dial" | "answer" | "hang_up" | "window";
