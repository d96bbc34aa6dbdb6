// Written by a test of phone-control; do not edit.
/**
 * Parameters of `handle_link`.
 */
export type HandleLinkParams = { 
/**
 * The link as the other program gave it.
 */
uri: string, 
/**
 * When it was clicked, in milliseconds of the machine's clock `CLOCK_BOOTTIME`; now, when nothing is said.
 *
 * Too long afterwards it is offered instead of dialled.
 */
clicked_ms?: number | null, };
