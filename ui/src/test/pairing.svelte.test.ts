import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../App.svelte";
import { bring, sent } from "../mock";
import SignIn from "../parts/SignIn.svelte";
import type { Pairing } from "../types";
import { button, field, running, settle, show, type, view } from "./support";

const link: Pairing = { kind: "vodia", url: "https://pbx.example.com:8443/", host: "pbx.example.com", domain: "sales.example", user: "204", name: "desk" };
const other: Pairing = { ...link, url: "https://evil.example/", host: "evil.example", domain: null, user: null, name: null };

/** A form whose link can be exchanged, as the page does. */
function form(first: Pairing | null) {
  const props = $state<{ offered: Pairing | null; first: boolean }>({ offered: first, first: true });
  const target = document.createElement("div");
  document.body.append(target);
  const mounted = mount(SignIn, { target, props });
  flushSync();
  closing = () => unmount(mounted);
  return { page: target, props };
}
let closing: () => unknown = () => undefined;
afterEach(async () => {
  await closing();
  closing = () => undefined;
});

describe("a link that offers an account", () => {
  it("fills in the form, shows the host in full, signs in by nothing and takes no typing", async () => {
    await running(view({ accounts: [] }));
    const { page } = form(link);
    await settle();
    expect(field(page, "url").value).toBe("https://pbx.example.com:8443/");
    expect([field(page, "user").value, field(page, "tenant").value, field(page, "name").value]).toEqual(["204", "sales.example", "desk"]);
    expect(field(page, "password").value).toBe("");
    expect(page.textContent).toContain("filled in by a link");
    expect(page.textContent).toContain("The password would go to pbx.example.com:8443.");
    // Whatever is typed at this moment was meant for somewhere else.
    expect(document.activeElement).toBe(page.querySelector("h1"));
    expect(sent.map((request) => request.intent)).not.toContain("add_account");
    type(field(page, "url"), "pbx.other.example");
    expect(page.textContent).toContain("The password would go to pbx.other.example.");
  });

  it("never changes under a password that is being typed for another address", async () => {
    await running(view({ accounts: [] }));
    const { page, props } = form(link);
    field(page, "password").value = "Sample-Pw9";
    props.offered = other;
    await settle();
    expect(field(page, "url").value).toBe(link.url);
    expect(field(page, "password").value).toBe("Sample-Pw9");
    expect(page.textContent).toContain("A link wants to fill in this form for evil.example.");
    button(page, "Fill it in").click();
    await settle();
    expect(field(page, "url").value).toBe(other.url);
    expect(field(page, "password").value).toBe("");
    expect(field(page, "user").value).toBe("");
  });

  it("leaves alone what somebody has typed", async () => {
    await running(view({ accounts: [] }));
    const { page, props } = form(null);
    type(field(page, "user"), "207");
    props.offered = link;
    await settle();
    expect(field(page, "user").value).toBe("207");
    expect(page.textContent).toContain("A link wants to fill in this form for pbx.example.com.");
    button(page, "Not now").click();
    await settle();
    expect(field(page, "url").value).toBe("");
  });

  it("opens the form beside accounts that are there, with the calls still in sight", async () => {
    await running(view(), (intent) => {
      if (intent === "take_pairing") return { pairing: link };
      if (intent === "take_text") return { text: null, account: null };
      if (intent === "get_settings") return new Promise(() => undefined);
      return intent === "history" ? { calls: [] } : {};
    });
    const page = show(App, {});
    bring("agent", { state: "gone", trouble: null });
    bring("agent", { state: "running", version: "0.1.0", restart_needed: false });
    await settle();
    expect(field(page, "url").value).toBe(link.url);
    expect(page.querySelector('[role="combobox"]')).not.toBeNull();
    expect(sent.filter((request) => request.intent === "add_account")).toEqual([]);
  });
});
