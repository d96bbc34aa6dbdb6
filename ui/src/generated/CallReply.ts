// Written by a test of phone-control; do not edit.
import type { CallBrief } from "./CallBrief";

/**
 * Answer of call commands: the call as it stands, where there is one to show.
 */
export type CallReply = { 
/**
 * The call.
 */
call: CallBrief | null, };
