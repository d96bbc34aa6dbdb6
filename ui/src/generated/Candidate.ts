// Written by a test of phone-control; do not edit.
import type { Kind } from "./Kind";
import type { Verdict } from "./Verdict";

/**
 * One number found in a text.
 */
export type Candidate = { 
/**
 * The text as it stands.
 */
text: string, 
/**
 * First code point.
 */
start: number, 
/**
 * One past the last code point.
 */
end: number, 
/**
 * E.164 form, when known.
 */
e164: string | null, 
/**
 * Digits for after the answer.
 */
extension: string | null, 
/**
 * What kind of number it is.
 */
kind: Kind, 
/**
 * What the PBX would get.
 */
dial: string | null, 
/**
 * What the dial policy says.
 */
verdict: Verdict, 
/**
 * Why it asks or refuses.
 */
why: string | null, 
/**
 * The number for people, grouped as in its country; only where somebody looks at it while typing.
 */
shown?: string | null, 
/**
 * Two letters of its country (ISO 3166-1), when known; with `shown` only.
 */
country?: string | null, };
