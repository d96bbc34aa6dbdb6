// Written by a test of phone-control; do not edit.
/**
 * Parameters of `handle_link`.
 */
export type HandleLinkParams = { 
/**
 * The link as the other program gave it.
 */
uri: string, };
