// Written by a test of phone-control; do not edit.
/**
 * Answer of `hello`.
 */
export type Welcome = { 
/**
 * Version of the protocol the agent speaks.
 */
protocol: string, 
/**
 * Version of the agent.
 */
agent_version: string, 
/**
 * A newer agent is installed than the one that runs.
 */
restart_needed: boolean, };
