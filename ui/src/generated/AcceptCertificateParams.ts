// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";

/**
 * Parameters of `accept_certificate`.
 */
export type AcceptCertificateParams = { 
/**
 * Which account.
 */
account: AccountName, 
/**
 * The SHA-256 the user has seen, hex, colons allowed.
 */
sha256: string, };
