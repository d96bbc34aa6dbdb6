// Written by a test of phone-control; do not edit.
import type { DesktopPatch } from "./DesktopPatch";

/**
 * Parameters of `set_settings`; what is left out stays as it is.
 */
export type SetSettingsParams = { 
/**
 * What changes of the desktop part.
 */
desktop?: DesktopPatch | null, 
/**
 * Trayphone starts with the session.
 */
autostart?: boolean | null, 
/**
 * Schemes to take over or give back.
 */
handler?: { [scheme: string]: boolean } | null, };
