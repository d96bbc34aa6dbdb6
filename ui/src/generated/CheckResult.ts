// Written by a test of phone-control; do not edit.
/**
 * How one thing is.
 */
export type CheckResult = "ok" | "problem" | "not_here";
