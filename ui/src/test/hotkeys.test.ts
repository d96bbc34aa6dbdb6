import { flushSync } from "svelte";
import { describe, expect, it } from "vitest";
import { bring, sent } from "../mock";
import { hotkeys } from "../mock.scenes";
import Settings from "../parts/Settings.svelte";
import type { DesktopSettings, HotkeysReply, SettingsReply } from "../types";
import { button, running, settle, show, view } from "./support";

const desktop: DesktopSettings = {
  dial_hotkey: "ctrl+alt+p",
  answer_hotkey: null,
  hang_up_hotkey: null,
  window_hotkey: null,
  copy_key: false,
  ask_links: true,
  always_dial: [],
  window_warm_s: 60,
  names_when_locked: false,
  history_days: 90,
};

/** The settings page of an agent whose hotkeys are in this state, and what is done with a test of one. */
async function page(how: string, test: () => Promise<unknown> = async () => ({ arrived: true })) {
  const state: { now: HotkeysReply; desktop: DesktopSettings } = { now: hotkeys(how), desktop };
  await running(view(), (intent, params) => {
    if (intent === "set_settings") state.desktop = { ...state.desktop, ...(params as { desktop: Partial<DesktopSettings> }).desktop };
    if (intent.endsWith("_settings")) return { desktop: state.desktop, autostart: false, handler: {}, owners: {} } as SettingsReply;
    if (intent === "hotkeys" || intent === "retry_hotkeys") return state.now;
    return intent === "test_hotkey" ? test() : {};
  });
  const place = show(Settings, { settings: null });
  await settle();
  return { place, state };
}

const intents = (name: string) => sent.filter((one) => one.intent === name);
const news = (place: ParentNode) => [...place.querySelectorAll('[role="status"]')].map((one) => one.textContent?.trim()).filter(Boolean);

describe("the hotkeys", () => {
  it("say who else has the keys, and take the free ones that were found", async () => {
    const { place, state } = await page("taken");
    expect(place.textContent).toContain("Ctrl+Alt+P is already used by Xfce (“show desktop”). Ctrl+Alt+O is free.");
    expect(place.textContent).toContain("Ctrl+Alt+P belongs to “Dial the selected number” already.");
    state.now = hotkeys("");
    button(place, "Take Ctrl+Alt+O").click();
    await settle();
    expect(intents("set_settings").at(-1)?.params).toEqual({ desktop: { dial_hotkey: "ctrl+alt+o" } });
    expect(place.textContent).toContain("Ctrl+Alt+P works.");
  });

  it("are written by their own fields, and an empty one switches off", async () => {
    const { place } = await page("");
    const write = (label: string, text: string) => {
      const field = [...place.querySelectorAll("input")].find((one) => one.labels?.[0]?.textContent?.trim() === label);
      if (!field) throw new Error(`no field ${label}`);
      field.value = text;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    };
    write("Hang up", " ctrl+alt+h ");
    await settle();
    expect(intents("set_settings").at(-1)?.params).toEqual({ desktop: { hang_up_hotkey: "ctrl+alt+h" } });
    write("Dial the selected number", "");
    await settle();
    expect(intents("set_settings").at(-1)?.params).toMatchObject({ desktop: { dial_hotkey: null } });
  });

  it("are tested: press now, and then whether the key arrived", async () => {
    let arrive: (reply: unknown) => void = () => undefined;
    const { place } = await page("", () => new Promise((resume) => (arrive = resume)));
    button(place, "Test").click();
    button(place, "Test").click();
    await settle();
    expect(news(place)).toEqual(["Press Ctrl+Alt+P now."]);
    expect(intents("test_hotkey").map((one) => one.params)).toEqual([{ hotkey: "dial" }]);
    arrive({ arrived: true });
    await settle();
    expect(news(place)).toEqual(["It works."]);
    button(place, "Test").click();
    await settle();
    arrive({ arrived: false });
    await settle();
    expect(news(place)).toEqual(["The key did not arrive."]);
  });

  it("offer the command where the desktop gives no keys, and to ask it again", async () => {
    const { place, state } = await page("wayland");
    let written = "";
    Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: async (text: string) => void (written = text) } });
    button(place, "Copy command").click();
    await settle();
    expect(written).toBe("trayphone --dial-selection");
    state.now = hotkeys("");
    button(place, "Ask again").click();
    await settle();
    expect(intents("retry_hotkeys")).toHaveLength(1);
    expect(place.textContent).toContain("Ctrl+Alt+P works.");
  });

  it("are read again when the agent says something else about them", async () => {
    const { place, state } = await page("");
    state.now = hotkeys("taken");
    bring("view", view({ revision: 5, hints: [{ about: "hotkey", text: "The dial hotkey does not work.", remedy: null }] }));
    flushSync();
    await settle();
    expect(place.textContent).toContain("is already used by Xfce");
  });
});
