// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { ForwardWhen } from "./ForwardWhen";

/**
 * Parameters of `set_forwarding`.
 */
export type SetForwardingParams = { 
/**
 * Which account; needed when several could.
 */
account?: AccountName | null, 
/**
 * Which calls.
 */
when: ForwardWhen, 
/**
 * The number as a person writes it; null ends it, and nothing else does.
 */
to: string | null, 
/**
 * Answers the question the dial policy would ask about the number.
 */
yes?: boolean, 
/**
 * Answers it for this number only, as an offer named it; calls go to no other one then.
 */
choice?: string | null, };
