// Written by a test of phone-control; do not edit.
import type { HotkeyView } from "./HotkeyView";

/**
 * Answer of `hotkeys` and `retry_hotkeys`.
 */
export type HotkeysReply = { 
/**
 * All of them.
 */
hotkeys: Array<HotkeyView>, 
/**
 * The desktop gives the keys, and the settings only say which ones are preferred.
 */
by_desktop: boolean, };
