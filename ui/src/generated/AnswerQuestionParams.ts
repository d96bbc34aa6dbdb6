// Written by a test of phone-control; do not edit.
/**
 * Parameters of `answer_question`.
 */
export type AnswerQuestionParams = { 
/**
 * Which question.
 */
id: string, 
/**
 * The number to dial, as its offer names it; without one nothing is dialled.
 */
choice?: string | null, 
/**
 * Links with this number do not ask any more.
 */
always?: boolean, };
