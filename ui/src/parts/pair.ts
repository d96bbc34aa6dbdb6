// Two calls that belong together, as the agent says: one waits while the other one is spoken to.
import type { CallView } from "../types";

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

/** The pair among these calls; one that the phone system keeps together comes first. */
export function pairOf(calls: CallView[]): Pair | null {
  const pairs = calls.flatMap((waits) => {
    const { related } = waits;
    if (!related?.waits || waits.stale) return [];
    const other = calls.find((call) => call.id === related.call && !call.stale);
    if (!other) return [];
    return [{ waits, other, asked: related.how === "consulting", ready: waits.can.includes("transfer_to_call") }];
  });
  return pairs.find((pair) => pair.asked) ?? pairs[0] ?? null;
}
