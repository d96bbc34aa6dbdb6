import { flushSync } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "../App.svelte";
import { dialling } from "../dial.svelte";
import { bring, sent } from "../mock";
import { call, candidate, colleagues, offer } from "../mock.scenes";
import CallCard from "../parts/CallCard.svelte";
import Settings from "../parts/Settings.svelte";
import { forecast, Preview } from "../preview.svelte";
import type { Candidate, SettingsReply, Trouble } from "../types";
import { button, running, settle, show, type, view } from "./support";

type Answer = (intent: string, params: Record<string, unknown>) => unknown;

const trouble = (code: Trouble["code"], part: Partial<Trouble> = {}): Trouble => ({
  code, text: "The agent's words.", remedy: null, detail: null, certificate_sha256: null, ...part,
});
const emergency = trouble("policy_refuse", { detail: "emergency" });
const several = [
  offer({ shown: "030 555001", dial: "0030555001" }),
  offer({ shown: "0664 1234567", dial: "00436641234567", country: "AT", extension: "101" }),
  offer({ shown: "207", dial: "207", kind: "extension", country: null }),
];
const intents = () => sent.map((one) => one.intent);
const dials = () => sent.filter((one) => one.intent.startsWith("dial"));
const plain: Answer = (intent) => {
  if (intent === "history") return { calls: [] };
  if (intent === "numbers") return { candidates: [] };
  if (intent === "take_text") return { text: null, account: null };
  return intent === "get_settings" ? Promise.reject(trouble("offline")) : {};
};
const later = (ms: number) => new Promise((resume) => setTimeout(resume, ms));
/** Longer than what has just appeared takes no press. */
const settled = () => later(320);

afterEach(() => dialling.clear());

/** The page with a field, on an agent that answers so; what is left out is answered plainly. */
async function opened(answer: Answer) {
  await running(view(), (intent, params) => answer(intent, params) ?? plain(intent, params));
  const page = show(App, {});
  bring("agent", { state: "gone", trouble: null });
  bring("agent", { state: "running", version: "0.1.0", restart_needed: false });
  await settle();
  const field = page.querySelector<HTMLInputElement>('[role="combobox"]');
  if (!field) throw new Error("no field");
  return { page, field };
}

/** Presses a key where the keyboard is. */
async function press(key: string, part: KeyboardEventInit = {}) {
  const at = document.activeElement ?? document.body;
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...part });
  // A browser makes a click of Enter on a button.
  if (at.dispatchEvent(event) && key === "Enter" && at instanceof HTMLButtonElement) at.click();
  await settle();
}

const heading = (page: HTMLElement) => page.querySelector(".asks .big, .emergency .big")?.textContent;

describe("what stands below the field", () => {
  it("belongs to the newest text, in whatever order the answers come", async () => {
    const answers = new Map<string, (found: { candidates: Candidate[] }) => void>();
    await running(view(), (intent, params) =>
      intent === "numbers" ? new Promise((resume) => answers.set(String(params["text"]), resume)) : plain(intent, params),
    );
    const preview = new Preview();
    preview.type("030", "office");
    await later(170);
    preview.type("030 555001", "office");
    expect(preview.heard).toBeNull();
    await later(170);
    answers.get("030 555001")?.({ candidates: [candidate()] });
    await settle();
    answers.get("030")?.({ candidates: [candidate({ shown: "wrong" })] });
    await settle();
    expect(preview.heard?.text).toBe("030 555001");
    expect(preview.heard?.candidates[0]?.shown).toBe("030 555001");
  });

  it("is asked for once the typing pauses, and only where a digit stands", async () => {
    const { page, field } = await opened((intent) => (intent === "numbers" ? { candidates: [candidate()] } : undefined));
    for (const text of ["0", "03", "030", "030 5"]) type(field, text);
    type(field, "ann");
    await later(170);
    expect(intents()).not.toContain("numbers");
    for (const text of ["030 5550", "030 55500", "030 555001"]) type(field, text);
    await later(170);
    await settle();
    expect(sent.filter((one) => one.intent === "numbers").map((one) => one.params)).toEqual([{ text: "030 555001", account: "office" }]);
    const told = page.querySelector('.told[role="status"]');
    expect(told?.getAttribute("aria-live")).toBe("polite");
    expect(told?.textContent).toContain("030 555001 · Germany");
    expect(told?.textContent).toContain("Will be dialled as 0030555001");
    type(field, "030 5550012");
    expect(page.querySelector(".told")?.textContent?.trim()).toBe("");
  });

  it("says what Enter would do", () => {
    const say = (part: Partial<Candidate>) => forecast("x1", [candidate(part)]);
    expect(say({ extension: "101" })).toEqual({ number: "030 555001 · Germany · then 101", then: "Will be dialled as 0030555001", tone: "plain" });
    expect(say({ kind: "premium", verdict: "ask", why: "It costs." })).toMatchObject({ then: "Asks first. It costs.", tone: "ask" });
    expect(say({ kind: "emergency", verdict: "refuse", shown: "112", country: null })).toMatchObject({ number: "112", then: "Emergency number. Asks for a second press." });
    expect(say({ verdict: "refuse", why: "Never." })).toMatchObject({ then: "Never.", tone: "refuse" });
    expect(forecast("x1", [candidate(), candidate()])).toMatchObject({ number: "2 numbers", tone: "ask" });
    const date = candidate({ kind: "not_a_number", dial: null, verdict: "refuse", why: "This looks like a date." });
    expect(forecast("20.11.2026", [date])).toMatchObject({ then: "This looks like a date." });
    expect(forecast("Room 4", [date])).toBeNull();
  });

  it.each(["history", "numbers"])("never changes what Enter means, when the %s comes late", async (late) => {
    const past = { id: "office/h1", account: "office", direction: "incoming", outcome: "answered", remote: { number: "+49301", name: "Room 4" }, started_at: "2026-11-20T08:00:00Z", connected_at: null, ended_at: null, source: "both" };
    const replies: Record<string, unknown> = { history: { calls: [past] }, numbers: { candidates: [candidate()] } };
    let come: () => void = () => undefined;
    const { page, field } = await opened((intent) =>
      intent === late ? new Promise((resume) => (come = () => resume(replies[intent]))) : replies[intent],
    );
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: [] });
    type(field, "Room 4 030 555001");
    await later(170);
    await settle();
    const chosen = () => page.querySelector('#find-rows [aria-selected="true"]')?.textContent;
    const before = chosen();
    expect(before).toContain(late === "history" ? "Call 030 555001" : "Room 4");
    come();
    await settle();
    expect(page.querySelectorAll("#find-rows li")).toHaveLength(2);
    expect(chosen()).toBe(before);
    field.focus();
    await press("Enter");
    expect(dials().map((one) => one.params)).toEqual([{ text: late === "history" ? "Room 4 030 555001" : "+49301", account: "office" }]);
  });
});

describe("a number that asks", () => {
  it("is dialled by Enter as it was shown, after a moment, and not by a key held down", async () => {
    const { page, field } = await opened((intent, params) => {
      if (intent === "dial" && !params["to"]) throw trouble("policy_ask", { offers: [offer({ shown: "0900 1 23", dial: "0090023", country: "DE", why: "It costs." })] });
      return undefined;
    });
    type(field, "0900 123");
    field.focus();
    await press("Enter");
    expect(heading(page)).toBe("Really call 0900 1 23?");
    const asks = page.querySelector(".asks");
    for (const words of ["Germany", "It costs.", "Will be dialled as 0090023"]) expect(asks?.textContent).toContain(words);
    expect(document.activeElement?.textContent).toContain("Call it");
    await press("Enter");
    await settled();
    await press("Enter", { repeat: true });
    expect(dials()).toHaveLength(1);
    await press("Enter");
    expect(dials().at(-1)?.params).toEqual({ text: "0900 123", account: "office", to: "0090023" });
    expect(field.value).toBe("");
    expect(document.activeElement).toBe(field);
  });

  it("is given up by Escape and by typing on, and the keyboard goes back", async () => {
    const { page, field } = await opened((intent) => {
      if (intent === "dial") throw trouble("policy_ask", { offers: [offer()] });
      return undefined;
    });
    type(field, "030 555001");
    field.focus();
    await press("Enter");
    await press("Escape");
    expect(heading(page)).toBeUndefined();
    expect(document.activeElement).toBe(field);
    expect(field.value).toBe("030 555001");
    await press("Enter");
    type(field, "030 5550012");
    await settle();
    expect(heading(page)).toBeUndefined();
    expect(intents()).not.toContain("close_window");
  });

  it("asks nobody who has typed on before the question came", async () => {
    let refuse: (trouble: Trouble) => void = () => undefined;
    const { page, field } = await opened((intent) => (intent === "dial" ? new Promise((_, reject) => (refuse = reject)) : undefined));
    type(field, "0900 123");
    field.focus();
    await press("Enter");
    type(field, "0900 1234");
    refuse(trouble("policy_ask", { offers: [offer()] }));
    await settle();
    expect(heading(page)).toBeUndefined();
    expect(document.activeElement).toBe(field);
  });
});

describe("several numbers", () => {
  const asksFirst: Answer = (intent, params) => {
    if (intent === "dial" && !params["to"]) throw trouble("several_numbers", { offers: several });
    return intent === "numbers" ? { candidates: [candidate(), candidate({ dial: "2" })] } : undefined;
  };
  const text = "030 555001 / 0664 1234567 / 207";

  it("are chosen by arrows and Enter, and exactly that one is dialled", async () => {
    const { page, field } = await opened(asksFirst);
    type(field, text);
    field.focus();
    await press("Enter");
    expect(heading(page)).toBe("There are 3 numbers. Which one?");
    const list = page.querySelector<HTMLElement>('.asks [role="listbox"]');
    expect(document.activeElement).toBe(list);
    const options = [...(list?.querySelectorAll('[role="option"]') ?? [])];
    expect(options.map((one) => one.getAttribute("aria-selected"))).toEqual(["true", "false", "false"]);
    expect(options[1]?.textContent).toContain("Austria · then 101");
    await settled();
    await press("ArrowUp");
    expect(list?.getAttribute("aria-activedescendant")).toBe(options[2]?.id);
    await press("ArrowDown");
    await press("ArrowDown");
    await press("Enter", { repeat: true });
    expect(dials()).toHaveLength(1);
    await press("Enter");
    expect(dials().at(-1)?.params).toEqual({ text, account: "office", to: "00436641234567;ext=101" });
    expect(dials()).toHaveLength(2);
  });

  it("are all left alone by Escape", async () => {
    const { page, field } = await opened(asksFirst);
    type(field, text);
    field.focus();
    await press("Enter");
    await settled();
    await press("Escape");
    expect(page.querySelector('.asks [role="listbox"]')).toBeNull();
    expect(dials()).toHaveLength(1);
    expect(intents()).not.toContain("close_window");
  });

  it("keep their line ends when they are pasted, because those tell them apart", async () => {
    const { field } = await opened(asksFirst);
    const lines = "030 555001\n0664 1234567";
    const data = new DataTransfer();
    data.setData("text/plain", lines);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    flushSync();
    expect(field.value).toBe("030 555001 0664 1234567");
    await later(170);
    await settle();
    field.focus();
    await press("Enter");
    expect(dials().map((one) => one.params)).toEqual([{ text: lines, account: "office" }]);
  });
});

describe("an emergency number", () => {
  const rings: Answer = (intent) => {
    if (intent === "dial") throw emergency;
    return intent === "prepare_emergency" ? { token: "once", number: "112", seconds: 15 } : undefined;
  };

  it("is dialled by a second press on its own button, once", async () => {
    const { page, field } = await opened(rings);
    type(field, "112");
    field.focus();
    await press("Enter");
    expect(heading(page)).toBe("Emergency number 112");
    expect(document.activeElement?.textContent).toContain("Call 112");
    expect(page.querySelector(".left")?.textContent).toBe("15 s");
    await press("Enter");
    await settled();
    await press("Enter", { repeat: true });
    expect(intents()).not.toContain("dial_emergency");
    const again = document.activeElement as HTMLButtonElement;
    again.click();
    again.click();
    await settle();
    expect(sent.filter((one) => one.intent === "prepare_emergency").map((one) => one.params)).toEqual([{ text: "112", account: "office" }]);
    expect(sent.filter((one) => one.intent === "dial_emergency").map((one) => one.params)).toEqual([{ token: "once" }]);
    expect(field.value).toBe("");
  });

  it("is given up by Escape and by typing on", async () => {
    const { page, field } = await opened(rings);
    for (const giveUp of [() => press("Escape"), async () => type(field, "1122")]) {
      type(field, "112");
      field.focus();
      await press("Enter");
      expect(heading(page)).toBe("Emergency number 112");
      await giveUp();
      await settle();
      expect(heading(page)).toBeUndefined();
    }
    expect(intents()).not.toContain("dial_emergency");
    expect(intents()).not.toContain("close_window");
  });

  it("says when the time for the second press is over, and dials nothing then", async () => {
    const { page, field } = await opened((intent, params) => (intent === "prepare_emergency" ? { token: "once", number: "112", seconds: 0.2 } : rings(intent, params)));
    type(field, "112");
    field.focus();
    await press("Enter");
    await vi.waitFor(() => expect(page.querySelector('[role="alert"]')?.textContent).toContain("112 was not dialled."));
    await settle();
    expect(page.querySelector(".emergency")).toBeNull();
    expect(document.activeElement).toBe(field);
    expect(intents()).not.toContain("dial_emergency");
  });

  it("says why it cannot be dialled here", async () => {
    const { page, field } = await opened((intent) => {
      if (intent === "dial" || intent === "prepare_emergency") throw emergency;
      return undefined;
    });
    type(field, "112");
    field.focus();
    await press("Enter");
    expect(page.querySelector('.problem[role="alert"]')?.textContent).toContain("this window may not dial it");
    expect(page.querySelector(".emergency")).toBeNull();
  });
});

describe("a text that another program brought", () => {
  const brings = (text: string, candidates: Candidate[]): Answer => {
    let waiting: string | null = text;
    return (intent) => {
      if (intent === "numbers") return { candidates };
      if (intent !== "take_text") return undefined;
      const taken = waiting;
      waiting = null;
      return { text: taken, account: "office" };
    };
  };

  it("is asked about and never dialled by itself, nor by Enter in the field", async () => {
    const { page, field } = await opened(brings("tel:+4930555001", [candidate({ text: "tel:+4930555001" })]));
    expect(field.value).toBe("tel:+4930555001");
    expect(document.activeElement).toBe(field);
    expect(heading(page)).toBe("Really call 030 555001?");
    await later(170);
    await settle();
    await press("Enter");
    expect(document.activeElement?.textContent).toContain("Call it");
    expect(dials()).toEqual([]);
    await settled();
    await press("Enter");
    expect(dials().map((one) => one.params)).toEqual([{ text: "tel:+4930555001", account: "office", to: "0030555001" }]);
  });

  it("is no name to search for: Enter in the field calls no colleague either", async () => {
    const internal = candidate({ text: "207", dial: "207", shown: "207", kind: "extension", country: null });
    const { page } = await opened(brings("207", [internal]));
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: colleagues(20) });
    await settle();
    expect([...page.querySelectorAll("#find-rows li")].map((row) => row.querySelector("b")?.textContent)).toEqual(["Call 207"]);
    await press("Enter");
    expect(dials()).toEqual([]);
    expect(heading(page)).toBe("Really call 207?");
  });

  it("comes at each showing, as it was, and offers neither codes nor emergency numbers", async () => {
    let text: string | null = null;
    const found = [candidate(), candidate({ kind: "feature_code", dial: "*21*1#" }), candidate({ kind: "emergency", dial: "112", verdict: "refuse" }), candidate({ dial: "207", shown: "207", kind: "extension" })];
    const { page, field } = await opened((intent) => (intent === "take_text" ? { text, account: null } : intent === "numbers" ? { candidates: found } : undefined));
    expect(field.value).toBe("");
    text = "030 555001\n207";
    bring("show", { view: "calls" });
    await settle();
    expect(field.value).toBe("030 555001 207");
    const options = [...page.querySelectorAll('.asks [role="option"] b')].map((one) => one.textContent);
    expect(options).toEqual(["030 555001", "207"]);
    expect(sent.filter((one) => one.intent === "numbers")[0]?.params).toEqual({ text: "030 555001\n207", account: "office" });
    expect(dials()).toEqual([]);
  });

  it("waits while an emergency number has its first press", async () => {
    let taken = 0;
    const { page, field } = await opened((intent) => {
      if (intent === "dial") throw emergency;
      if (intent === "take_text") taken += 1;
      return intent === "prepare_emergency" ? { token: "once", number: "112", seconds: 15 } : undefined;
    });
    type(field, "112");
    field.focus();
    await press("Enter");
    const before = taken;
    bring("show", { view: "calls" });
    await settle();
    expect(taken).toBe(before);
    expect(heading(page)).toBe("Emergency number 112");
    await press("Escape");
    expect(taken).toBe(before + 1);
  });
});

describe("digits for after the answer", () => {
  it("are shown from the start and sent by a press once somebody has answered", async () => {
    const one = call({ direction: "outgoing", state: "ringing", connected_at: null, can: ["hang_up"], post_dial: "101" });
    await running(view({ calls: [one] }));
    const card = show(CallCard, { call: one });
    expect(card.textContent).toContain("then 101");
    expect(card.textContent).not.toContain("Send 101");
    const answered = { ...one, state: "connected" as const, can: ["hang_up" as const, "dtmf" as const] };
    await running(view({ calls: [answered] }));
    const later = show(CallCard, { call: answered });
    await settled();
    button(later, "Send 101").click();
    await settle();
    expect(sent.filter((one) => one.intent === "dtmf").map((one) => one.params)).toEqual([{ call: one.id, digits: "101" }]);
    expect(later.textContent).toContain("Send 101 again");
  });
});

describe("the settings of links", () => {
  it("take a number out of those that do not ask, and can undo it", async () => {
    const desktop = { dial_hotkey: null, answer_hotkey: null, hang_up_hotkey: null, window_hotkey: null, copy_key: false, ask_links: true, always_dial: ["0030555001", "207"], window_warm_s: 60, names_when_locked: false, history_days: 90 };
    const now = (always_dial: string[]): SettingsReply => ({ desktop: { ...desktop, always_dial }, autostart: false, handler: {}, owners: {} });
    let kept = desktop.always_dial;
    await running(view(), (intent, params) => {
      if (intent === "set_settings") {
        const { forget_dial, always_dial } = params["desktop"] as { forget_dial?: string; always_dial?: string[] };
        kept = [...kept.filter((one) => one !== forget_dial), ...(always_dial ?? [])];
      }
      return intent.endsWith("_settings") ? now(kept) : { hotkeys: [], by_desktop: false };
    });
    const page = show(Settings, { settings: null });
    await settle();
    // Somebody pressed "Always call it" since the page was read, and that stays.
    kept = [...kept, "0030555002"];
    button(page.querySelector(".trusted") ?? page, "Ask again before 207").click();
    await settle();
    expect(kept).toEqual(["0030555001", "0030555002"]);
    button(page, "Undo").click();
    await settle();
    expect(kept).toEqual(["0030555001", "0030555002", "207"]);
  });
});
