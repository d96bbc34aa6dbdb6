// Chooses the language of the page by that of the system, and loads it.
import english from "#words/en";
import type { Spoken } from "./words/types";

/** English is at hand; of the others only the one that is spoken is loaded. */
const others: Record<string, () => Promise<{ default: Spoken }>> = {
  de: () => import("#words/de"),
  fr: () => import("#words/fr"),
  it: () => import("#words/it"),
  es: () => import("#words/es"),
};

const asked = new URLSearchParams(location.search).get("language");
const choice = choose(asked ? [asked] : navigator.languages);
const load = others[choice.slice(0, 2)];
// A page in English is better than none.
const loaded = load ? await load().then((one) => one.default, () => null) : null;

/** The tag of the language that the page speaks, such as `fr-CH`. */
export const language = load && !loaded ? "en" : choice;
/** Every text of the page. */
export const { say, agents } = loaded ?? english;

/** The first language that the page can speak, with its country if it has one. */
export function choose(wanted: readonly string[]): string {
  for (const one of wanted) {
    const tag = whole(one);
    const short = tag?.split("-")[0] ?? "";
    if (tag && (short === "en" || short in others)) return tag;
  }
  return "en";
}

/** As `Intl` writes it; null for what it would not take. */
function whole(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}
