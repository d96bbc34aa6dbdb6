// Written by a test of phone-control; do not edit.
/**
 * The user's own short name of an account, part of every call and person id.
 */
export type AccountName = string;
