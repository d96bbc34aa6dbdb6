// Written by a test of phone-control; do not edit.
import type { AskedBy } from "./AskedBy";
import type { Offer } from "./Offer";

/**
 * A question before a dial.
 */
export type Question = { 
/**
 * Its name, which an answer repeats.
 */
id: string, 
/**
 * What made it necessary.
 */
by: AskedBy, 
/**
 * The number, or the numbers to choose from.
 */
offers: Array<Offer>, 
/**
 * The link could not be dialled when it came.
 */
late: boolean, 
/**
 * It took the place of another one, for which nothing was dialled.
 */
replaces: boolean, 
/**
 * How many seconds are left for an answer.
 */
seconds: number, 
/**
 * No notice can tell that the time is over, so the window says so itself.
 */
alone: boolean, };
