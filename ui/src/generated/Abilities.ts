// Written by a test of phone-control; do not edit.
import type { Ability } from "./Ability";

/**
 * The set of things a PBX lets this user do, in a fixed order.
 */
export type Abilities = Array<Ability>;
