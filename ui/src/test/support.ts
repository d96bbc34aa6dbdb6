// What the tests share: a page on a made-up agent.
import { flushSync, mount, unmount, type Component } from "svelte";
import { afterEach } from "vitest";
import { bring, reset } from "../mock";
import { account } from "../mock.scenes";
import { phone } from "../phone.svelte";
import type { View } from "../types";

let mounted: Record<string, unknown>[] = [];

afterEach(async () => {
  for (const one of mounted) await unmount(one);
  mounted = [];
  document.body.replaceChildren();
  localStorage.clear();
});

/** Puts a component on the page. */
export function show<Props extends Record<string, unknown>>(component: Component<Props>, props: Props): HTMLElement {
  const target = document.createElement("div");
  document.body.append(target);
  mounted.push(mount(component, { target, props }));
  flushSync();
  return target;
}

/** Lets everything that waits happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  await new Promise((resume) => setTimeout(resume, 0));
  flushSync();
}

/** A view with one account that can do everything. */
export function view(part: Partial<View> = {}): View {
  return { revision: 1, accounts: [account()], calls: [], parked: [], missed: 0, recent: [], hints: [], ...part };
}

/** A running agent that shows this view. */
export async function running(shown: View, answer: (intent: string, params: Record<string, unknown>) => unknown = () => ({})): Promise<void> {
  reset((intent, params) => (intent === "get_view" ? shown : answer(intent, params)));
  await phone.start();
  bring("agent", { state: "gone", trouble: null });
  bring("agent", { state: "running", version: "0.1.0", restart_needed: false });
  await settle();
}

/** The button whose text or label begins so. */
export function button(place: ParentNode, words: string): HTMLButtonElement {
  const found = [...place.querySelectorAll("button")].find((one) =>
    (one.textContent?.trim() || one.getAttribute("aria-label") || "").startsWith(words),
  );
  if (!found) throw new Error(`no button ${words}`);
  return found;
}

/** Types into a field as a person does. */
export function type(field: HTMLInputElement, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  flushSync();
}

/** A field of the sign-in by what it is for. */
export function field(page: ParentNode, name: string): HTMLInputElement {
  const found = page.querySelector<HTMLInputElement>(name === "password" ? 'input[type="password"]' : `input[id$="-${name}"]`);
  if (!found) throw new Error(`no field ${name}`);
  return found;
}
