// Written by a test of phone-control; do not edit.
/**
 * Pages of the window.
 */
export type WindowView = "calls" | "people" | "history" | "settings" | "wallboard";
