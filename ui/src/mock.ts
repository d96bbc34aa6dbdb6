// A made-up agent for tests and for looking at the page in a browser. It is never part of the built page.
import { scene } from "./mock.scenes";

type Listener = (what: unknown) => void;

/** One request that the page has sent. */
export interface Sent {
  intent: string;
  params: object;
}

const listeners = new Map<string, Set<Listener>>();
/** Everything the page has sent since the last `reset`. */
export const sent: Sent[] = [];
/** How a request is answered; tests put theirs here. */
export let answer: (intent: string, params: Record<string, unknown>) => unknown = scene.answer;

/** Starts afresh with another way to answer. */
export function reset(next: typeof answer = scene.answer): void {
  listeners.clear();
  sent.length = 0;
  answer = next;
}

/** Lets a stream bring something. */
export function bring(stream: string, what: unknown): void {
  for (const then of listeners.get(stream) ?? []) then(structuredClone(what));
}

/** See `wire.ts`. */
export async function send(intent: string, params: object): Promise<unknown> {
  sent.push({ intent, params: structuredClone(params) });
  // As with the real one, nothing comes before the page is ready for it.
  if (intent === "attach") scene.begin(bring);
  return structuredClone(await answer(intent, params as Record<string, unknown>));
}

/** See `wire.ts`. */
export async function follow(stream: string, then: Listener): Promise<void> {
  const all = listeners.get(stream) ?? new Set();
  all.add(then);
  listeners.set(stream, all);
}
