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
  return open();
}

async function open(): Promise<HTMLElement> {
  const page = show(Header, {});
  page.querySelector<HTMLButtonElement>(".state")?.click();
  await settle();
  button(page, "Forward calls").click();
  await settle();
  return page;
}

/** A phone system behind an agent that asks first. */
function costly(intent: string, params: Record<string, unknown>): unknown {
  const offer = { choice: "1", dial: "009001", shown: "0900 1", why: "It costs.", country: "DE" };
  const refusal = { code: "policy_ask", text: "It asks.", remedy: null, detail: null, certificate_sha256: null, offers: [offer] };
  if (intent === "set_forwarding" && !params["yes"] && params["choice"] !== "1") throw refusal as unknown as Trouble;
  return {};
}

const asks = (page: HTMLElement) => page.querySelector('[role="alertdialog"]');
/** Longer than what has just appeared takes no press. */
const later = () => new Promise((resume) => setTimeout(resume, 320));
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
    for (const link of ["waiting", "opening", "signed_out"] as const) {
      await running(view({ accounts: [able({ link, forwarding: away })] }));
      expect(show(Header, {}).querySelectorAll(".line")).toHaveLength(0);
    }
  });

  it("are said to be unknown where the phone system could tell and does not", async () => {
    await running(view({ accounts: [able({ forwarding: null }), account({ name: "home", forwarding: null })] }));
    const page = show(Header, {});
    const lines = [...page.querySelectorAll(".gone .line p")].map((line) => line.textContent?.trim());
    expect(lines).toEqual(["office: Where your calls go is not known at the moment"]);
    bring("agent", { state: "gone", trouble: null });
    await settle();
    expect(page.querySelectorAll(".line")).toHaveLength(0);
  });

  it("keep the keyboard at the end that did not succeed", async () => {
    await running(view({ accounts: [able({ forwarding: away })] }), (intent) => {
      if (intent === "set_forwarding") throw { code: "refused_by_pbx", text: "No.", remedy: null, detail: null, certificate_sha256: null } as unknown as Trouble;
      return {};
    });
    const page = show(Header, {});
    const stop = page.querySelector<HTMLButtonElement>('[aria-label^="Stop this: Calls that"]');
    stop?.click();
    await settle();
    expect(page.querySelector('[role="alert"]')).not.toBeNull();
    expect(document.activeElement).toBe(stop);
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
    expect(asked()).toEqual([{ account: "office", when: "always", to: "207" }]);
    expect(page.querySelector("form")).toBeNull();
    expect(document.activeElement).toBe(page.querySelector(".state"));
  });

  it("asks before a number that costs much, and says it only for what was asked", async () => {
    const page = await setting(costly);
    type(field(page), "09001");
    await submit(page);
    for (const words of ["Forward calls to 0900 1?", "It costs.", "Will be dialled as 009001"]) expect(asks(page)?.textContent).toContain(words);
    // Another number is another question.
    type(field(page), "09002");
    await settle();
    expect(asks(page)).toBeNull();
    await submit(page);
    await later();
    button(page, "Forward them").click();
    await settle();
    expect(asked().at(-1)).toEqual({ account: "office", when: "always", to: "09002", choice: "1" });
  });

  it("takes no held key and no double press for the answer", async () => {
    const page = await setting(costly);
    type(field(page), "09001");
    await submit(page);
    const yes = button(page, "Forward them");
    expect(document.activeElement).toBe(yes);
    yes.click();
    await settle();
    expect(asked()).toHaveLength(1);
    await later();
    const held = new KeyboardEvent("keydown", { key: "Enter", repeat: true, bubbles: true, cancelable: true });
    yes.dispatchEvent(held);
    expect(held.defaultPrevented).toBe(true);
    yes.click();
    await settle();
    expect(asked()).toHaveLength(2);
  });

  it("asks afresh when other calls or another account are chosen", async () => {
    await running(view({ accounts: [able(), able({ name: "home" })] }), costly);
    const page = await open();
    type(field(page), "09001");
    for (const [name, value] of [["when", "no_answer"], ["account", "home"]] as const) {
      await submit(page);
      expect(asks(page)).not.toBeNull();
      const select = page.querySelector<HTMLSelectElement>(`select[id$="-${name}"]`) as HTMLSelectElement;
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      await settle();
      expect(asks(page)).toBeNull();
    }
    await submit(page);
    await later();
    button(page, "Forward them").click();
    await settle();
    expect(asked().at(-1)).toEqual({ account: "home", when: "no_answer", to: "09001", choice: "1" });
  });

  it("ends when its account goes, and forwards nothing of another one instead", async () => {
    const shown = view({ accounts: [able(), able({ name: "home" })] });
    await running(shown);
    const page = await open();
    type(field(page), "207");
    bring("view", { ...shown, revision: 2, accounts: [able({ link: "waiting", forwarding: null }), able({ name: "home" })] });
    await settle();
    expect(page.querySelector("form")).toBeNull();
    expect(document.activeElement).toBe(page.querySelector(".state"));
    bring("view", { ...shown, revision: 3 });
    await settle();
    expect(page.querySelector("form")).toBeNull();
  });

  it("leaves the keyboard where a person has gone meanwhile", async () => {
    const shown = view({ accounts: [able()] });
    await running(shown);
    const page = await open();
    const elsewhere = document.createElement("input");
    document.body.append(elsewhere);
    elsewhere.focus();
    bring("view", { ...shown, revision: 2, accounts: [able({ link: "waiting", forwarding: null })] });
    await settle();
    expect(page.querySelector("form")).toBeNull();
    expect(document.activeElement).toBe(elsewhere);
  });

  it("brings the keyboard back to what was begun when it is chosen again", async () => {
    const page = await setting();
    type(field(page), "20");
    page.querySelector<HTMLButtonElement>(".state")?.click();
    await settle();
    button(page, "Forward calls").click();
    await settle();
    expect(document.activeElement).toBe(field(page));
    expect(field(page).value).toBe("20");
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
