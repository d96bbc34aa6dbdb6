// Written by a test of phone-control; do not edit.
import type { Person } from "./Person";

/**
 * One part of the `presence` stream.
 */
export type PresencePart = { 
/**
 * The revision after this part; of a whole list, after its last part.
 */
revision: number, 
/**
 * Part of the whole list, which replaces what was known; otherwise changes to it.
 */
whole: boolean, 
/**
 * Number of the part, from 0.
 */
part: number, 
/**
 * Nothing follows that belongs to this list or these changes.
 */
last: boolean, 
/**
 * The people, at most [`PAGE`].
 */
people: Array<Person>, };
