// Written by a test of phone-control; do not edit.
/**
 * Answer of `test_hotkey`, at the press or after 15 s.
 */
export type TestHotkeyReply = { 
/**
 * The press has arrived.
 */
arrived: boolean, };
