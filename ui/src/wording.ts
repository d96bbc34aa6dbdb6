// Words for what the agent says. In English its own are shown; other languages have theirs, with the agent's as
// details, because they are the more exact ones.
import { agents, say } from "./say";
import type { CallView, Hint, HotkeyView, Trouble, Why } from "./types";

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
  const own = agents?.troubles[trouble.code];
  // What the page found out itself is in its words already.
  if (!own || trouble.text === say.noNumber) return { text: trouble.text, remedy, detail };
  // A number that is refused says why, and that says more than its code.
  return { text: agents?.whys[trouble.text] ?? own[0], remedy: own[1], detail: sentences(trouble.text, remedy, detail) };
}

/** Why a number is asked about or refused. */
export function whyWords(why: string | null | undefined): string {
  if (!why) return "";
  return agents ? (agents.whys[why] ?? say.doubtful) : why;
}

/** What the agent says of itself or the desktop. What it is about may name an account behind a colon. */
export function hintWords(hint: Hint): Wording {
  const own = agents?.hints[hint.about.split(":")[0] ?? ""];
  if (!own) return { text: hint.text, remedy: hint.remedy, detail: null };
  return { text: own[0], remedy: own[1], detail: sentences(hint.text, hint.remedy) };
}

/** What a line of the self-examination looked at. Its name may go on with that of an account or a phone. */
export function checkName(name: string): string {
  const known = Object.entries(agents?.checks ?? {}).filter(([one]) => name === one || name.startsWith(`${one} `));
  const [one, own] = known.sort(([a], [b]) => b.length - a.length)[0] ?? ["", ""];
  return own + name.slice(one.length);
}

/** How a call stands. */
export function stateWords(call: CallView): string {
  return say.state[call.state === "ringing" && call.direction === "incoming" ? "calling_you" : call.state];
}

/** How a hotkey does. */
export function hotkeyWords(one: HotkeyView): string {
  const keys = one.keys ?? "";
  const free = one.free ? say.hotkeyFree(one.free) : null;
  switch (one.health) {
    case "ours":
      return sentences(say.hotkeyState.ours({ keys, other: one.other ? say.hotkeys[one.other] : "" }), free);
    case "taken":
      return sentences(say.hotkeyState.taken({ keys, program: one.by ?? say.hotkeyOther }), free);
    case "no_key":
      return sentences(say.hotkeyState.no_key(keys), free);
    case "works":
      return say.hotkeyState.works(keys);
    case "bad":
    case "not_known":
      return agents ? say.hotkeyState[one.health] : sentences(one.text, one.remedy);
    case "failed":
      return agents ? say.hotkeyState.failed(one.text ?? "") : sentences(one.text, one.remedy);
    case "off":
    case "asking":
    case "no_way":
    case "refused":
    case "unbound":
      return say.hotkeyState[one.health];
  }
}

function sentences(...all: (string | null)[]): string {
  return all.filter(Boolean).join(" ");
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
