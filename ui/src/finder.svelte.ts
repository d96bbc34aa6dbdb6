// Finds people and past calls by what is typed, and remembers which row is chosen.
import { ask } from "./bridge";
import type { Target } from "./dial.svelte";
import { looksLikeNumber, number, tidy } from "./format";
import { phone } from "./phone.svelte";
import { Preview } from "./preview.svelte";
import { say } from "./say";
import type { AccountName, CallRecord, Person } from "./types";

/** One row of results. */
export interface Row {
  key: string;
  /** `choice` stands for a text with several numbers. */
  kind: "number" | "choice" | "person" | "history";
  title: string;
  below: string;
  person: Person | null;
  target: Target;
}

/** Most rows shown; more would not be read. */
const MOST = 40;
/** Longer texts are not looked for in the history. */
const LONGEST_NAME = 128;

const folded = new WeakMap<Person, string>();

/** Lower case without accents, so that `muller` finds Müller. */
function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function foldedName(person: Person): string {
  let text = folded.get(person);
  if (text === undefined) folded.set(person, (text = fold(person.name ?? "")));
  return text;
}

/** How well a person fits; 0 for not at all. */
function fit(person: Person, words: string[], digits: string): number {
  if (digits && person.number === digits) return 5;
  if (digits && person.number.startsWith(digits)) return 3;
  const name = foldedName(person);
  if (words.length === 0 || !words.every((word) => name.includes(word))) return 0;
  const parts = name.split(/[\s,.-]+/);
  const first = words[0] ?? "";
  if (name.startsWith(first)) return 4;
  return words.every((word) => parts.some((part) => part.startsWith(word))) ? 3 : 1;
}

export class Finder {
  /** What stands in the field. */
  text = $state("");
  /** A pasted or brought text as it was, line ends included: they tell numbers apart. */
  private raw = $state.raw<string | null>(null);
  /** Another program brought the text, by this account if it said so. */
  brought = $state.raw<{ account: AccountName | null } | null>(null);
  /** The chosen row; the first one unless it is there. */
  private active = $state<string | null>(null);
  // What comes later must not change what Enter means.
  readonly preview = new Preview(() => this.pin());
  private past = $state.raw<CallRecord[]>([]);
  private turn = 0;

  readonly account: AccountName | null;
  readonly withHistory: boolean;

  constructor(account: AccountName | null, withHistory: boolean) {
    this.account = account;
    this.withHistory = withHistory;
  }

  rows: Row[] = $derived.by(() => this.find());
  chosen: Row | undefined = $derived(this.rows.find((row) => row.key === this.active) ?? this.rows[0]);
  /** The text as it is dialled. */
  whole: string = $derived(this.raw ?? this.text);

  type(text: string): void {
    this.text = text;
    this.raw = null;
    this.brought = null;
    this.active = null;
    if (this.withHistory) void this.readPast(text.trim());
  }

  /** Puts in a text that a field of one line cannot show as it is. */
  put(text: string): void {
    this.type(text.replace(/[\p{Cc}\s]+/gu, " ").trim());
    this.raw = text;
  }

  /** Puts in a text that another program wants to be dialled. */
  bring(text: string, account: AccountName | null): void {
    this.put(text);
    this.brought = { account };
  }

  choose(row: Row): void {
    this.active = row.key;
  }

  move(by: number): void {
    const n = this.rows.length;
    const at = this.rows.findIndex((row) => row === this.chosen);
    if (n > 0) this.active = this.rows[(Math.max(at, 0) + by + n) % n]?.key ?? null;
  }

  /** Nobody looks any more. */
  stop(): void {
    this.turn += 1;
    this.preview.stop();
  }

  private pin(): void {
    this.active = this.chosen?.key ?? null;
  }

  private async readPast(filter: string): Promise<void> {
    const turn = ++this.turn;
    // No name is so long.
    if (filter.length < 2 || filter.length > LONGEST_NAME) {
      this.past = [];
      return;
    }
    // A pause while somebody types; the newest question alone counts.
    await new Promise((resume) => setTimeout(resume, 120));
    if (turn !== this.turn) return;
    try {
      const { calls } = await ask("history", { filter, limit: 20 });
      if (turn !== this.turn) return;
      this.pin();
      this.past = calls;
    } catch {
      if (turn === this.turn) this.past = [];
    }
  }

  private find(): Row[] {
    const text = this.text.trim();
    if (!text) return [];
    // What another program brought is a text to look at, and no name to search for.
    if (this.brought) return [this.numberRow(text) ?? this.rowOfNumber("number", text)];
    const asNumber = looksLikeNumber(text);
    const digits = asNumber ? text.replace(/[^\d+*#]/g, "") : "";
    const words = asNumber ? [] : fold(text).split(/\s+/).filter(Boolean);
    const people: { person: Person; points: number }[] = [];
    for (const person of phone.people) {
      if (this.account !== null && person.account !== this.account) continue;
      const points = fit(person, words, digits);
      if (points > 0) people.push({ person, points });
    }
    people.sort((a, b) => b.points - a.points);
    const rows: Row[] = people.slice(0, MOST).map(({ person }) => ofPerson(person));
    const offered = this.numberRow(text);
    if (asNumber && digits.replace(/\D/g, "").length > 1) {
      const row = offered ?? this.rowOfNumber("number", number(text));
      // An extension that is exactly this number is the better name for the same thing.
      if (people[0]?.points === 5) rows.splice(1, 0, row);
      else rows.unshift(row);
    }
    const seen = new Set(rows.map((row) => row.target.text));
    for (const call of this.past) {
      const dialled = call.remote.number;
      if (!dialled || seen.has(dialled) || rows.length >= MOST) continue;
      seen.add(dialled);
      rows.push({
        key: call.id,
        kind: "history",
        title: tidy(call.remote.name) || number(dialled),
        below: call.remote.name ? number(dialled) : "",
        person: null,
        target: { text: dialled, account: call.account, name: tidy(call.remote.name) || null },
      });
    }
    // A number within other words stands behind everybody who is called so.
    if (!asNumber && offered) rows.push(offered);
    return rows;
  }

  /** The row of what the agent has found in the text. */
  private numberRow(text: string): Row | null {
    const heard = this.preview.heard;
    const numbers = heard?.text === this.whole ? heard.candidates.filter((one) => one.kind !== "not_a_number") : [];
    const [one] = numbers;
    if (!one) return null;
    if (numbers.length > 1) return this.rowOfNumber("choice", say.chooseNumber(numbers.length));
    return this.rowOfNumber("number", one.shown ?? one.dial ?? text);
  }

  private rowOfNumber(kind: "number" | "choice", title: string): Row {
    const account = this.brought?.account ?? this.account;
    return { key: "number", kind, title, below: "", person: null, target: { text: this.raw ?? this.text.trim(), account, name: null } };
  }
}

/** The row of a person. */
export function ofPerson(person: Person): Row {
  const name = tidy(person.name);
  return {
    key: person.id,
    kind: "person",
    title: name || person.number,
    below: name ? person.number : "",
    person,
    target: { text: person.number, account: person.account, name: name || null },
  };
}
