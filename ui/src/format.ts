// How numbers, times and fingerprints are written for people. What is dialled never passes through here.
import { language, say } from "./say";

/** Country codes of one and of two digits; all others have three (ITU-T E.164). */
const ONE = ["1", "7"];
const TWO = (
  "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
).split(" ");

/** Groups an international number for reading; leaves everything else as the PBX writes it. */
export function number(text: string | null | undefined): string {
  if (!text) return "";
  if (!/^\+\d{6,15}$/.test(text)) return text;
  const digits = text.slice(1);
  const code = ONE.find((c) => digits.startsWith(c)) ?? TWO.find((c) => digits.startsWith(c)) ?? digits.slice(0, 3);
  const rest = digits.slice(code.length);
  if (code === "1" && rest.length === 10) return `+1 ${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)}`;
  // Area codes have no fixed length in most countries: only German ones that cannot be mistaken are set apart.
  const area = code === "49" ? /^(30|40|69|89|1[567]\d)/.exec(rest)?.[0] : undefined;
  return area ? `+49 ${area} ${rest.slice(area.length)}` : `+${code} ${rest}`;
}

/** A short form of untrusted text: one line, at most 80 characters, nothing that turns the writing direction. */
export function tidy(text: string | null | undefined): string {
  if (!text) return "";
  const plain = text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .replace(/[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/gu, "")
    .trim();
  const letters = [...plain];
  return letters.length > 80 ? `${letters.slice(0, 79).join("")}…` : plain;
}

/** Name, else number, else words for neither. */
export function title(party: { name: string | null; number: string | null } | null): string {
  return tidy(party?.name) || number(tidy(party?.number)) || say.unknownCaller;
}

/** Clock and calendar as the system has them, as long as they speak the page's language. */
const locale = navigator.language.slice(0, 2) === language.slice(0, 2) ? navigator.language : language;
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const short = new Intl.DateTimeFormat(locale, { weekday: "short", hour: "2-digit", minute: "2-digit" });

/** Time of day; with the weekday when it was not today. */
export function time(at: string, now = new Date()): string {
  const then = new Date(at);
  return then.toDateString() === now.toDateString() ? clock.format(then) : short.format(then);
}

/** Hours and minutes alone. */
export function hour(at: string): string {
  return clock.format(new Date(at));
}

/** Today, yesterday, or the date. */
export function dayOf(at: string, now = new Date()): string {
  const then = new Date(at);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (then.toDateString() === now.toDateString()) return say.today;
  if (then.toDateString() === yesterday.toDateString()) return say.yesterday;
  return day.format(then);
}

/** A length of time as a timer shows it. */
export function timer(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  return `${hours > 0 ? `${hours}:` : ""}${two(Math.floor((all % 3600) / 60))}:${two(all % 60)}`;
}

/** A fingerprint in groups of four, four groups to a line, as one reads it out. */
export function fingerprint(sha256: string): string[][] {
  const groups = sha256.replace(/[^0-9a-f]/gi, "").toUpperCase().match(/.{1,4}/g) ?? [];
  const lines: string[][] = [];
  for (let at = 0; at < groups.length; at += 4) lines.push(groups.slice(at, at + 4));
  return lines;
}

/** Tells whether a text is meant as a number rather than as a name. */
export function looksLikeNumber(text: string): boolean {
  return /^[+*#(]?[\d\s()./*#+-]*$/.test(text.trim()) && /\d/.test(text);
}
