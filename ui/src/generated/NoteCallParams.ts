// Written by a test of phone-control; do not edit.
import type { CallId } from "./CallId";

/**
 * Parameters of `note_call`.
 */
export type NoteCallParams = { 
/**
 * The ended call.
 */
call: CallId, 
/**
 * At most 1,000 characters; nothing removes the note.
 */
note?: string | null, };
