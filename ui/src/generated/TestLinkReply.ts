// Written by a test of phone-control; do not edit.
/**
 * Answer of `test_link`, which opens a link of our own as any program would; it dials nothing.
 */
export type TestLinkReply = { 
/**
 * It came back to this agent, at most 10 s later.
 */
arrived: boolean, };
