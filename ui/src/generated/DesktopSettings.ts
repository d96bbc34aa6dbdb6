// Written by a test of phone-control; do not edit.
/**
 * What the user can choose about hotkey, links and window.
 */
export type DesktopSettings = { 
/**
 * Key combination that dials the selected number, such as `ctrl+alt+p`; none switches it off.
 */
dial_hotkey: string | null, 
/**
 * Key combination that answers the call that rings.
 */
answer_hotkey: string | null, 
/**
 * Key combination that hangs up.
 */
hang_up_hotkey: string | null, 
/**
 * Key combination that opens the window.
 */
window_hotkey: string | null, 
/**
 * Where no selection can be read, the desktop's copy key is pressed, and the clipboard put back afterwards.
 */
copy_key: boolean, 
/**
 * A link from another program asks before it dials.
 */
ask_links: boolean, 
/**
 * Numbers whose links do not ask any more: as they are written everywhere, or as `account/digits`.
 */
always_dial: Array<string>, 
/**
 * How long the closed window stays warm, in seconds; 0 ends it at once.
 */
window_warm_s: number, 
/**
 * Show names in notices while the screen is locked.
 */
names_when_locked: boolean, 
/**
 * Ended calls are kept for so many days; 0 keeps none beyond the end of the program.
 */
history_days: number, };
