// The way to the program around the page; `mock.ts` stands in for it in tests and in a browser.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";

/** Sends one request and gives its answer; a refusal is thrown as the agent's `Trouble`. */
export function send(intent: string, params: object): Promise<unknown> {
  return invoke(intent, { params });
}

/** Calls back with what a stream brings. */
export async function follow(stream: string, then: (what: unknown) => void): Promise<void> {
  await listen(stream, (event) => then(event.payload));
}
