// Scenes of a made-up company, chosen by `?scene=` in a browser.
import type { AccountView, CallRecord, CallView, Person, Presence, Trouble, View } from "./types";

const query = new URLSearchParams(typeof location === "undefined" ? "" : location.search);
const name = query.get("scene") ?? "";
const minutes = (n: number) => new Date(Date.now() - n * 60_000).toISOString();
const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** An account that is online and can do everything. */
export function account(part: Partial<AccountView> = {}): AccountView {
  return {
    name: "office",
    kind: "vodia",
    link: "online",
    since: minutes(90),
    why: null,
    retry_at: null,
    user: "204",
    display_name: "Tom Muster",
    server: "PBX/70.1",
    dialect: "modern",
    abilities: ["dial", "answer", "hang_up", "hold", "resume", "dtmf", "transfer_blind", "transfer_attended", "presence", "dnd", "history"],
    presence: "available",
    dnd: false,
    url: "https://pbx.example.com/",
    domain: "tenant.example",
    ...part,
  };
}

/** A call that talks. */
export function call(part: Partial<CallView> = {}): CallView {
  return {
    id: "office/c1",
    account: "office",
    direction: "incoming",
    state: "connected",
    remote: { number: "+4930555001", name: "Mara Beispiel" },
    via: null,
    since: minutes(0.7),
    connected_at: minutes(0.7),
    stale: false,
    can: ["hang_up", "hold", "transfer", "dtmf"],
    doing: null,
    ...part,
  };
}

const first = "Ann Bob Carla Dirk Eva Frank Greta Hanno Ida Jan Kira Leo Mia Nils Olga Paul Rosa Sven Tina Uwe".split(" ");
const last = "Example Sample Muster Beispiel Vorlage Entwurf Probe Test Model Pattern".split(" ");
const states: Presence[] = ["available", "in_call", "available", "away", "dnd", "available", "ringing", "not_registered", "busy", "available"];

/** Colleagues in all states. */
export function colleagues(count: number): Person[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `office/${205 + at}`,
    account: "office",
    type: "person" as const,
    number: String(205 + at),
    name: `${first[at % first.length]} ${last[Math.floor(at / first.length + at) % last.length]}${at >= 200 ? ` ${at}` : ""}`,
    presence: states[at % states.length] ?? "available",
    dnd: at % 31 === 1,
    note: at === 3 ? "back at 14:00" : null,
    since: null,
    last_known: null,
  }));
}

function record(at: number, part: Partial<CallRecord>): CallRecord {
  return {
    id: `office/h${at}`,
    account: "office",
    direction: "incoming",
    outcome: "answered",
    remote: { number: "+4930555001", name: "Mara Beispiel" },
    started_at: minutes(at),
    connected_at: minutes(at - 0.2),
    ended_at: minutes(at - 3.4),
    source: "both",
    ...part,
  };
}

const past: CallRecord[] = [
  record(12, { outcome: "missed", connected_at: null }),
  record(14, { id: "office/h14b", outcome: "missed", connected_at: null }),
  record(55, { direction: "outgoing", remote: { number: "207", name: "Carla Muster" } }),
  record(130, { direction: "outgoing", outcome: "not_reached", connected_at: null, remote: { number: "+12025550143", name: null } }),
  record(1500, { remote: { number: "+49891234567", name: "Very Long Company Name That Never Ends Gesellschaft mit beschränkter Haftung" } }),
  record(1600, { outcome: "declined", connected_at: null, remote: { number: null, name: null } }),
  record(1620, { outcome: "answered_elsewhere", connected_at: null, remote: { number: "+4917012345678", name: "Sales line" } }),
  record(3000, { direction: "outgoing", remote: { number: "+43720123456", name: null } }),
];

const view = (part: Partial<View>): View => ({ revision: 1, accounts: [account()], calls: [], missed: 0, recent: past.slice(0, 3), hints: [], ...part });

const ringing = call({
  id: "office/c2",
  state: "ringing",
  remote: { number: "+49891234567", name: "Very Long Company Name That Never Ends GmbH" },
  via: { number: "800", name: "Sales" },
  since: minutes(0.1),
  connected_at: null,
  can: ["answer", "hang_up"],
});

const trouble = (code: Trouble["code"], text: string, remedy: string, detail: string | null = null): Trouble => ({
  code,
  text,
  remedy,
  detail,
  certificate_sha256: code.startsWith("certificate") ? sha256 : null,
});

const held = call({ state: "held", can: ["hang_up", "resume", "transfer", "transfer_to_call"] });
const second = call({ id: "office/c3", direction: "outgoing", remote: { number: "207", name: "Carla Muster" }, connected_at: minutes(0.2) });

const views: Record<string, View> = {
  people: view({ missed: 2 }),
  call: view({ calls: [call()], accounts: [account({ presence: "in_call" })] }),
  ringing: view({ calls: [ringing], accounts: [account({ presence: "ringing" })], missed: 1 }),
  busy: view({ calls: [ringing, call()], accounts: [account({ presence: "in_call", dnd: true })] }),
  consult: view({ calls: [second, held], accounts: [account({ presence: "in_call" })] }),
  outgoing: view({
    calls: [call({ direction: "outgoing", state: "calling_own_phone", connected_at: null, can: ["hang_up"], remote: { number: "+4930555001", name: null } })],
  }),
  waiting: view({
    accounts: [
      account({
        link: "waiting",
        since: minutes(4),
        presence: "unknown",
        dnd: null,
        retry_at: new Date(Date.now() + 9_000).toISOString(),
        why: { code: "timed_out", text: "The PBX does not answer.", remedy: "Check the network or the address. Trayphone tries again by itself." },
      }),
    ],
    calls: [call({ stale: true, can: [], state: "unknown" })],
  }),
  password: view({
    accounts: [
      account({
        link: "stopped",
        presence: "unknown",
        why: { code: "credentials_refused", text: "The PBX does not accept this user name and password.", remedy: "Enter them again." },
      }),
      account({
        name: "lab",
        link: "stopped",
        presence: "unknown",
        why: {
          code: "certificate_changed",
          text: "The certificate of this PBX is not the one you accepted.",
          remedy: "Ask your administrator whether it was renewed, and compare the fingerprint.",
          certificate_sha256: sha256,
        },
      }),
    ],
  }),
  keyring: view({
    accounts: [
      account({
        link: "stopped",
        presence: "unknown",
        why: { code: "keyring_locked", text: "The keyring is locked.", remedy: "Unlock it; Trayphone continues by itself." },
      }),
    ],
    hints: [{ about: "settings_broken", text: "The settings file could not be read.", remedy: "It was kept as settings.toml.broken." }],
  }),
  gone: view({ calls: [call()] }),
  first: view({ accounts: [], recent: [] }),
};

function stale(people: Person[]): Person[] {
  return people.map((p) => ({ ...p, presence: "unknown" as const, dnd: false, last_known: { presence: p.presence, at: minutes(4) } }));
}

export const scene = {
  answer(intent: string, params: Record<string, unknown>): unknown {
    const shown = views[name] ?? view({});
    switch (intent) {
      case "get_view":
        return shown;
      case "history": {
        const filter = String(params["filter"] ?? "").toLowerCase();
        const all = past.filter((one) => `${one.remote.name} ${one.remote.number}`.toLowerCase().includes(filter));
        return { calls: name === "empty" ? [] : params["missed"] ? all.filter((one) => one.outcome === "missed") : all };
      }
      case "get_settings":
      case "set_settings":
        return {
          desktop: { dial_hotkey: "ctrl+alt+p", ask_links: true, window_warm_s: 60, names_when_locked: false },
          autostart: false,
          handler: { tel: true, sip: false },
        };
      case "dial":
        if (String(params["text"]).startsWith("0900") && !params["yes"]) throw trouble("policy_ask", "This number rings only after a yes.", "Say yes to dial it.");
        return { call: null };
      case "add_account":
        if (name === "first" && query.get("fail") === "certificate")
          throw trouble(
            "certificate_unknown",
            "The certificate of this PBX is not signed by anybody this system trusts.",
            "Compare the fingerprint with your administrator's; accept it only if it is the same.",
          );
        if (query.get("fail") === "slow") return new Promise(() => undefined);
        throw trouble("unknown_tenant_or_user", "The PBX needs to know the tenant.", "Write the user as extension@tenant.", "HTTP 404");
      case "doctor":
        return {
          checks: [
            { name: "agent", result: "ok", text: "Version 0.1.0 runs.", remedy: null },
            { name: "keyring", result: "problem", text: "The keyring is locked.", remedy: "Unlock it; Trayphone continues by itself." },
            { name: "hotkey", result: "not_here", text: "This desktop has none.", remedy: null },
          ],
        };
      default:
        return {};
    }
  },
  /** Starts the scene, and presses what `?press=` names, each after the other. */
  begin(bring: (stream: string, what: unknown) => void): void {
    if (!name) return;
    const people = colleagues(Number(query.get("people") ?? 60));
    const shown = name === "waiting" || name === "password" || name === "keyring" ? stale(people) : people;
    setTimeout(() => {
      bring("agent", { state: "running", version: "0.1.0", restart_needed: name === "call" });
      for (let at = 0; at < shown.length; at += 500)
        bring("presence", { revision: 2, whole: true, part: at / 500, last: at + 500 >= shown.length, people: shown.slice(at, at + 500) });
      if (name === "gone") setTimeout(() => bring("agent", { state: "gone", trouble: null }), 40);
    }, 30);
    let delay = 100;
    for (const step of (query.get("press") ?? "").split("|").filter(Boolean)) {
      setTimeout(() => press(step), (delay += 120));
    }
  },
};

/** `text` presses the button with that text; `field=text` types into the field whose label begins so. */
function press(step: string): void {
  const [what = "", text] = step.split("=");
  if (text === undefined) {
    const all = [...document.querySelectorAll<HTMLElement>("button, [role=option], summary")];
    all.find((element) => (element.textContent?.trim() || element.getAttribute("aria-label") || "").startsWith(what))?.click();
    return;
  }
  const fields = [...document.querySelectorAll<HTMLInputElement>("input")];
  const label = (field: HTMLInputElement) => field.getAttribute("aria-label") ?? field.labels?.[0]?.textContent ?? "";
  const field = fields.find((one) => label(one).trim().startsWith(what));
  if (!field) return;
  field.focus();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
