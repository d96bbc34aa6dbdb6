// Written by a test of phone-control; do not edit.
/**
 * Where a history entry comes from.
 */
export type RecordSource = "local" | "pbx" | "both";
