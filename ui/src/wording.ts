// Words for what went wrong. In English the agent's own are shown; other languages have theirs by code, with the
// agent's as details, because they are the more exact ones.
import { language, say } from "./say";
import { troubles, whys } from "./troubles.de";
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
  // Its detail is for this page, not for people.
  if (trouble.code === "policy_refuse" && detail === "emergency") return { text: say.emergencyOnlyHere, remedy: say.emergencyElsewhere, detail: null };
  const own = language.startsWith("de") ? troubles[trouble.code] : undefined;
  if (!own) return { text: trouble.text, remedy, detail };
  return { text: own[0], remedy: own[1], detail: [trouble.text, remedy, detail].filter(Boolean).join(" ") };
}

/** Why a number is asked about or refused. */
export function whyWords(why: string | null | undefined): string {
  if (!why) return "";
  return language.startsWith("de") ? (whys[why] ?? say.doubtful) : why;
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

