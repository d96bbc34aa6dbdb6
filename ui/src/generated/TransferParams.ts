// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";

/**
 * Parameters of `transfer`: exactly one of the two targets.
 */
export type TransferParams = { 
/**
 * The call that is handed on.
 */
call: CallId, 
/**
 * A number, without asking first.
 */
to_number?: string | null, 
/**
 * Another call; both are joined.
 */
to_call?: CallId | null, 
/**
 * The number is asked first while the call waits: its call comes as a second one, to be joined or hung up.
 */
ask?: boolean | null, };
