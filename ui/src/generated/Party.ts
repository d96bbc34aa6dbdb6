// Written by a test of phone-control; do not edit.
/**
 * The other side of a call. Both parts come from the network and are untrusted text.
 */
export type Party = { 
/**
 * Number as the PBX writes it.
 */
number: string | null, 
/**
 * Name as the PBX writes it.
 */
name: string | null, };
