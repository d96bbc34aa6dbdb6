// Written by a test of phone-control; do not edit.
import type { HotkeyHealth } from "./HotkeyHealth";
import type { HotkeyName } from "./HotkeyName";

/**
 * A hotkey and how it does.
 */
export type HotkeyView = { 
/**
 * Which one.
 */
name: HotkeyName, 
/**
 * Whether it works.
 */
health: HotkeyHealth, 
/**
 * Its keys as people read them, such as `Ctrl+Alt+P`; where the desktop gave them, as it describes them.
 */
keys: string | null, 
/**
 * Who else has the keys, where that is known.
 */
by: string | null, 
/**
 * Which of our own has the keys.
 */
other: HotkeyName | null, 
/**
 * Keys that were tried and are free; they can be written into the settings as they stand.
 */
free: string | null, 
/**
 * What is wrong, as a sentence.
 */
text: string | null, 
/**
 * What to do about it.
 */
remedy: string | null, 
/**
 * The command that does the same, for desktops where the user binds the keys.
 */
command: string, };
