// Written by a test of phone-control; do not edit.
import type { WindowView } from "./WindowView";

/**
 * Parameters of `open_window` and of the notification `show`.
 */
export type OpenWindowParams = { 
/**
 * The page; the last one when none is named.
 */
view?: WindowView | null, };
