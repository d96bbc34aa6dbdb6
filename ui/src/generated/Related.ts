// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";
import type { Relation } from "./Relation";

/**
 * The other one of two calls that belong together.
 */
export type Related = { 
/**
 * The other call.
 */
call: CallId, 
/**
 * How they belong together.
 */
how: Relation, 
/**
 * This one is the one that waits; of a pair that is exactly one.
 */
waits: boolean, };
