// Written by a test of phone-control; do not edit.
import type { Candidate } from "./Candidate";

/**
 * Answer of `numbers`.
 */
export type NumbersReply = { 
/**
 * What would be dialled, and what the policy says.
 */
candidates: Array<Candidate>, };
