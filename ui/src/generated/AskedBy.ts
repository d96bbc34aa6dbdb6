// Written by a test of phone-control; do not edit.
/**
 * What made a question necessary.
 */
export type AskedBy = "link" | "text" | "pressed";
