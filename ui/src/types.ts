// The words of the control protocol, as the page uses them.
// All but the last few are written by a test of the Rust side into `generated/`.
export type * from "./generated";
export type { Methods } from "./generated/protocol";
import type { Trouble, WindowView } from "./generated";

/** What the program around the page says about the agent. */
export type AgentNews =
  | { state: "looking" }
  | { state: "running"; version: string; restart_needed: boolean }
  | { state: "gone"; trouble: Trouble | null };

/** Asks the page to show one of its views. */
export interface ShowNews {
  view: WindowView | null;
}
