// Written by a test of phone-control; do not edit.
import type { CheckResult } from "./CheckResult";

/**
 * One line of the self-examination.
 */
export type Check = { 
/**
 * What was looked at.
 */
name: string, 
/**
 * How it is.
 */
result: CheckResult, 
/**
 * One sentence.
 */
text: string, 
/**
 * What to do.
 */
remedy: string | null, };
