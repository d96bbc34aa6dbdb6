// Parking, and what went wrong about it; what waits where is the agent's to know.
import { ask } from "./bridge";
import { phone } from "./phone.svelte";
import type { CallId, CallView, Trouble } from "./types";

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

  /** Shows a parked call no more, in all windows. */
  async dismiss(parked: CallId): Promise<void> {
    this.problem = await phone.once(`parked ${parked}`, () => ask("dismiss_parked", { parked }));
  }
}

export const parking = new Parking();
