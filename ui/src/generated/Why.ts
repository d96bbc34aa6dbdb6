// Written by a test of phone-control; do not edit.
import type { Code } from "./Code";

/**
 * Why a link is not online.
 */
export type Why = { 
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
remedy?: string | null, 
/**
 * Fingerprint in question, when a certificate is.
 */
certificate_sha256?: string | null, };
