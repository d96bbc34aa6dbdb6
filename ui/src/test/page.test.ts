import { flushSync } from "svelte";
import { describe, expect, it, vi } from "vitest";
import App from "../App.svelte";
import { dialling } from "../dial.svelte";
import { bring, sent } from "../mock";
import { account, call, colleagues, offer } from "../mock.scenes";
import Calls from "../parts/Calls.svelte";
import CallCard from "../parts/CallCard.svelte";
import History from "../parts/History.svelte";
import People from "../parts/People.svelte";
import type { Trouble } from "../types";
import { button, field, running, settle, show, type, view } from "./support";

const hostile = '<img src=x onerror="globalThis.hit = true"><b>Mara</b>';
const intents = () => sent.map((one) => one.intent).filter((intent) => !["attach", "get_view", "get_settings", "history"].includes(intent));

describe("a call card", () => {
  it("shows names from the network as text", async () => {
    const one = call({ remote: { number: "1", name: hostile }, via: { number: null, name: hostile } });
    await running(view({ calls: [one] }));
    const card = show(CallCard, { call: one });
    expect(card.textContent).toContain(hostile);
    expect(card.querySelector("img, b")).toBeNull();
  });

  it("answers once, however often it is pressed, and declines at the other end", async () => {
    const one = call({ state: "ringing", connected_at: null, can: ["answer", "hang_up"] });
    await running(view({ calls: [one] }));
    const card = show(CallCard, { call: one });
    const [first, last] = [...card.querySelectorAll("button")];
    expect([first?.textContent?.trim(), last?.textContent?.trim()]).toEqual(["Answer", "Decline"]);
    first?.click();
    first?.click();
    flushSync();
    expect(last?.disabled).toBe(true);
    await settle();
    expect(intents()).toEqual(["answer"]);
  });

  it("does not take the second press on Answer for one on Hold", async () => {
    const ringing = call({ state: "ringing", connected_at: null, can: ["answer", "hang_up"] });
    await running(view({ calls: [ringing] }));
    const page = show(Calls, {});
    await settle();
    button(page, "Answer").click();
    bring("view", view({ revision: 9, calls: [call()] }));
    await settle();
    button(page, "Hold").click();
    await settle();
    expect(intents()).toEqual(["answer"]);
  });

  it("does nothing while its state is unknown, and says why", async () => {
    const one = call({ stale: true, can: [] });
    await running(view({ calls: [one] }));
    const card = show(CallCard, { call: one });
    expect([...card.querySelectorAll("button")].every((one) => one.disabled)).toBe(true);
    expect(card.textContent).toContain("Unknown since");
    expect(card.querySelector(".hatched")).not.toBeNull();
  });

  it("offers no Answer where the phone cannot be answered from here", async () => {
    const one = call({ state: "ringing", connected_at: null, can: ["hang_up"] });
    await running(view({ accounts: [account({ abilities: ["dial", "hang_up"] })], calls: [one] }));
    const card = show(CallCard, { call: one });
    expect([...card.querySelectorAll("button")].map((one) => one.textContent?.trim())).toEqual(["Decline"]);
    expect(card.textContent).toContain("Lift the handset");
  });

  it("sends a call that rings on, where that can be done, and asks nobody about it", async () => {
    const one = call({ state: "ringing", connected_at: null, can: ["answer", "hang_up", "transfer"] });
    await running(view({ accounts: [account({ abilities: ["dial", "answer", "hang_up", "transfer_blind", "transfer_attended", "consult", "deflect"] })], calls: [one] }));
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: colleagues(20) });
    const card = show(CallCard, { call: one });
    expect([...card.querySelectorAll("button")].map((one) => one.textContent?.trim())).toEqual(["Answer", "Transfer", "Decline"]);
    button(card, "Transfer").click();
    await settle();
    const input = card.querySelector<HTMLInputElement>("input");
    if (!input) throw new Error("no field");
    type(input, "carla");
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    flushSync();
    expect(card.textContent).not.toMatch(/Ask first|Speak first/);
    button(card, "Transfer now").click();
    await settle();
    expect(sent.at(-1)).toMatchObject({ intent: "transfer", params: { call: one.id, to_number: "207" } });
  });

  it("transfers to a chosen person, at once or after speaking", async () => {
    const one = call();
    await running(view({ calls: [one] }));
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: colleagues(20) });
    const card = show(CallCard, { call: one });
    const choose = async () => {
      button(card, "Transfer").click();
      await settle();
      const field = card.querySelector<HTMLInputElement>("input");
      if (!field) throw new Error("no field");
      type(field, "carla");
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
      flushSync();
    };
    await choose();
    button(card, "Transfer now").click();
    await settle();
    expect(sent.at(-1)).toMatchObject({ intent: "transfer", params: { call: one.id, to_number: "207" } });
    await choose();
    button(card, "Speak first").click();
    await settle();
    expect(intents().slice(1)).toEqual(["hold", "dial"]);
  });
});

describe("speaking first", () => {
  const refused: Trouble = { code: "offline", text: "Not connected to the PBX.", remedy: "Nothing was dialled.", detail: null, certificate_sha256: null };
  const held = call({ state: "held", can: ["hang_up", "resume", "transfer"] });

  /** Chooses somebody to speak to before the call is handed on. */
  async function speakFirst(answer: (intent: string) => unknown) {
    await running(view({ calls: [call()] }), (intent) => {
      if (intent === "hold") bring("view", view({ revision: 20, calls: [held] }));
      return answer(intent);
    });
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: colleagues(20) });
    const page = show(Calls, {});
    await settle();
    button(page, "Transfer").click();
    await settle();
    const field = page.querySelector<HTMLInputElement>("input");
    if (!field) throw new Error("no field");
    type(field, "carla");
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    flushSync();
    button(page, "Speak first").click();
    await settle();
    await settle();
    return page;
  }

  it("says that the first call still waits when the second one fails, and offers the way back", async () => {
    const page = await speakFirst((intent) => {
      if (intent === "dial") throw refused;
      return {};
    });
    const said = page.querySelector('.card [role="alert"]');
    expect(said?.textContent).toContain("Mara Beispiel is still on hold");
    const back = button(page, "Resume");
    expect(back.disabled).toBe(false);
    expect(back.classList.contains("main")).toBe(true);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 1000);
    back.click();
    await settle();
    expect(intents().slice(-3)).toEqual(["hold", "dial", "resume"]);
    bring("view", view({ revision: 30, calls: [call()] }));
    await settle();
    expect(page.querySelector('.card [role="alert"]')).toBeNull();
    dialling.clear();
  });

  it("says so too when the other person's call is over, and not while it is there", async () => {
    const page = await speakFirst((intent) => {
      const consulted = call({ id: "office/c2", direction: "outgoing", remote: { number: "207", name: "Carla Muster" } });
      if (intent === "dial") bring("view", view({ revision: 21, calls: [consulted, held] }));
      return {};
    });
    expect(page.querySelector('.card [role="alert"]')).toBeNull();
    bring("view", view({ revision: 22, calls: [held] }));
    await settle();
    expect(page.querySelector('.card [role="alert"]')?.textContent).toContain("still on hold");
  });
});

describe("the list of people", () => {
  it("draws only the rows in sight of ten thousand", async () => {
    await running(view());
    const people = colleagues(10_000);
    for (let at = 0; at < people.length; at += 500)
      bring("presence", { revision: 1, whole: true, part: at / 500, last: at + 500 === people.length, people: people.slice(at, at + 500) });
    const page = show(People, {});
    const rows = page.querySelectorAll('[role="row"]');
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.length).toBeLessThan(60);
    expect(page.querySelector('[role="grid"]')?.getAttribute("aria-rowcount")).toBe("10000");
  });

  it("dials nobody while the account is offline", async () => {
    await running(view({ accounts: [account({ link: "waiting" })] }));
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: colleagues(3) });
    const page = show(People, {});
    expect([...page.querySelectorAll("button")].every((one) => one.disabled)).toBe(true);
    page.querySelector('[role="grid"]')?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await settle();
    expect(intents()).toEqual([]);
  });
});

describe("the history", () => {
  it("tells of every call which way it went and how it ended", async () => {
    const past = { account: "office", remote: { number: "+4930555001", name: "Mara Beispiel" }, started_at: "2026-11-20T08:00:00Z" };
    const missed = { ...past, id: "office/1", direction: "incoming", outcome: "missed", connected_at: null, ended_at: null, source: "both" };
    await running(view(), (intent) => (intent === "history" ? { calls: [missed, { ...missed, id: "office/2", direction: "outgoing", outcome: "not_reached" }] } : {}));
    const page = show(History, { hotkey: null });
    await settle();
    const rows = [...page.querySelectorAll("li")];
    expect(rows.map((row) => row.querySelector('[role="img"]')?.getAttribute("aria-label"))).toEqual(["Incoming", "Outgoing"]);
    expect(rows.map((row) => row.textContent?.includes("missed"))).toEqual([true, false]);
    expect(rows[1]?.textContent).toContain("not reached");
  });
});

describe("the page", () => {
  const ask: Trouble = { code: "policy_ask", text: "This number rings only after a yes.", remedy: null, detail: null, certificate_sha256: null };

  async function opened(shown = view(), answer: (intent: string, params: Record<string, unknown>) => unknown = plain) {
    await running(shown, answer);
    const page = show(App, {});
    bring("agent", { state: "gone", trouble: null });
    bring("agent", { state: "running", version: "0.1.0", restart_needed: false });
    await settle();
    return page;
  }

  const plain = (intent: string) => 
    intent === "history" ? { calls: [] } : intent === "numbers" ? { candidates: [] } : intent === "get_settings" ? Promise.reject(ask) : {};

  it("dials what the first row means when Enter is pressed, once", async () => {
    const page = await opened();
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: colleagues(20) });
    const field = page.querySelector<HTMLInputElement>('[role="combobox"]');
    if (!field) throw new Error("no field");
    type(field, "030 555001");
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await settle();
    expect(sent.filter((one) => one.intent === "dial")).toEqual([
      { intent: "dial", params: { text: "030 555001", account: "office" } },
    ]);
    expect(field.value).toBe("");
  });

  it("asks before it calls what the policy doubts, and not twice", async () => {
    const page = await opened(view(), (intent, params) => {
      if (intent === "dial" && !params["to"]) throw { ...ask, offers: [offer({ shown: "0900 123456", dial: "00900123456", kind: "premium" })] };
      return plain(intent);
    });
    const field = page.querySelector<HTMLInputElement>('[role="combobox"]');
    if (!field) throw new Error("no field");
    type(field, "0900 123456");
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await settle();
    expect(page.textContent).toContain("Really call 0900 123456?");
    // Whoever presses twice by habit has not read the question.
    button(page, "Call it").click();
    await settle();
    expect(sent.filter((one) => one.intent === "dial")).toHaveLength(1);
    await new Promise((resume) => setTimeout(resume, 320));
    button(page, "Call it").click();
    await settle();
    expect(sent.filter((one) => one.intent === "dial").map((one) => one.params)).toEqual([
      { text: "0900 123456", account: "office" },
      { text: "0900 123456", account: "office", to: "00900123456" },
    ]);
    dialling.clear();
  });

  it("opens the first run by itself when there is no account", async () => {
    const page = await opened(view({ accounts: [] }));
    expect(page.querySelector("h1")?.textContent).toBe("Sign in to your phone system");
  });

  it("keeps the first run, what was typed and why it failed while an account is tried", async () => {
    let refuse: (trouble: Trouble) => void = () => undefined;
    await running(view({ accounts: [] }), (intent) =>
      intent === "add_account" ? new Promise((_, reject) => (refuse = reject)) : { account: null },
    );
    const page = show(App, {});
    await settle();
    type(field(page, "url"), "pbx.example");
    type(field(page, "user"), "204");
    field(page, "password").value = "Sample-Pw9";
    page.querySelector("form")?.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
    await settle();
    // The agent shows the account while it tries it, and takes it back.
    bring("view", view({ revision: 2, accounts: [account({ name: "pbx", link: "opening" })] }));
    await settle();
    expect(page.querySelector("form")?.getAttribute("aria-busy")).toBe("true");
    refuse({ code: "credentials_refused", text: "Refused.", remedy: null, detail: null, certificate_sha256: null });
    await settle();
    bring("view", view({ revision: 3, accounts: [] }));
    await settle();

    expect(field(page, "url").value).toBe("pbx.example");
    expect(page.querySelector(`[role="alert"]`)?.textContent).toContain("Refused.");
    // Somebody else adds one of that name: that is another matter.
    bring("view", view({ revision: 4, accounts: [account({ name: "pbx" })] }));
    await settle();
    expect(page.querySelector('input[type="password"]')).toBeNull();
  });

  it("says that Trayphone does not run, and starts it", async () => {
    const page = await opened(view({ calls: [call()] }));
    bring("agent", { state: "gone", trouble: null });
    await settle();
    expect(page.querySelector('[role="alert"]')?.textContent).toContain("Trayphone is not running.");
    expect(page.querySelector(".card.hatched")).not.toBeNull();
    button(page, "Start it").click();
    await settle();
    expect(sent.at(-1)?.intent).toBe("start_agent");
  });

  it("lets a ringing call wait while the pointer moves, and shows a strip", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const page = await opened();
    vi.advanceTimersByTime(1000);
    globalThis.dispatchEvent(new Event("pointermove"));
    bring("view", view({ revision: 5, calls: [call({ state: "ringing", connected_at: null, can: ["answer", "hang_up"] })] }));
    await settle();
    expect(page.querySelector(".card")).toBeNull();
    expect(page.querySelector(".strip")?.textContent).toContain("Mara Beispiel is calling");
    vi.advanceTimersByTime(400);
    await settle();
    expect(page.querySelector(".card")).not.toBeNull();
    expect(page.querySelector(".strip")).toBeNull();
    vi.useRealTimers();
  });

  it("closes with Escape, but empties the field first", async () => {
    const page = await opened();
    const field = page.querySelector<HTMLInputElement>('[role="combobox"]');
    if (!field) throw new Error("no field");
    const escape = () => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
    type(field, "ann");
    escape();
    flushSync();
    expect(field.value).toBe("");
    expect(intents()).not.toContain("close_window");
    escape();
    await settle();
    expect(intents()).toContain("close_window");
  });
});
