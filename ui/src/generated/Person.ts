// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { LastKnown } from "./LastKnown";
import type { PersonKind } from "./PersonKind";
import type { Presence } from "./Presence";

/**
 * A colleague, queue or group as shown.
 */
export type Person = { 
/**
 * `account/number`.
 */
id: string, 
/**
 * The account whose PBX knows this number.
 */
account: AccountName, 
/**
 * What stands behind the number.
 */
type: PersonKind, 
/**
 * Internal number.
 */
number: string, 
/**
 * Display name; untrusted text.
 */
name: string | null, 
/**
 * What the phone is doing; `unknown` while the link is not online.
 */
presence: Presence, 
/**
 * Do-not-disturb, also during a call.
 */
dnd: boolean, 
/**
 * The person's own note; untrusted text.
 */
note: string | null, 
/**
 * When the presence changed, if that was seen.
 */
since: string | null, 
/**
 * What was known before the link was lost.
 */
last_known: LastKnown | null, };
