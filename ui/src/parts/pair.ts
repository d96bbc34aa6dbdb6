// Two calls of one account that belong together: one waits while the other one is spoken to.
import type { AccountView, CallView } from "../types";

export interface Pair {
  /** The one that waits. */
  waits: CallView;
  /** The one that is spoken to, or that still rings. */
  other: CallView;
  /** The phone system keeps them together itself: ending the other one brings the waiting one back. */
  asked: boolean;
  /** They can be joined now. */
  ready: boolean;
}

/** The first pair among these calls. */
export function pairOf(calls: CallView[], accounts: AccountView[]): Pair | null {
  for (const waits of calls) {
    if (waits.state !== "held" || waits.stale) continue;
    const rest = calls.filter((call) => call.account === waits.account && call.id !== waits.id && !call.stale);
    const [other] = rest;
    if (rest.length !== 1 || !other) continue;
    const ready = waits.can.includes("transfer_to_call");
    const consults = accounts.some((account) => account.name === waits.account && account.abilities.includes("consult"));
    // Whom we hold by ourselves can be taken back by itself; who waits for the end of a question cannot.
    const begun = other.direction === "outgoing" && ["dialing", "ringing", "connected"].includes(other.state);
    const asked = consults && begun && !waits.can.includes("resume");
    if (asked || (ready && talks(other))) return { waits, other, asked, ready };
  }
  const joinable = calls.find((call) => !call.stale && call.can.includes("transfer_to_call"));
  const other = joinable && calls.find((call) => call.id !== joinable.id && call.account === joinable.account && talks(call));
  return joinable && other ? { waits: joinable, other, asked: false, ready: true } : null;
}

function talks(call: CallView): boolean {
  return call.state === "held" || call.state === "connected";
}
