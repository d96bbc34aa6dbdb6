// Written by a test of phone-control; do not edit.
import type { Code } from "./Code";
import type { Offer } from "./Offer";

/**
 * A reason on its way to people and scripts.
 */
export type Trouble = { 
/**
 * For programs.
 */
code: Code, 
/**
 * What happened.
 */
text: string, 
/**
 * What to do, or that it repairs itself.
 */
remedy: string | null, 
/**
 * Technical detail without secrets.
 */
detail: string | null, 
/**
 * Fingerprint in question, when a certificate is.
 */
certificate_sha256: string | null, 
/**
 * The numbers in question, when the dial policy asks or there are several.
 */
offers?: Array<Offer>, };
