// Written by a test of phone-control; do not edit.
/**
 * What changes of the desktop part; what is left out stays as it is, whoever else changes it meanwhile.
 */
export type DesktopPatch = { 
/**
 * Key combination that dials the selected number; null switches it off.
 */
dial_hotkey?: string | null, 
/**
 * Key combination that answers the call that rings; null switches it off.
 */
answer_hotkey?: string | null, 
/**
 * Key combination that hangs up; null switches it off.
 */
hang_up_hotkey?: string | null, 
/**
 * Key combination that opens the window; null switches it off.
 */
window_hotkey?: string | null, 
/**
 * Where no selection can be read, the desktop's copy key is pressed, and the clipboard put back afterwards.
 */
copy_key?: boolean | null, 
/**
 * A link from another program asks before it dials.
 */
ask_links?: boolean | null, 
/**
 * Numbers, as they are dialled, whose links do not ask any more, beside those that are there already.
 *
 * One that is missing here stays: somebody may have allowed it since this list was read.
 */
always_dial?: Array<string> | null, 
/**
 * A number whose links ask again.
 */
forget_dial?: string | null, 
/**
 * How long the closed window stays warm, in seconds; 0 ends it at once.
 */
window_warm_s?: number | null, 
/**
 * Show names in notices while the screen is locked.
 */
names_when_locked?: boolean | null, 
/**
 * Ended calls are kept for so many days; 0 removes those that are there and keeps none.
 */
history_days?: number | null, };
