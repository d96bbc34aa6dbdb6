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
 * A link from another program asks before it dials.
 */
ask_links: boolean, 
/**
 * How long the closed window stays warm, in seconds; 0 ends it at once.
 */
window_warm_s: number, 
/**
 * Show names in notices while the screen is locked.
 */
names_when_locked: boolean, };
