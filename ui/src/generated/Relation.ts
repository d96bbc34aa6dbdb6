// Written by a test of phone-control; do not edit.
/**
 * How two calls belong together.
 */
export type Relation = "consulting" | "joinable";
