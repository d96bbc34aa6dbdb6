// Written by a test of phone-control; do not edit.
/**
 * Parameters of `people`.
 */
export type PeopleParams = { 
/**
 * Position of the first one.
 */
offset?: number, 
/**
 * At most so many; never more than [`PAGE`].
 */
limit?: number, 
/**
 * Queues, groups and services too.
 */
all?: boolean, 
/**
 * Only whose name or number contains this.
 */
filter?: string | null, };
