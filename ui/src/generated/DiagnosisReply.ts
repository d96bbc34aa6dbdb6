// Written by a test of phone-control; do not edit.
/**
 * Answer of `diagnosis`.
 */
export type DiagnosisReply = { 
/**
 * What was seen on the wire last, without secrets.
 */
text: string, };
