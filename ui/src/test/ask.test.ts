import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import policy from "../../../src-tauri/crates/core/src/number/policy.rs?raw";
import { bring, reset, sent } from "../mock";
import { offer } from "../mock.scenes";
import Ask from "../parts/Ask.svelte";
import { LINK_ASKS } from "../parts/asking.svelte";
import type { Question, Trouble } from "../types";
import { button, settle, show } from "./support";

const one = offer({ shown: "+49 30 555001", dial: "0030555001", account: "office", trust: true, remember: "+4930555001", why: "A link wants to call this number." });
const several = [offer({ shown: "030 555001", dial: "0030555001" }), offer({ shown: "0664 1234567", dial: "00436641234567", country: "AT" })];
const asks = (part: Partial<Question> = {}): Question => ({ id: "a", by: "link", offers: [one], late: false, replaces: false, seconds: 60, alone: false, ...part });
const answers = () => sent.filter((request) => request.intent === "answer_question").map((request) => request.params);
const closed = () => sent.some((request) => request.intent === "close_question");
const last = (intent: string) => sent.filter((request) => request.intent === intent).at(-1)?.params;

let question: Question | null = null;
let answer: () => unknown = () => ({});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date", "performance", "requestAnimationFrame"] });
  question = asks();
  answer = () => ({});
  reset((intent) => {
    if (intent === "question") return { question };
    return intent === "answer_question" ? answer() : {};
  });
});
afterEach(() => vi.useRealTimers());

/** The small window with its question on the screen; `ms` later. */
async function opened(ms = 1100) {
  const page = show(Ask, {});
  await settle();
  bring("agent", { state: "running", version: "0.1.0", restart_needed: false });
  await settle();
  await pass(ms);
  return page;
}

async function pass(ms: number) {
  vi.advanceTimersByTime(ms);
  await settle();
  flushSync();
}

async function press(key: string, part: KeyboardEventInit = {}) {
  const at = document.activeElement ?? document.body;
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...part });
  if (at.dispatchEvent(event) && key === "Enter" && at instanceof HTMLButtonElement) at.click();
  await settle();
}

describe("the small window", () => {
  it("shows the number as it will be dialled, its country, the account, and no button chosen beforehand", async () => {
    const page = await opened();
    expect(page.textContent).toContain("A link wants to call this number");
    expect(page.textContent).toContain("+49 30 555001");
    expect(page.textContent).toContain("Germany");
    expect(page.textContent).toContain("Will be dialled as 0030555001");
    expect(page.textContent).toContain("Calls by office");
    const dialog = page.querySelector('[role="alertdialog"]');
    expect(document.activeElement).toBe(dialog);
    for (const name of ["aria-labelledby", "aria-describedby"]) {
      expect(page.querySelector(`#${dialog?.getAttribute(name)}`)?.textContent?.trim()).toBeTruthy();
    }
    expect(page.querySelectorAll("button")[0]?.textContent?.trim()).toBe("Not now");
    expect(last("question_drawn")).toMatchObject({ id: "a", expected: false, title: "Trayphone: call a number?" });
    for (const key of ["Enter", " ", "y", "j"]) await press(key);
    expect(answers()).toEqual([]);
  });

  it("says why it asks, unless that is only that a link does", async () => {
    expect(policy).toContain(LINK_ASKS);
    question = asks({ offers: [offer({ why: LINK_ASKS })], late: true });
    const page = await opened();
    expect(page.querySelector(".why")).toBeNull();
    expect(page.textContent).toContain("could not be called when the link was clicked");
    question = asks({ id: "b", offers: [offer({ why: "Calls to this number may cost much more than usual." })] });
    bring("asked", {});
    await settle();
    expect(page.querySelector(".why")?.textContent).toContain("may cost much more");
  });

  it("takes no press for a moment, then exactly one", async () => {
    const page = await opened(400);
    const call = button(page, "Call");
    call.click();
    await settle();
    expect(answers()).toEqual([]);
    await pass(1000);
    call.click();
    call.click();
    await settle();
    expect(answers()).toEqual([{ id: "a", choice: one.choice, always: false }]);
    expect(closed()).toBe(true);
  });

  it("does not stay dead where the toolkit gives its page no pictures", async () => {
    const late: (() => void)[] = [];
    const soon = globalThis.setTimeout;
    vi.stubGlobal("requestAnimationFrame", () => 0);
    vi.stubGlobal("setTimeout", (run: () => void, ms?: number) => (ms === 1500 ? late.push(run) : soon(run, ms)));
    const page = await opened();
    button(page, "Call").click();
    await settle();
    expect(answers()).toEqual([]);
    late.forEach((run) => run());
    await pass(1100);
    button(page, "Call").click();
    await settle();
    expect(answers()).toHaveLength(1);
    vi.unstubAllGlobals();
  });

  it("takes no key that was meant for another window", async () => {
    const page = await opened();
    button(page, "Call").focus();
    window.dispatchEvent(new Event("focus"));
    await press("Enter");
    await pass(700);
    await press("a");
    await press("Enter");
    expect(answers()).toEqual([]);
    await pass(700);
    await press("Enter", { repeat: true });
    expect(answers()).toEqual([]);
    await press("Enter");
    expect(answers()).toEqual([{ id: "a", choice: one.choice, always: false }]);
  });

  it("is a no by Escape and by its button, and remembers only when told", async () => {
    const page = await opened();
    await press("Escape");
    expect(answers()).toEqual([{ id: "a", choice: null, always: false }]);
    expect(closed()).toBe(true);
    question = asks({ id: "b" });
    bring("asked", {});
    await settle();
    await pass(1100);
    button(page, "Always call it").click();
    await settle();
    expect(answers().at(-1)).toEqual({ id: "b", choice: one.choice, always: true });
  });

  it("lets a newer question take the place of the older one, and no press meant for that", async () => {
    const page = await opened();
    button(page, "Call").focus();
    question = asks({ id: "b", replaces: true, offers: [offer({ shown: "+49 30 555002", dial: "0030555002" })] });
    bring("asked", {});
    await settle();
    expect(page.textContent).toContain("+49 30 555002");
    expect(page.textContent).toContain("nothing was called for it");
    expect(document.activeElement?.tagName).toBe("MAIN");
    button(page, "Call").click();
    await settle();
    expect(answers()).toEqual([]);
    await pass(1100);
    button(page, "Call").click();
    await settle();
    expect(answers()).toEqual([{ id: "b", choice: "0030555002", always: false }]);
  });

  it("chooses among several by arrows, none of them beforehand, with the keyboard that the user's own key asked for", async () => {
    question = asks({ by: "text", offers: several });
    const page = await opened();
    expect(last("question_drawn")).toMatchObject({ expected: true });
    await press("Enter");
    expect(answers()).toEqual([]);
    expect([...page.querySelectorAll("li button")].map((item) => item.getAttribute("tabindex"))).toEqual(["-1", "-1"]);
    await press("ArrowDown");
    await press("ArrowDown");
    expect(document.activeElement?.textContent).toContain("0664 1234567");
    await press("Enter");
    expect(answers()).toEqual([{ id: "a", choice: several[1]?.choice, always: false }]);
  });

  it("closes when its time is over, or says so where no notice can", async () => {
    await opened();
    await pass(60_000);
    expect(closed()).toBe(true);
    expect(answers()).toEqual([]);
    question = asks({ id: "b", alone: true });
    sent.length = 0;
    bring("asked", {});
    await settle();
    await pass(50_000);
    expect(document.body.textContent).toContain("10 s");
    await pass(11_000);
    expect(closed()).toBe(false);
    expect(document.body.textContent).toContain("Nobody answered the question within a minute.");
    expect([...document.querySelectorAll("button")].map((item) => item.textContent)).toEqual(["Close"]);
    await press("Escape");
    expect(closed()).toBe(true);
    expect(answers()).toEqual([]);
  });

  it("closes when the question is over elsewhere or the agent is gone", async () => {
    await opened();
    question = null;
    bring("asked", {});
    await settle();
    expect(closed()).toBe(true);
  });

  it("tells why nothing was dialled, and offers no second try", async () => {
    const offline: Trouble = { code: "offline", text: "office is offline.", remedy: "Try again later.", detail: null, certificate_sha256: null };
    answer = () => Promise.reject(offline);
    const page = await opened();
    button(page, "Call").click();
    await settle();
    expect(closed()).toBe(false);
    expect(page.textContent).toContain("office is offline.");
    expect([...page.querySelectorAll("button")].map((item) => item.textContent)).toEqual(["Close"]);
    // What the agent says now is about a question that is over.
    question = null;
    bring("asked", {});
    await settle();
    expect(page.textContent).toContain("office is offline.");
  });
});
