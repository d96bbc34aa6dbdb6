// Written by a test of phone-control; do not edit.
/**
 * Parameters of `hello`.
 */
export type Hello = { 
/**
 * Name of the program, for the log.
 */
client: string, 
/**
 * Version of the protocol it speaks.
 */
version: string, 
/**
 * Version of the program, so that an agent older than it can offer a restart.
 */
program_version?: string | null, 
/**
 * The display it runs on, when it has one.
 */
display?: string | null, };
