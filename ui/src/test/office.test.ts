import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "../App.svelte";
import { dialling } from "../dial.svelte";
import { bring, sent } from "../mock";
import { account, asking, askable, call, colleagues, consultation } from "../mock.scenes";
import { parking } from "../parked.svelte";
import Calls from "../parts/Calls.svelte";
import { pairOf } from "../parts/pair";
import People from "../parts/People.svelte";
import SignIn from "../parts/SignIn.svelte";
import type { CallView, ParkedView, Person, Trouble } from "../types";
import { button, field, running, settle, show, type, view } from "./support";

const intents = () => sent.map((one) => one.intent).filter((intent) => !["attach", "get_view", "get_settings", "history", "take_text", "take_pairing", "missed_seen"].includes(intent));
const refused: Trouble = { code: "refused_by_pbx", text: "The PBX has refused it.", remedy: "The call goes on.", detail: null, certificate_sha256: null };

beforeEach(() => {
  parking.problem = null;
});
afterEach(() => dialling.clear());

/** Chooses Carla as the one that this call is handed on to. */
async function chooseCarla(page: HTMLElement) {
  bring("presence", { revision: 1, whole: true, part: 0, last: true, people: colleagues(20) });
  button(page, "Transfer").click();
  await settle();
  const input = page.querySelector<HTMLInputElement>("input");
  if (!input) throw new Error("no field");
  type(input, "carla");
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  flushSync();
}

async function calls(all: CallView[], answer: (intent: string) => unknown = () => ({})) {
  await running(view({ accounts: [asking()], calls: all }), answer);
  const page = show(Calls, {});
  await settle();
  return page;
}

describe("asking first", () => {
  it("sends one request in which the call waits, and neither holds nor dials by itself", async () => {
    const page = await calls([askable()]);
    await chooseCarla(page);
    button(page, "Ask first").click();
    button(page, "Ask first").click();
    await settle();
    expect(intents()).toEqual(["transfer"]);
    expect(sent.at(-1)?.params).toEqual({ call: "office/c1", to_number: "207", ask: true });
  });

  it("says why it cannot be done while the call is on hold", async () => {
    const page = await calls([askable({ state: "held", can: ["hang_up", "resume", "transfer"] })]);
    await chooseCarla(page);
    expect(button(page, "Ask first").disabled).toBe(true);
    expect(page.textContent).toContain("once this call is taken back");
    expect(button(page, "Transfer now").disabled).toBe(false);
  });

  it("shows which call waits, connects both and goes back by ending the other one", async () => {
    const page = await calls(consultation(true));
    const [carla, mara] = [...page.querySelectorAll<HTMLElement>(".card")];
    expect(carla?.textContent).toContain("Carla Muster");
    expect(mara?.textContent).toContain("Waits");
    expect(mara?.classList.contains("waits")).toBe(true);
    expect(page.querySelector('[role="group"]')?.getAttribute("aria-label")).toBe("Mara Beispiel waits while you speak with Carla Muster.");
    // What the phone system refuses during a consultation is not offered.
    expect([...page.querySelectorAll("button")].map((one) => one.getAttribute("aria-label") ?? one.textContent?.trim())).toEqual([
      "Keys", "Hang up", "Hang up on Mara Beispiel", "Connect both", "Back to Mara Beispiel",
    ]);
    button(page, "Connect both").click();
    await settle();
    expect(sent.at(-1)).toEqual({ intent: "transfer", params: { call: "office/c1", to_call: "office/c3" } });
    button(page, "Back to Mara").click();
    await settle();
    expect(sent.at(-1)).toEqual({ intent: "hang_up", params: { call: "office/c3" } });
  });

  it("can be given up while the other one still rings, but joins nothing yet", async () => {
    const page = await calls(consultation(false));
    expect(button(page, "Connect both").disabled).toBe(true);
    expect(page.textContent).toContain("Both can be connected once Carla Muster has answered.");
    button(page, "Back to Mara").click();
    await settle();
    expect(intents()).toEqual(["hang_up"]);
  });

  it("says so when the waiting call does not come back, and not before it has had its time", async () => {
    const page = await calls(consultation(true));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const held = askable({ state: "held", can: ["hang_up"] });
    bring("view", view({ revision: 9, accounts: [asking()], calls: [held] }));
    flushSync();
    expect(page.querySelector('.card [role="alert"]')).toBeNull();
    vi.advanceTimersByTime(2100);
    flushSync();
    expect(page.querySelector('.card [role="alert"]')?.textContent).toContain("Take the call back on the phone");
    bring("view", view({ revision: 10, accounts: [asking()], calls: [askable()] }));
    flushSync();
    expect(page.querySelector('.card [role="alert"]')).toBeNull();
    vi.useRealTimers();
  });

  it("draws the pair that the agent tells, and guesses none", () => {
    const [carla, mara] = consultation(true) as [CallView, CallView];
    expect(pairOf([carla, mara])).toMatchObject({ asked: true, ready: true, waits: { id: mara.id }, other: { id: carla.id } });
    const third = call({ id: "office/c9", state: "ringing", can: [] });
    expect(pairOf([third, carla, mara])).toMatchObject({ asked: true, waits: { id: mara.id } });
    // We hold it: it is resumed, and ending the other one would not bring it back.
    const joinable = (one: CallView): CallView => ({ ...one, related: one.related && { ...one.related, how: "joinable" } });
    expect(pairOf([joinable(carla), joinable(mara)])).toMatchObject({ asked: false, ready: true });
    const alone = ({ related: _, ...one }: CallView): CallView => one;
    expect(pairOf([alone(carla), alone(mara)])).toBeNull();
    expect(pairOf([{ ...carla, stale: true }, { ...mara, stale: true, can: [] }])).toBeNull();
    expect(pairOf([mara])).toBeNull();
  });

  it("presses nothing that has just moved up under the pointer", async () => {
    const page = await calls(consultation(true));
    const press = () => {
      const [last] = [...page.querySelectorAll<HTMLButtonElement>(".card button")].slice(-1);
      last?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 }));
    };
    bring("view", view({ revision: 9, accounts: [asking()], calls: [askable({ state: "held", can: ["hang_up"] })] }));
    flushSync();
    press();
    await settle();
    expect(intents()).toEqual([]);
    await new Promise((resume) => setTimeout(resume, 450));
    press();
    await settle();
    expect(intents()).toEqual(["hang_up"]);
  });

  it("tells what failed when the calls are over meanwhile", async () => {
    const page = await calls([askable()], (intent) => {
      if (intent !== "transfer") return {};
      bring("view", view({ revision: 9, accounts: [asking()], calls: [] }));
      throw refused;
    });
    await chooseCarla(page);
    button(page, "Transfer now").click();
    await settle();
    expect(page.querySelector(".card")).toBeNull();
    expect(page.querySelector('[role="alert"]')?.textContent).toContain("The PBX has refused it.");
  });
});

describe("parking", () => {
  const waiting = (part: Partial<ParkedView> = {}): ParkedView => ({
    id: "office/c1",
    account: "office",
    place: "71",
    who: { number: "+4930555001", name: "Mara Beispiel" },
    since: new Date().toISOString(),
    unknown_since: null,
    ...part,
  });
  async function parked(...all: ParkedView[]) {
    await running(view({ accounts: [asking()], parked: all }), (intent) => {
      if (intent === "get_settings") throw refused;
      return intent === "history" ? { calls: [] } : intent === "numbers" ? { candidates: [] } : {};
    });
    const page = show(App, {});
    await settle();
    return page;
  }
  const line = (page: HTMLElement) => page.querySelector<HTMLElement>(".parked .line");

  it("says where the call waits, also in a window that was opened later, and fetches that call once", async () => {
    const page = await parked(waiting());
    expect(line(page)?.textContent).toMatch(/Parked at 71\. Dial 71 to fetch the call\..*Mara Beispiel, /s);
    button(page, "Dial 71").click();
    button(page, "Dial 71").click();
    await settle();
    // Not the number: a dial plan would make another one of it, and somebody else may wait there by then.
    expect(sent.filter((one) => one.intent === "dial")).toEqual([]);
    expect(sent.filter((one) => one.intent === "fetch_parked").map((one) => one.params)).toEqual([{ id: "office/c1" }]);
    expect(line(page)).not.toBeNull();
    bring("view", view({ revision: 9, accounts: [asking()] }));
    flushSync();
    expect(line(page)).toBeNull();
  });

  it("says since when nobody knows whether it still waits", async () => {
    const page = await parked(waiting({ unknown_since: new Date().toISOString() }));
    expect(line(page)?.textContent).toContain("nobody knows whether it still waits");
    expect(line(page)?.textContent).not.toContain("Dial 71");
    expect(() => button(page, "Dial")).toThrow();
  });

  it("says why the call could not be fetched, and nothing when it was closed elsewhere already", async () => {
    const page = await parked(waiting());
    await running(view({ revision: 2, accounts: [asking()], parked: [waiting()] }), (intent) => {
      if (intent === "fetch_parked") throw { ...refused, code: "no_such_call", text: "There is no such call, or it is over." };
      if (intent === "dismiss_parked") throw { ...refused, code: "no_such_call" };
      return {};
    });
    button(page, "Dial 71").click();
    await settle();
    expect(page.querySelector('.parked [role="alert"]')?.textContent).toContain("no such call");
    button(line(page) ?? page, "Close").click();
    await settle();
    expect(page.querySelector('.parked [role="alert"]')).toBeNull();
  });

  it("is closed for everybody, and invents no place", async () => {
    const page = await parked(waiting({ place: null }));
    expect(line(page)?.textContent).toContain("has not said at which number");
    expect(() => button(page, "Dial")).toThrow();
    button(line(page) ?? page, "Close").click();
    await settle();
    expect(sent.at(-1)).toEqual({ intent: "dismiss_parked", params: { parked: "office/c1" } });
  });

  it("tells on the card why it did not work", async () => {
    const page = await calls([askable()], (intent) => {
      if (intent === "park") throw refused;
      return {};
    });
    button(page, "Park").click();
    await settle();
    expect(page.querySelector('.card [role="alert"]')?.textContent).toContain("The PBX has refused it.");
  });

  it("is offered only where the phone system can", async () => {
    await running(view({ calls: [call()] }));
    const page = show(Calls, {});
    await settle();
    expect(() => button(page, "Park")).toThrow();
  });
});

describe("a colleague whose phone rings", () => {
  async function people(accounts = [asking()], answer: (intent: string) => unknown = () => ({})) {
    await running(view({ accounts }), answer);
    const [ann, bob] = colleagues(2) as [Person, Person];
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: [ann, { ...bob, presence: "ringing", dnd: false }] });
    return show(People, {});
  }
  const take = (page: HTMLElement) => [...page.querySelectorAll<HTMLButtonElement>(".take")];

  it("can be helped out, once, by the account that shows them", async () => {
    const page = await people();
    expect(take(page).map((one) => one.getAttribute("aria-label"))).toEqual(["Take the call that rings at Bob Sample"]);
    take(page)[0]?.click();
    take(page)[0]?.click();
    await settle();
    expect(sent.filter((one) => one.intent === "pick_up").map((one) => one.params)).toEqual([{ from: "206", account: "office" }]);
  });

  it("is taken by Shift and Enter, and called by Enter alone as always", async () => {
    const page = await people();
    const grid = page.querySelector('[role="grid"]');
    const press = (key: string, shiftKey = false) => grid?.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true }));
    press("Enter", true);
    press("ArrowDown");
    press("Enter", true);
    await settle();
    press("Enter");
    await settle();
    expect(intents()).toEqual(["pick_up", "dial"]);
  });

  it("is offered neither where the phone system cannot nor while the account is offline", async () => {
    expect(take(await people([account()]))).toEqual([]);
    expect(take(await people([asking({ link: "waiting" })]))).toEqual([]);
  });

  it("is told about when somebody else was faster", async () => {
    const page = await people([asking()], (intent) => {
      if (intent === "pick_up") throw refused;
      return {};
    });
    take(page)[0]?.click();
    await settle();
    expect(dialling.problem?.text).toBe(refused.text);
  });
});

describe("the sign-in of a kind whose users are no extensions", () => {
  async function form() {
    await running(view({ accounts: [] }), () => ({ account: null }));
    const page = show(SignIn, { first: true });
    const kind = page.querySelector<HTMLSelectElement>("select");
    if (!kind) throw new Error("no choice of kinds");
    expect(page.querySelector('input[id$="-extension"]')).toBeNull();
    kind.value = "asterisk";
    kind.dispatchEvent(new Event("change", { bubbles: true }));
    flushSync();
    return page;
  }
  const submit = (page: HTMLElement) => page.querySelector("form")?.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
  const added = () => sent.filter((one) => one.intent === "add_account").map((one) => one.params);

  it("asks for the extension by itself and sends it as a key", async () => {
    const page = await form();
    expect(page.textContent).toContain("Manager account");
    expect(page.textContent).toContain("manager.conf");
    type(field(page, "url"), "pbx.example.com:5039");
    type(field(page, "user"), "trayphone");
    field(page, "password").value = "Sample-Pw9";
    submit(page);
    await settle();
    expect(added()).toEqual([]);
    expect(document.activeElement).toBe(field(page, "extension"));
    type(field(page, "extension"), "20x");
    submit(page);
    await settle();
    expect(page.textContent).toContain("An extension has up to 20 digits");
    type(field(page, "extension"), "204");
    submit(page);
    await settle();
    expect(added()).toMatchObject([{ kind: "asterisk", url: "amis://pbx.example.com:5039", user: "trayphone", domain: null, keys: { extension: "204" } }]);
  });

  it("takes the digits at the end of the user name for it, and says how addresses begin", async () => {
    const page = await form();
    type(field(page, "url"), "https://pbx.example.com");
    type(field(page, "user"), "phone-204");
    field(page, "password").value = "Sample-Pw9";
    submit(page);
    await settle();
    expect(page.textContent).toContain("Here an address begins with amis://");
    type(field(page, "url"), "amis://pbx.example.com:5039");
    submit(page);
    await settle();
    expect(added()).toMatchObject([{ keys: { extension: "204" } }]);
  });
});
