import { describe, expect, it } from "vitest";
import { ask } from "../bridge";
import { bring, reset, sent } from "../mock";
import { account, call, colleagues } from "../mock.scenes";
import { Phone } from "../phone.svelte";
import type { View } from "../types";
import { settle, view } from "./support";

const runs = { state: "running", version: "0.1.0", restart_needed: false };

async function started(answer: (intent: string) => unknown = () => view()): Promise<Phone> {
  reset((intent) => answer(intent));
  const phone = new Phone();
  await phone.start();
  return phone;
}

describe("the picture", () => {
  it("is asked for only after the page listens", async () => {
    const phone = await started();
    expect(sent.map((one) => one.intent)).toEqual(["attach"]);
    bring("agent", runs);
    await settle();
    expect(sent.map((one) => one.intent)).toEqual(["attach", "get_view"]);
    expect(phone.view?.revision).toBe(1);
  });

  it("is never replaced by an older one", async () => {
    let answer: (view: View) => void = () => undefined;
    const phone = await started((intent) => (intent === "get_view" ? new Promise<View>((resume) => (answer = resume)) : {}));
    bring("agent", runs);
    bring("view", view({ revision: 7 }));
    answer(view({ revision: 5 }));
    await settle();
    expect(phone.view?.revision).toBe(7);
    bring("view", view({ revision: 6, missed: 3 }));
    expect(phone.view?.missed).toBe(0);
    bring("view", view({ revision: 8, missed: 3 }));
    expect(phone.view?.missed).toBe(3);
  });

  it("begins afresh with another agent, whose revisions are lower", async () => {
    const phone = await started((intent) => (intent === "get_view" ? view({ revision: 2 }) : {}));
    bring("agent", runs);
    await settle();
    bring("view", view({ revision: 900 }));
    bring("agent", { state: "gone", trouble: null });
    bring("agent", runs);
    bring("view", view({ revision: 1, missed: 4 }));
    expect(phone.view?.missed).toBe(4);
    await settle();
    expect(phone.view?.revision).toBe(2);
  });

  it("is unknown as soon as the agent is gone", async () => {
    const phone = await started((intent) => (intent === "get_view" ? view({ calls: [call()], accounts: [account({ dnd: true })] }) : {}));
    bring("agent", runs);
    bring("presence", { revision: 1, whole: true, part: 0, last: true, people: colleagues(3) });
    await settle();
    bring("agent", { state: "gone", trouble: null });
    expect(phone.calls[0]).toMatchObject({ stale: true, can: [] });
    expect(phone.accounts[0]).toMatchObject({ presence: "unknown", dnd: null });
    expect(phone.people.every((person) => person.presence === "unknown" && person.last_known !== null)).toBe(true);
    expect(phone.lostAt).not.toBeNull();
  });
});

describe("people", () => {
  it("are shown once the whole list is there, and changes find their row", async () => {
    const phone = await started();
    bring("agent", runs);
    const people = colleagues(30);
    bring("presence", { revision: 4, whole: true, part: 0, last: false, people: people.slice(0, 15) });
    expect(phone.people).toEqual([]);
    bring("presence", { revision: 4, whole: true, part: 1, last: true, people: people.slice(15) });
    expect(phone.people.length).toBe(30);
    const ann = phone.people[0];
    if (!ann) throw new Error("nobody");
    bring("presence", { revision: 5, whole: false, part: 0, last: true, people: [{ ...ann, presence: "dnd" }] });
    expect(phone.people[0]?.presence).toBe("dnd");
    bring("presence", { revision: 3, whole: false, part: 0, last: true, people: [{ ...ann, presence: "away" }] });
    expect(phone.people[0]?.presence).toBe("dnd");
    bring("presence", { revision: 6, whole: false, part: 0, last: true, people: [{ ...ann, id: "office/9", name: "Aaron", number: "9" }] });
    expect(phone.people[0]?.name).toBe("Aaron");
    expect(phone.people.length).toBe(31);
  });
});

describe("requests", () => {
  it("about the same thing run once at a time", async () => {
    const phone = await started(() => new Promise((resume) => setTimeout(() => resume({}), 5)));
    sent.length = 0;
    const dial = () => phone.once("dial", () => ask("dial", { text: "207" }));
    await Promise.all([dial(), dial(), dial()]);
    expect(sent.length).toBe(1);
    expect(phone.busy("dial")).toBe(false);
  });

  it("tell what went wrong", async () => {
    const phone = await started(() => {
      throw { code: "offline", text: "Not connected.", remedy: null, detail: null, certificate_sha256: null };
    });
    expect(await phone.once("dial", () => ask("dial", { text: "207" }))).toMatchObject({ code: "offline" });
  });
});
