// Finds people and past calls by what is typed, and remembers which row is chosen.
import { ask } from "./bridge";
import type { Target } from "./dial.svelte";
import { looksLikeNumber, number, tidy } from "./format";
import { phone } from "./phone.svelte";
import type { AccountName, CallRecord, Person } from "./types";

/** One row of results. */
export interface Row {
  key: string;
  kind: "number" | "person" | "history";
  title: string;
  below: string;
  person: Person | null;
  target: Target;
}

/** Most rows shown; more would not be read. */
const MOST = 40;

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
  text = $state("");
  active = $state(0);
  private past = $state.raw<CallRecord[]>([]);
  private turn = 0;

  readonly account: AccountName | null;
  readonly withHistory: boolean;

  constructor(account: AccountName | null, withHistory: boolean) {
    this.account = account;
    this.withHistory = withHistory;
  }

  rows: Row[] = $derived.by(() => this.find());
  chosen: Row | undefined = $derived(this.rows[Math.min(this.active, this.rows.length - 1)]);

  type(text: string): void {
    this.text = text;
    this.active = 0;
    if (this.withHistory) void this.readPast(text.trim());
  }

  move(by: number): void {
    const n = this.rows.length;
    if (n > 0) this.active = (Math.min(this.active, n - 1) + by + n) % n;
  }

  private async readPast(filter: string): Promise<void> {
    const turn = ++this.turn;
    if (filter.length < 2) {
      this.past = [];
      return;
    }
    // A pause while somebody types; the newest question alone counts.
    await new Promise((resume) => setTimeout(resume, 120));
    if (turn !== this.turn) return;
    try {
      const { calls } = await ask("history", { filter, limit: 20 });
      if (turn === this.turn) this.past = calls;
    } catch {
      if (turn === this.turn) this.past = [];
    }
  }

  private find(): Row[] {
    const text = this.text.trim();
    if (!text) return [];
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
    if (asNumber && digits.replace(/\D/g, "").length > 1) {
      const row: Row = {
        key: "number",
        kind: "number",
        title: number(text),
        below: "",
        person: null,
        target: { text, account: this.account, name: null },
      };
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
    return rows;
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
