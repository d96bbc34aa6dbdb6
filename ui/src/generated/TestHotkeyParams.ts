// Written by a test of phone-control; do not edit.
import type { HotkeyName } from "./HotkeyName";

/**
 * Parameters of `test_hotkey`, which waits for a press that then does nothing else.
 */
export type TestHotkeyParams = { 
/**
 * Which one.
 */
hotkey: HotkeyName, };
