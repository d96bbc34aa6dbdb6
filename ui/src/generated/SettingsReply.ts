// Written by a test of phone-control; do not edit.
import type { DesktopSettings } from "./DesktopSettings";

/**
 * Answer of `get_settings` and `set_settings`.
 */
export type SettingsReply = { 
/**
 * Settings of the desktop part.
 */
desktop: DesktopSettings, 
/**
 * Trayphone starts with the session.
 */
autostart: boolean, 
/**
 * For every scheme, whether Trayphone opens its links.
 */
handler: { [scheme: string]: boolean }, 
/**
 * For every scheme whose links something opens, the name of that program.
 */
owners: { [scheme: string]: string }, };
