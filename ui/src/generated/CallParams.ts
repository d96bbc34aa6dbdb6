// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";

/**
 * Parameters of `answer`, `hang_up`, `hold` and `resume`.
 */
export type CallParams = { 
/**
 * The call; none when only one fits.
 */
call?: CallId | null, };
