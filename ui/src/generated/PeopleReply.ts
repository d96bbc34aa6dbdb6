// Written by a test of phone-control; do not edit.
import type { Person } from "./Person";

/**
 * Answer of `people`.
 */
export type PeopleReply = { 
/**
 * Revision the page belongs to.
 */
revision: number, 
/**
 * The page.
 */
people: Array<Person>, 
/**
 * How many there are in all.
 */
total: number, };
