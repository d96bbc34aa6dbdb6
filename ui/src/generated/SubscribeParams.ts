// Written by a test of phone-control; do not edit.
import type { Stream } from "./Stream";

/**
 * Parameters of `subscribe`.
 */
export type SubscribeParams = { 
/**
 * What to follow, in addition to what is followed already.
 */
streams: Array<Stream>, };
