import { flushSync } from "svelte";
import { describe, expect, it } from "vitest";
import { ask, type Intents } from "../bridge";
import { dialling } from "../dial.svelte";
import { sent } from "../mock";
import PasswordForm from "../parts/PasswordForm.svelte";
import SignIn from "../parts/SignIn.svelte";
import { phone } from "../phone.svelte";
import type { Trouble } from "../types";
import { button, field, running, settle, show, type, view } from "./support";

const PASSWORD = "Sample-Pw9";
const refused: Trouble = {
  code: "credentials_refused",
  text: "The PBX does not accept this user name and password.",
  remedy: "Enter them again. If they are right, ask the administrator whether this computer may sign in.",
  detail: null,
  certificate_sha256: null,
};

describe("the password", () => {
  it.each(["taken", "refused"])("is nowhere on the page once it was sent and is %s", async (how) => {
    let finish: () => void = () => undefined;
    const waiting = new Promise<void>((resume) => (finish = resume));
    await running(view({ accounts: [] }), async (intent) => {
      if (intent !== "add_account") return {};
      await waiting;
      if (how === "refused") throw refused;
      return { account: null };
    });
    const page = show(SignIn, { first: true });
    fill(page);
    submit(page);
    // At once, while the agent still works on it.
    expectNowhere(page);
    finish();
    await settle();
    expectNowhere(page);
    expect(carriers()).toEqual(["add_account"]);
    if (how === "refused") expect(page.textContent).toContain(refused.text);
  });

  it("is wiped and asked for again when a certificate is in question", async () => {
    const sha256 = "ab".repeat(32);
    await running(view({ accounts: [] }), (intent) => {
      if (intent === "add_account" && sent.filter((one) => one.intent === "add_account").length === 1)
        throw { ...refused, code: "certificate_unknown", certificate_sha256: sha256 } satisfies Trouble;
      return { account: null };
    });
    const page = show(SignIn, { first: true });
    fill(page);
    submit(page);
    await settle();
    expectNowhere(page);
    expect(page.textContent).toContain("ABAB");
    expect(sent.at(-1)?.params).toMatchObject({ pin: null });
    field(page, "password").value = PASSWORD;
    button(page, "Accept this certificate");
    submit(page);
    expectNowhere(page);
    await settle();
    expect(sent.at(-1)?.params).toMatchObject({ pin: sha256, url: "https://pbx.example.com/", user: "204" });
    expect(carriers()).toEqual(["add_account", "add_account"]);
  });

  it("may be wrong without the certificate being asked about again, unless the address changes", async () => {
    const sha256 = "ab".repeat(32);
    await running(view({ accounts: [] }), (intent) => {
      if (intent !== "add_account") return {};
      const first = sent.filter((one) => one.intent === "add_account").length === 1;
      throw { ...refused, ...(first && { code: "certificate_unknown", certificate_sha256: sha256 }) } as Trouble;
    });
    const page = show(SignIn, { first: true });
    fill(page);
    submit(page);
    await settle();
    for (const [address, pin] of [
      ["pbx.example.com", sha256],
      ["pbx.example.com", sha256],
      ["pbx.example.org", null],
    ] as const) {
      type(field(page, "url"), address);
      field(page, "password").value = PASSWORD;
      submit(page);
      await settle();
      expect(sent.at(-1)?.params).toMatchObject({ pin });
    }
  });

  it.each(["taken", "refused"])("of an account that is set up is sent once when it is %s", async (how) => {
    await running(view(), (intent) => {
      if (intent === "set_password" && how === "refused") throw refused;
      return { account: null };
    });
    const page = show(PasswordForm, { account: "office" });
    field(page, "password").value = PASSWORD;
    submit(page);
    submit(page);
    expectNowhere(page);
    await settle();
    expectNowhere(page);
    expect(carriers()).toEqual(["set_password"]);
  });

  it("goes nowhere while something else is missing", async () => {
    await running(view({ accounts: [] }));
    const page = show(SignIn, { first: true });
    field(page, "password").value = PASSWORD;
    submit(page);
    await settle();
    expect(carriers()).toEqual([]);
    expect(page.querySelectorAll('[aria-invalid="true"]').length).toBe(2);
  });

  it("is refused by the bridge in every other request", async () => {
    await running(view());
    sent.length = 0;
    const others: (keyof Intents)[] = ["dial", "get_view", "set_settings", "sign_in", "test_account" as keyof Intents];
    for (const intent of others) {
      await expect(ask(intent, { password: PASSWORD } as never)).rejects.toMatchObject({ code: "protocol" });
    }
    expect(sent).toEqual([]);
  });
});

function fill(page: HTMLElement) {
  type(field(page, "url"), "pbx.example.com");
  type(field(page, "user"), "204");
  field(page, "password").value = PASSWORD;
}

function submit(page: HTMLElement) {
  page.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  flushSync();
}

/** The intents that carried the password. */
function carriers(): string[] {
  return sent.filter((one) => JSON.stringify(one.params).includes(PASSWORD)).map((one) => one.intent);
}

function expectNowhere(page: HTMLElement) {
  expect(document.documentElement.outerHTML).not.toContain(PASSWORD);
  for (const input of page.querySelectorAll("input")) expect(input.value).not.toContain(PASSWORD);
  expect(reachable(phone) + reachable(dialling)).not.toContain(PASSWORD);
  expect(JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + document.cookie).not.toContain(PASSWORD);
  expect(location.href).not.toContain(PASSWORD);
}

/** Everything in a store, its private parts and what its getters give included. */
function reachable(store: object): string {
  const found: string[] = [];
  const seen = new Set<unknown>();
  const look = (value: unknown, deep: number) => {
    if (typeof value === "string") found.push(value);
    if (typeof value !== "object" || value === null || seen.has(value) || deep > 8) return;
    seen.add(value);
    if (value instanceof Set || value instanceof Map) for (const entry of value) look(entry, deep + 1);
    const names = [...Reflect.ownKeys(value), ...Object.getOwnPropertyNames(Object.getPrototypeOf(value) ?? {})];
    for (const name of names) {
      found.push(String(name));
      try {
        look((value as Record<PropertyKey, unknown>)[name], deep + 1);
      } catch {
        // A getter that wants arguments holds nothing.
      }
    }
  };
  look(store, 0);
  return found.join("\n");
}
