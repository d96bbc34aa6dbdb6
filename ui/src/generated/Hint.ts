// Written by a test of phone-control; do not edit.
/**
 * Something about the agent or desktop the user should know.
 */
export type Hint = { 
/**
 * What it is about, such as `settings_broken` or `restart_to_update`.
 */
about: string, 
/**
 * What happened.
 */
text: string, 
/**
 * What to do.
 */
remedy: string | null, };
