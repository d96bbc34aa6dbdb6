// One typed request for each intent, and the streams that come back.
import { follow, send } from "#wire";
import type { AgentNews, EmergencyReply, Event, Methods, Nothing, PresencePart, PrepareEmergencyParams, ShowNews, Trouble, View } from "./types";

/** What the program around the page does itself. */
interface OwnIntents {
  attach: { params: Nothing; result: Nothing };
  start_agent: { params: Nothing; result: Nothing };
  close_window: { params: Nothing; result: Nothing };
  /** A question stands on the page of the small window, so large; `expected` when the user's own key brought it. */
  question_drawn: { params: { id: string; title: string; width: number; height: number; expected: boolean }; result: Nothing };
  close_question: { params: Nothing; result: Nothing };
  /** The program adds the key that the agent knows the window by. */
  prepare_emergency: { params: Omit<PrepareEmergencyParams, "window_key">; result: EmergencyReply };
}

/** What can be asked, and what comes back. */
export type Intents = OwnIntents &
  Pick<
    Methods,
    | "get_view" | "history" | "export_history" | "delete_calls" | "note_call" | "missed_seen" | "dial" | "numbers" | "dial_emergency" | "take_text" | "take_pairing" | "question" | "answer_question" | "answer" | "hang_up" | "hold" | "resume" | "dtmf" | "transfer" | "park" | "fetch_parked" | "dismiss_parked" | "pick_up"
    | "set_presence" | "set_forwarding" | "add_account" | "set_password" | "remove_account" | "sign_out" | "sign_in" | "accept_certificate"
    | "retry_now" | "unlock_keyring" | "diagnosis" | "doctor" | "get_settings" | "set_settings" | "restart"
    | "hotkeys" | "test_hotkey" | "retry_hotkeys" | "test_link"
  >;

/** The two intents that may carry a password, each once. */
export const carriesPassword: readonly (keyof Intents)[] = ["add_account", "set_password"];

/** Sends one request; throws a `Trouble`. Nothing of the parameters is kept. */
export async function ask<I extends keyof Intents>(intent: I, params: Intents[I]["params"]): Promise<Intents[I]["result"]> {
  if ("password" in params && !carriesPassword.includes(intent)) throw asTrouble("a password in the wrong request");
  try {
    return (await send(intent, params)) as Intents[I]["result"];
  } catch (problem) {
    throw asTrouble(problem);
  }
}

/** What the streams bring. */
export interface Streams {
  agent: AgentNews;
  view: View;
  presence: PresencePart;
  "call-event": Event;
  show: ShowNews;
  /** Another question waits for the small window. */
  asked: Nothing;
}

/** Follows a stream. */
export function on<S extends keyof Streams>(stream: S, then: (what: Streams[S]) => void): Promise<void> {
  return follow(stream, (what) => then(what as Streams[S]));
}

/** Makes a `Trouble` of whatever was thrown. */
export function asTrouble(problem: unknown): Trouble {
  if (typeof problem === "object" && problem !== null && "code" in problem && "text" in problem) return problem as Trouble;
  return { code: "protocol", text: "This did not work.", remedy: null, detail: String(problem), certificate_sha256: null };
}
