import { describe, expect, it } from "vitest";
import { bring, sent } from "../mock";
import { account } from "../mock.scenes";
import Header from "../parts/Header.svelte";
import type { AccountView, Trouble } from "../types";
import { button, running, settle, show, type, view } from "./support";

const able = (part: Partial<AccountView> = {}) =>
  account({ abilities: ["dial", "forwarding", "forward_always", "forward_no_answer"], forwarding: { always: null, busy: null, no_answer: null }, ...part });
const away = { always: "+4930555001", busy: null, no_answer: "207" };
const asked = () => sent.filter((one) => one.intent === "set_forwarding").map((one) => one.params);

/** The header with the part open that sets a forwarding. */
async function setting(answer?: (intent: string, params: Record<string, unknown>) => unknown): Promise<HTMLElement> {
  await running(view({ accounts: [able()] }), answer);
  const page = show(Header, {});
  page.querySelector<HTMLButtonElement>(".state")?.click();
  await settle();
  button(page, "Forward calls").click();
  await settle();
  return page;
}

const field = (page: HTMLElement) => page.querySelector<HTMLInputElement>("form input") as HTMLInputElement;

async function submit(page: HTMLElement): Promise<void> {
  page.querySelector("form")?.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
  await settle();
}

describe("calls that go elsewhere", () => {
  it("are told in plain words, and each can be stopped", async () => {
    await running(view({ accounts: [able({ forwarding: away })] }));
    const page = show(Header, {});
    const lines = [...page.querySelectorAll(".gone .line p")].map((line) => line.textContent?.trim());
    expect(lines).toEqual(["All calls go to +49\u00a030\u00a0555001", "Calls that nobody answers go to 207"]);
    page.querySelector<HTMLButtonElement>('[aria-label="Stop this: Calls that nobody answers go to 207"]')?.click();
    await settle();
    expect(asked()).toEqual([{ account: "office", when: "no_answer", to: null }]);
    expect(document.activeElement).toBe(page.querySelector(".state"));
  });

  it("are not claimed while the agent or the phone system is away", async () => {
    await running(view({ accounts: [able({ forwarding: away })] }));
    const page = show(Header, {});
    bring("agent", { state: "gone", trouble: null });
    await settle();
    expect(page.querySelectorAll(".line")).toHaveLength(0);
    expect(page.querySelector('.gone[role="status"]')).not.toBeNull();
  });

  it("are shown also where they cannot be stopped from here, and nothing is offered", async () => {
    await running(view({ accounts: [account({ abilities: ["dial", "forwarding"], forwarding: away })] }));
    const page = show(Header, {});
    expect(page.querySelectorAll(".line")).toHaveLength(2);
    expect(page.querySelectorAll("button")).toHaveLength(0);
  });
});

describe("sending calls elsewhere", () => {
  it("takes a number by the keyboard alone and gives the keyboard back", async () => {
    const page = await setting();
    expect(document.activeElement).toBe(field(page));
    expect([...page.querySelectorAll("form option")].map((one) => one.textContent)).toEqual(["All calls", "Calls that nobody answers"]);
    type(field(page), " 207 ");
    await submit(page);
    expect(asked()).toEqual([{ account: "office", when: "always", to: "207", yes: false }]);
    expect(page.querySelector("form")).toBeNull();
    expect(document.activeElement).toBe(page.querySelector(".state"));
  });

  it("asks before a number that costs much, and says it only for what was asked", async () => {
    const offer = { choice: "1", dial: "09001", shown: "0900 1", why: "It costs.", country: "DE" };
    const refusal = { code: "policy_ask", text: "It asks.", remedy: null, detail: null, certificate_sha256: null, offers: [offer] };
    const page = await setting((intent, params) => {
      if (intent === "set_forwarding" && !params["yes"]) throw refusal as unknown as Trouble;
      return {};
    });
    type(field(page), "09001");
    await submit(page);
    expect(page.querySelector('[role="alertdialog"]')?.textContent).toContain("Forward calls to 0900 1?");
    // Another number is another question.
    type(field(page), "09002");
    await settle();
    expect(page.querySelector('[role="alertdialog"]')).toBeNull();
    await submit(page);
    button(page, "Forward them").click();
    await settle();
    expect(asked().at(-1)).toEqual({ account: "office", when: "always", to: "09002", yes: true });
  });

  it("tells why it cannot be, keeps what was typed, and ends with Escape", async () => {
    const refusal = { code: "refused_by_pbx", text: "No.", remedy: null, detail: "there is no such number", certificate_sha256: null };
    const page = await setting((intent) => {
      if (intent === "set_forwarding") throw refusal as unknown as Trouble;
      return {};
    });
    type(field(page), "555");
    await submit(page);
    expect(page.querySelector('[role="alert"]')?.textContent).toContain("there is no such number");
    expect(field(page).value).toBe("555");
    field(page).dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settle();
    expect(page.querySelector("form")).toBeNull();
  });
});
