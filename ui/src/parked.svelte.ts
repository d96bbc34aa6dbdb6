// Parking, and what went wrong about it; what waits where is the agent's to know.
import { ask } from "./bridge";
import { dialling } from "./dial.svelte";
import { phone } from "./phone.svelte";
import type { CallId, CallView, ParkedView, Trouble } from "./types";

class Parking {
  /** What went wrong about a call whose card is gone by now. */
  problem = $state.raw<Trouble | null>(null);

  /** Parks a call once; gives what went wrong, unless the call is over, for then nobody would see it there. */
  async park(call: CallView): Promise<Trouble | null> {
    const trouble = await phone.once(call.id, () => ask("park", { call: call.id }));
    if (trouble === null || phone.calls.some((one) => one.id === call.id)) return trouble;
    this.problem = trouble;
    return null;
  }

  /** Fetches this call, and nobody else who waits at its place by then; never repeated by itself. */
  async fetch({ id, account, place, unknown_since }: ParkedView): Promise<void> {
    if (dialling.pending || place === null || unknown_since !== null || !dialling.can(account)) return;
    dialling.clear();
    this.problem = await phone.once("dial", () => ask("fetch_parked", { id }));
  }

  /** Shows a parked call no more, in all windows. */
  async dismiss(parked: CallId): Promise<void> {
    const trouble = await phone.once(`parked ${parked}`, () => ask("dismiss_parked", { parked }));
    // Fetched, or closed in another window meanwhile: it is as wanted.
    this.problem = trouble?.code === "no_such_call" ? null : trouble;
  }
}

export const parking = new Parking();
