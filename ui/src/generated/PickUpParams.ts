// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `pick_up`.
 */
export type PickUpParams = { 
/**
 * Extension of the one it rings at.
 */
from: string, 
/**
 * By which account; needed when several could.
 */
account?: AccountName | null, };
