// Words for what went wrong. In English the agent's own are shown; other languages have theirs by code, with the
// agent's as details, because they are the more exact ones.
import { language } from "./say";
import { troubles } from "./troubles.de";
import type { Trouble, Why } from "./types";

/** What to show of a trouble. */
export interface Wording {
  text: string;
  remedy: string | null;
  detail: string | null;
}

/** Chooses the words. */
export function wording(trouble: Trouble | Why): Wording {
  const detail = "detail" in trouble ? (trouble.detail ?? null) : null;
  const remedy = trouble.remedy ?? null;
  const own = language.startsWith("de") ? troubles[trouble.code] : undefined;
  if (!own) return { text: trouble.text, remedy, detail };
  return { text: own[0], remedy: own[1], detail: [trouble.text, remedy, detail].filter(Boolean).join(" ") };
}

/** One line for a place too narrow for more. */
export function oneLine(trouble: Trouble | Why): string {
  const { text, remedy } = wording(trouble);
  return remedy ? `${text} ${remedy}` : text;
}

/** Which help the user can give. */
export function helpFor(code: Trouble["code"]): "password" | "certificate" | "keyring" | "retry" | null {
  switch (code) {
    case "secret_missing":
    case "credentials_refused":
      return "password";
    case "certificate_unknown":
    case "certificate_changed":
      return "certificate";
    case "keyring_locked":
      return "keyring";
    case "no_account":
      return null;
    default:
      return "retry";
  }
}

