// What a text would dial, told while it is typed. Only the agent knows; nothing here is ever dialled.
import { ask } from "./bridge";
import { looksLikeNumber } from "./format";
import { language, say } from "./say";
import { whyWords } from "./wording";
import type { AccountName, Candidate, Offer } from "./types";

/** A pause while somebody types. */
const PAUSE_MS = 150;
/** Longest text that the agent looks at, in characters. */
const LONGEST = 10_000;

/** Tells whether the agent may find something to dial in a text. */
export function mayHoldNumber(text: string): boolean {
  return /\p{Nd}|^\s*(tel|callto|sips?|pbx):./iu.test(text);
}

const countries = new Intl.DisplayNames([language], { type: "region", fallback: "none" });

/** The name of a country by its two letters; nothing where nobody knows it. */
export function country(letters: string | null | undefined): string {
  try {
    return (letters && countries.of(letters)) || "";
  } catch {
    return "";
  }
}

/** Where a number leads, in a word or two. */
export function placeOf(one: Pick<Offer, "kind" | "country">): string {
  switch (one.kind) {
    case "extension":
      return say.internal;
    case "feature_code":
      return say.featureCode;
    case "uri":
      return say.address;
    case "international":
    case "national":
    case "service":
    case "emergency":
    case "premium":
    case "satellite":
    case "not_a_number":
      return country(one.country);
  }
}

/** Tells whether a candidate is a number that can be offered. */
export function isReady(one: Candidate): boolean {
  return one.kind !== "not_a_number" && one.kind !== "emergency" && one.verdict !== "refuse" && one.dial !== null;
}

/** A candidate as something to choose; null when there is nothing to dial. */
export function offerOf(one: Candidate): Offer | null {
  if (one.dial === null) return null;
  const { dial, text, extension, kind, why } = one;
  const choice = extension === null ? dial : `${dial};ext=${extension}`;
  return { dial, choice, shown: one.shown ?? dial, text, country: one.country ?? null, extension, kind, why, trust: false };
}

/** What stands below the field. */
export interface Forecast {
  /** The number as people read it, and where it leads. */
  number: string;
  /** What happens on Enter. */
  then: string;
  tone: "plain" | "ask" | "refuse";
}

/** Says what would happen to a text. */
export function forecast(text: string, candidates: Candidate[]): Forecast | null {
  const numbers = candidates.filter((one) => one.kind !== "not_a_number");
  const [one] = numbers;
  if (!one) {
    const [other] = candidates;
    // A name with a digit in it is meant as a name.
    return other && looksLikeNumber(text) ? { number: "", then: whyWords(other.why), tone: "refuse" } : null;
  }
  if (numbers.length > 1) return { number: say.severalNumbers(numbers.length), then: say.enterChooses, tone: "ask" };
  const number = [one.shown ?? one.dial ?? one.text, placeOf({ kind: one.kind, country: one.country ?? null }), one.extension ? say.thenDigits(one.extension) : ""]
    .filter(Boolean)
    .join(" · ");
  if (one.kind === "emergency") return { number, then: say.emergencyHint, tone: "ask" };
  const why = one.why ? whyWords(one.why) : "";
  switch (one.verdict) {
    case "dial":
      return { number, then: say.dialledAs(one.dial ?? ""), tone: "plain" };
    case "ask":
      return { number, then: say.asksFirst(why), tone: "ask" };
    case "refuse":
      return { number, then: why || say.nothingDialled, tone: "refuse" };
  }
}

/** Follows a text while it is typed. */
export class Preview {
  /** What the agent said about the newest text; none until it has. */
  heard = $state.raw<{ text: string; candidates: Candidate[] } | null>(null);
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `before` runs right before an answer is shown. */
  constructor(private readonly before: () => void = () => undefined) {}

  /** The text has changed; what was said about another one is gone at once. */
  type(text: string, account: AccountName | null): void {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    this.heard = null;
    if (account === null || text.length > LONGEST || !mayHoldNumber(text)) return;
    this.timer = setTimeout(() => void this.read(text, account, turn), PAUSE_MS);
  }

  /** Nobody looks any more. */
  stop(): void {
    clearTimeout(this.timer);
    this.turn += 1;
  }

  private async read(text: string, account: AccountName, turn: number): Promise<void> {
    try {
      const { candidates } = await ask("numbers", { text, account });
      if (turn !== this.turn) return;
      this.before();
      this.heard = { text, candidates };
    } catch {
      // Enter asks again, and says what is wrong.
    }
  }
}
