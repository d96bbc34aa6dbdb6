// Written by a test of phone-control; do not edit.
/**
 * Parameters of methods that need none, and the answer of methods that only confirm.
 */
export type Nothing = Record<symbol, never>;
