import { describe, expect, it } from "vitest";
import { sent } from "../mock";
import Settings from "../parts/Settings.svelte";
import type { SettingsReply } from "../types";
import { button, running, settle, show, view } from "./support";

async function page(test: () => Promise<unknown> = async () => ({ arrived: true })) {
  const reply = {
    desktop: {},
    autostart: false,
    handler: { callto: false, pbx: true, sip: false, tel: true },
    owners: { pbx: "Trayphone", sip: "Linphone", tel: "Trayphone" },
  } as unknown as SettingsReply;
  await running(view(), (intent) => (intent.endsWith("_settings") ? reply : intent === "test_link" ? test() : {}));
  const place = show(Settings, { settings: null });
  await settle();
  return place;
}

describe("the links", () => {
  it("say of each scheme who opens it, the usual ones first", async () => {
    const place = await page();
    const text = place.textContent ?? "";
    const order = ["tel", "callto", "pbx", "sip"].map((scheme) => text.indexOf(`Open ${scheme}: links`));
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(order.every((at) => at >= 0)).toBe(true);
    expect(text).toContain("Now opened by Linphone, which gets them back when you switch this off.");
    expect(text).toContain("Now opened by no program.");
  });

  it("are tested by one that dials nothing", async () => {
    const place = await page();
    button(place, "Open a test link").click();
    await settle();
    expect(place.textContent).toContain("It arrived. Nothing was dialled.");
    expect(sent.map((one) => one.intent)).not.toContain("dial");
  });

  it("say when the test is lost, and when it cannot be made", async () => {
    const lost = await page(async () => ({ arrived: false }));
    button(lost, "Open a test link").click();
    await settle();
    expect(lost.textContent).toContain("It did not arrive within 10 seconds.");
    const refused = await page(() => Promise.reject({ code: "not_available", text: "Links that begin with pbx: are not opened by Trayphone.", remedy: null, detail: null }));
    button(refused, "Open a test link").click();
    await settle();
    expect(refused.textContent).toContain("are not opened by Trayphone");
  });
});
