// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `prepare_emergency`, the first press on an emergency number.
 */
export type PrepareEmergencyParams = { 
/**
 * What a person typed.
 */
text: string, 
/**
 * By which account; needed when several could.
 */
account?: AccountName | null, 
/**
 * What the agent gave the window when it started it; nobody else may ask.
 */
window_key: string, };
