// Written by a test of phone-control; do not edit.
import type { AccountName } from "./AccountName";
import type { Kind } from "./Kind";

/**
 * A number that rings after a yes, or one of several to choose from.
 */
export type Offer = { 
/**
 * What the PBX would get.
 */
dial: string, 
/**
 * The answer that chooses this number and its extension.
 */
choice: string, 
/**
 * The same number for people, grouped as in its country.
 */
shown: string, 
/**
 * As it stands in the text.
 */
text: string, 
/**
 * Two letters of its country (ISO 3166-1), when known.
 */
country: string | null, 
/**
 * Digits for after the answer.
 */
extension: string | null, 
/**
 * What kind of number it is.
 */
kind: Kind, 
/**
 * Why it asks.
 */
why: string | null, 
/**
 * It asks only because every link does, so the user may let this number ring without a question.
 */
trust: boolean, 
/**
 * What is remembered of it then: the number everywhere, or the digits at this account.
 */
remember?: string, 
/**
 * The account that was asked about; a yes dials by no other one.
 */
account?: AccountName, };
