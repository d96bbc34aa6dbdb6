// Written by a test of phone-control; do not edit.
/**
 * What a link wants to have in the form of a sign-in.
 */
export type Pairing = { 
/**
 * Kind of PBX; none leaves it to the form.
 */
kind: string | null, 
/**
 * Address of the PBX, whose scheme is one of its kind that encrypts.
 */
url: string, 
/**
 * Its host, as it is really asked: a name in foreign letters stands here as what it is.
 */
host: string, 
/**
 * Domain or tenant.
 */
domain: string | null, 
/**
 * User or extension.
 */
user: string | null, 
/**
 * Name of the account.
 */
name: string | null, };
