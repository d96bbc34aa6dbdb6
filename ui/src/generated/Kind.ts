// Written by a test of phone-control; do not edit.
/**
 * What kind of number it is.
 */
export type Kind = "international" | "national" | "extension" | "service" | "feature_code" | "emergency" | "premium" | "satellite" | "uri" | "not_a_number";
