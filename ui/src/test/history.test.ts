import { describe, expect, it } from "vitest";
import { bring, sent } from "../mock";
import History from "../parts/History.svelte";
import { button, running, settle, show, view } from "./support";

const call = (number: number) => ({
  id: `office/c${number}`,
  account: "office",
  direction: "incoming",
  outcome: "missed",
  remote: { number: `+49305550${number}`, name: `Caller ${number}` },
  started_at: "2026-11-20T08:00:00Z",
  connected_at: null,
  ended_at: null,
  source: "both",
});

const asked = () => sent.filter((one) => one.intent === "history").map((one) => one.params);

describe("a long history", () => {
  it("shows older calls when they are asked for, each once, and is read anew when a call ends", async () => {
    await running(view(), (intent, params) => {
      if (intent !== "history") return {};
      if (params["before"] === "2") return { calls: [call(1)], next: null };
      return { calls: [call(3), call(2)], next: "2" };
    });
    const page = show(History, { hotkey: null });
    await settle();
    expect(page.querySelectorAll("li").length).toBe(2);
    button(page, "Show older calls").click();
    await settle();
    expect([...page.querySelectorAll("li .name")].map((name) => name.textContent?.trim())).toEqual(["Caller 3", "Caller 2", "Caller 1"]);
    expect(page.textContent).not.toContain("Show older calls");
    bring("call-event", { event: "history", at: "2026-11-20T09:00:00Z" });
    await settle();
    expect(asked().map((one) => (one as Record<string, unknown>)["before"] ?? null)).toEqual([null, "2", null]);
  });

  it("does not mix the pages of two lists", async () => {
    let late: (reply: unknown) => void = () => undefined;
    await running(view(), (intent, params) => {
      if (intent !== "history") return {};
      if (params["before"]) return new Promise((done) => (late = done));
      return params["missed"] ? { calls: [call(7)], next: null } : { calls: [call(3)], next: "2" };
    });
    const page = show(History, { hotkey: null });
    await settle();
    button(page, "Show older calls").click();
    await settle();
    button(page, "Missed").click();
    await settle();
    late({ calls: [call(1)], next: null });
    await settle();
    expect([...page.querySelectorAll("li .name")].map((name) => name.textContent?.trim())).toEqual(["Caller 7"]);
  });
});
