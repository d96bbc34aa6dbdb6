// Scenes of a made-up company, chosen by `?scene=` in a browser.
import type { AccountView, CallRecord, CallView, Candidate, HotkeyName, HotkeysReply, HotkeyView, Offer, Person, Presence, Question, Trouble, View } from "./types";

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
    forwarding: null,
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

const office: AccountView["abilities"] = ["dial", "hang_up", "dtmf", "transfer_blind", "transfer_attended", "consult", "park", "pick_up", "presence", "dnd"];

/** An account whose phone system asks about calls, parks them and lets one take those of colleagues. */
export function asking(part: Partial<AccountView> = {}): AccountView {
  return account({ kind: "asterisk", url: "amis://pbx.example.com:5039", server: "Asterisk 22", domain: null, abilities: office, presence: "in_call", ...part });
}

/** A call there. */
export function askable(part: Partial<CallView> = {}): CallView {
  return call({ can: ["hang_up", "transfer", "dtmf", "consult", "park"], ...part });
}

/** Two calls there: one waits, the other one rings or is spoken to. */
export function consultation(answered: boolean): CallView[] {
  const remote = { number: "207", name: "Carla Muster" };
  const asked = askable({ id: "office/c3", direction: "outgoing", remote, since: minutes(0.2), connected_at: minutes(0.2), can: ["hang_up", "transfer_to_call", "dtmf"], related: { call: "office/c1", how: "consulting", waits: false } });
  const related = { call: "office/c3", how: "consulting", waits: true } as const;
  const waits = askable({ state: "held", related, can: ["hang_up", ...(answered ? (["transfer_to_call"] as const) : [])] });
  return [answered ? asked : { ...asked, state: "ringing", connected_at: null, can: ["hang_up"] }, waits];
}

/** A number that the agent has found. */
export function candidate(part: Partial<Candidate> = {}): Candidate {
  return {
    text: "030 555001",
    start: 0,
    end: 10,
    e164: "+4930555001",
    extension: null,
    kind: "national",
    dial: "0030555001",
    verdict: "dial",
    why: null,
    shown: "030 555001",
    country: "DE",
    ...part,
  };
}

/** The same as an offer. */
export function offer(part: Partial<Offer> = {}): Offer {
  const { dial, shown, text, country, extension, kind, why } = candidate();
  const made = { dial: dial ?? "", shown: shown ?? "", text, country: country ?? null, extension, kind, why, trust: false, ...part };
  return { ...made, choice: made.extension === null ? made.dial : `${made.dial};ext=${made.extension}` };
}

const costly = "Calls to this number may cost much more than usual.";
const brought = "Zentrale 030 555001-0\nMobil +43 664 1234567 ext. 101\nService 0900 1234567";

/** What the small window asks. */
function asked(which: string): Question {
  const link = offer({ shown: "+49 30 555001", dial: "0030555001", account: "office", trust: true, remember: "+4930555001", why: "A link wants to call this number." });
  const several = found(brought).flatMap(({ dial, shown, text, country, extension, kind, why }) =>
    dial ? [offer({ dial, shown: shown ?? dial, text, country: country ?? null, extension, kind, why, account: "office" })] : [],
  );
  const base: Question = { id: "q", by: "link", offers: [link], late: false, replaces: false, seconds: 60, alone: true };
  if (which === "several") return { ...base, by: "text", offers: several };
  if (which === "costly") return { ...base, by: "text", offers: [offer({ shown: "0900 1234567", dial: "009001234567", kind: "premium", account: "office", why: costly })], seconds: 12 };
  if (which === "late") return { ...base, late: true, replaces: true };
  return which === "over" ? { ...base, seconds: 0 } : base;
}

/** What a made-up agent finds in a text. */
function found(text: string): Candidate[] {
  if (text.includes("Mobil") || text.includes("/")) {
    return [
      candidate({ text: "030 555001-0", shown: "030 5550010", dial: "00305550010", verdict: "ask", why: null }),
      candidate({ text: "+43 664 1234567", kind: "international", shown: "+43 664 1234567", dial: "000436641234567", country: "AT", extension: "101", verdict: "ask", why: null }),
      candidate({ text: "0900 1234567", kind: "premium", shown: "0900 1 234567", dial: "009001234567", verdict: "ask", why: costly }),
    ];
  }
  const digits = text.replace(/[^\d+*#]/g, "");
  if (digits === "112") return [candidate({ text, kind: "emergency", shown: null, country: null, dial: "112", e164: null, verdict: "refuse", why: "This is an emergency number." })];
  if (digits.startsWith("0900")) return [candidate({ text, kind: "premium", shown: "0900 1 234567", dial: `0${digits}`, verdict: "ask", why: costly })];
  if (/^\d{3}$/.test(digits)) return [candidate({ text, kind: "extension", shown: digits, country: null, dial: digits, e164: null })];
  if (text === "20.11.2026") return [candidate({ text, kind: "not_a_number", shown: null, country: null, dial: null, verdict: "refuse", why: "This looks like a date." })];
  if (digits.startsWith("+1")) return [candidate({ text, kind: "international", shown: "+1 202-555-0143", dial: "00012025550143", country: "US", extension: "101" })];
  return digits.length > 4 ? [candidate({ text })] : [];
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

const view = (part: Partial<View>): View => ({ revision: 1, accounts: [account()], calls: [], parked: [], missed: 0, recent: past.slice(0, 3), hints: [], ...part });

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
  asked: view({ calls: consultation(true), accounts: [asking()] }),
  asking: view({ calls: consultation(false), accounts: [asking()] }),
  office: view({ calls: [askable()], accounts: [asking()] }),
  forward: view({
    accounts: [
      asking({
        presence: "available",
        abilities: [...office, "forwarding", "forward_always", "forward_busy", "forward_no_answer"],
        forwarding: query.get("none") ? { always: null, busy: null, no_answer: null } : { always: "+4930555001", busy: null, no_answer: "207" },
      }),
    ],
  }),
  takes: view({ accounts: [asking({ presence: "available" })] }),
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
        why: { code: "credentials_refused", text: "The PBX does not accept this user name and password.", remedy: "Enter them again. If they are right, ask the administrator whether this computer may sign in." },
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
  tones: view({ calls: [call({ direction: "outgoing", post_dial: "101", remote: { number: "+4930555001", name: null } })], accounts: [account({ presence: "in_call" })] }),
  gone: view({ calls: [call()] }),
  first: view({ accounts: [], recent: [] }),
};

/** Dials as an agent does: what has been offered is dialled, all else is judged. */
function dial(text: string, to: unknown): unknown {
  const offers = found(text).map((one) => offer({ ...one, dial: one.dial ?? "", shown: one.shown ?? one.dial ?? "", country: one.country ?? null }));
  const [one] = offers;
  if (to || !one) return { call: null };
  if (one.kind === "emergency") throw trouble("policy_refuse", "This is an emergency number.", "Nothing was dialled.", "emergency");
  if (offers.length > 1) throw { ...trouble("several_numbers", "There are several telephone numbers in this text.", "Choose one."), offers };
  if (one.why) throw { ...trouble("policy_ask", "This number rings only after a yes.", "Say yes to dial it."), offers };
  return { call: null };
}

function stale(people: Person[]): Person[] {
  return people.map((p) => ({ ...p, presence: "unknown" as const, dnd: false, last_known: { presence: p.presence, at: minutes(4) } }));
}

/** How the hotkeys do: all well, `taken`, or as `wayland` says where the user refused. */
export function hotkeys(how: string): HotkeysReply {
  const one = (name: HotkeyName, part: Partial<HotkeyView>): HotkeyView => ({
    name,
    health: "off",
    keys: null,
    by: null,
    other: null,
    free: null,
    text: null,
    remedy: null,
    command: name === "dial" ? "trayphone --dial-selection" : "trayphonectl answer",
    ...part,
  });
  const keys = "Ctrl+Alt+P";
  if (how === "taken") {
    return {
      hotkeys: [
        one("dial", { health: "taken", keys, by: "Xfce (“show desktop”)", free: "Ctrl+Alt+O" }),
        one("answer", { health: "ours", keys, other: "dial", free: "Ctrl+Alt+Q" }),
        one("hang_up", { health: "works", keys: "Ctrl+Alt+H" }),
        one("window", {}),
      ],
      by_desktop: false,
    };
  }
  if (how === "wayland") return { hotkeys: [one("dial", { health: "refused", keys }), one("answer", {}), one("hang_up", {}), one("window", {})], by_desktop: true };
  return { hotkeys: [one("dial", { health: "works", keys }), one("answer", {}), one("hang_up", {}), one("window", {})], by_desktop: false };
}

let tell: (stream: string, what: unknown) => void = () => undefined;

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
          desktop: {
            dial_hotkey: "ctrl+alt+p",
            answer_hotkey: null,
            hang_up_hotkey: null,
            window_hotkey: null,
            copy_key: false,
            ask_links: true,
            always_dial: query.get("trusted") ? ["0030555001", "+4989123456", "207"] : [],
            window_warm_s: 60,
            names_when_locked: false,
            history_days: 90,
          },
          autostart: false,
          handler: { tel: true, callto: true, pbx: true, sip: false, sips: false },
          owners: { tel: "Trayphone", callto: "Trayphone", pbx: "Trayphone", sip: "Linphone" },
        };
      case "hotkeys":
      case "retry_hotkeys":
        return hotkeys(query.get("hotkeys") ?? "");
      case "test_hotkey":
        return new Promise((resume) => setTimeout(() => resume({ arrived: query.get("arrives") !== "no" }), Number(query.get("after") ?? 60)));
      case "dial":
        return dial(String(params["text"]), params["to"]);
      case "numbers":
        return { candidates: found(String(params["text"])) };
      case "set_forwarding": {
        const to = String(params["to"] ?? "");
        if (to.startsWith("0900") && !params["yes"]) {
          const offers = [offer({ dial: to, shown: "0900 1 234567", country: "DE", why: "This number costs more than usual." })];
          throw { ...trouble("policy_ask", "This number rings only after a yes.", "Say yes to dial it."), offers };
        }
        if (name) {
          const accounts = shown.accounts.map((a) => ({ ...a, forwarding: { always: null, busy: null, no_answer: null, [String(params["when"])]: params["to"] } }));
          setTimeout(() => tell("view", { ...shown, revision: 2, accounts }), 10);
        }
        return {};
      }
      case "take_text":
        return { text: query.get("brought") ? brought : null, account: null };
      case "take_pairing":
        return { pairing: query.get("pairing") ? { kind: null, url: "https://pbx.example.com/", host: "pbx.example.com", domain: null, user: "204", name: "office" } : null };
      case "question":
        return { question: asked(query.get("ask") ?? "") };
      case "answer_question":
        if (query.get("fail")) throw trouble("offline", "office is offline.", "Nothing was dialled. Try again when it is online.");
        return {};
      case "prepare_emergency":
        if (query.get("key") === "none") throw trouble("policy_refuse", "This is an emergency number.", "Dial it on the phone.", "emergency");
        return { token: "t", number: "112", seconds: Number(query.get("seconds") ?? 15) };
      case "dial_emergency":
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
      case "park":
        if (query.get("fail")) throw trouble("refused_by_pbx", "The PBX has refused it.", "The call goes on as it was.", "Parking lot full");
        if (name) setTimeout(() => tell("view", { ...shown, revision: 2, calls: [] }), 10);
        return { place: query.get("place") === "none" ? null : "71" };
      case "test_link":
        return { arrived: true };
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
    tell = bring;
    const people = colleagues(Number(query.get("people") ?? 60));
    if (name === "takes") people.splice(0, 1, { ...(people[0] as Person), presence: "ringing" });
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
  const fields = [...document.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")];
  const label = (field: HTMLInputElement | HTMLSelectElement) => field.getAttribute("aria-label") ?? field.labels?.[0]?.textContent ?? "";
  const field = fields.find((one) => label(one).trim().startsWith(what));
  if (!field) return;
  field.focus();
  field.value = text;
  field.dispatchEvent(new Event(field instanceof HTMLSelectElement ? "change" : "input", { bubbles: true }));
}
