// Written by a test of phone-control; do not edit.
import type { Question } from "./Question";

/**
 * Answer of `question`.
 */
export type QuestionReply = { 
/**
 * What is asked; none when nothing is.
 */
question: Question | null, };
