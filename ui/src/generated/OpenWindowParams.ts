// Written by a test of phone-control; do not edit.
import type { WindowView } from "./WindowView";

/**
 * Parameters of `open_window` and of the notification `show`.
 */
export type OpenWindowParams = { 
/**
 * The page; the last one when none is named.
 */
view?: WindowView | null, 
/**
 * Shows nothing but the small window with the question that waits; false when none waits any more. Only `show` has it.
 */
question?: boolean | null, 
/**
 * A link wants it, which nobody may have clicked: the keyboard stays where it is.
 */
quiet?: boolean | null, };
