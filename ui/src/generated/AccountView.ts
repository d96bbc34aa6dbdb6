// Written by a test of phone-control; do not edit.
import type { Abilities } from "./Abilities";
import type { AccountName } from "./AccountName";
import type { Forwarding } from "./Forwarding";
import type { LinkName } from "./LinkName";
import type { Presence } from "./Presence";
import type { Why } from "./Why";

/**
 * One account as shown.
 */
export type AccountView = { 
/**
 * The user's name for it.
 */
name: AccountName, 
/**
 * Kind of PBX, for wording in the window only.
 */
kind: string, 
/**
 * Where the link stands.
 */
link: LinkName, 
/**
 * Since when.
 */
since: string, 
/**
 * Why it is not online.
 */
why: Why | null, 
/**
 * When the next attempt begins.
 */
retry_at: string | null, 
/**
 * Who is signed in.
 */
user: string | null, 
/**
 * The person's name at the PBX; untrusted text.
 */
display_name: string | null, 
/**
 * Product and version the server names; untrusted text.
 */
server: string | null, 
/**
 * Generation the dialect settled on.
 */
dialect: string | null, 
/**
 * What can be done here.
 */
abilities: Abilities, 
/**
 * The user's own presence; unknown while the link is not online.
 */
presence: Presence, 
/**
 * Own do-not-disturb, when known.
 */
dnd: boolean | null, 
/**
 * Where the own calls go; none while that is not known.
 */
forwarding: Forwarding | null, 
/**
 * Address without user or query.
 */
url: string, 
/**
 * Tenant.
 */
domain: string | null, };
