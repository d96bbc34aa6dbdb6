// Written by a test of phone-control; do not edit.
import type { DesktopSettings } from "./DesktopSettings";

/**
 * Parameters of `set_settings`; what is left out stays as it is.
 */
export type SetSettingsParams = { 
/**
 * Settings of the desktop part, all of them.
 */
desktop?: DesktopSettings | null, 
/**
 * Trayphone starts with the session.
 */
autostart?: boolean | null, 
/**
 * Schemes to take over or give back.
 */
handler?: { [scheme: string]: boolean } | null, };
