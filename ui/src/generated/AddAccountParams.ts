// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `add_account`. It may hold a secret, so it can be neither printed nor serialised.
 */
export type AddAccountParams = { 
/**
 * The user's name for it.
 */
name: AccountName, 
/**
 * The PBX kind.
 */
kind: string, 
/**
 * Base address, path included.
 */
url: string, 
/**
 * Tenant, unless the user is written `user@tenant`.
 */
domain?: string | null, 
/**
 * User or extension that signs in.
 */
user?: string | null, 
/**
 * Password, when the sign-in needs one; sent once, never sent back.
 */
password?: string | null, 
/**
 * SHA-256 of the accepted certificate, hex, colons allowed.
 */
pin?: string | null, 
/**
 * Further keys, all as text.
 */
keys?: { [key: string]: string }, };
