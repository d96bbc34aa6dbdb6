// Calls that were parked from this window. A phone system does not tell when somebody else fetches one, so what is shown
// says when a call was parked and not that it still waits.
import { ask } from "./bridge";
import { title } from "./format";
import { phone } from "./phone.svelte";
import type { AccountName, CallId, CallView, ParkReply, Trouble } from "./types";

/** A call that was parked. */
export interface ParkedCall {
  id: CallId;
  account: AccountName;
  /** Who waits there. */
  who: string;
  number: string | null;
  /** The number to dial for it, when that is known. */
  place: string | null;
  at: string;
  /** Calls that there were already; none of them can be the fetched one. */
  before: ReadonlySet<CallId>;
  /** The call that was begun to fetch it. */
  fetching: CallId | null;
}

/** Most of them at once; a longer list would not be read. */
const MOST = 8;

class Parking {
  calls = $state.raw<ParkedCall[]>([]);
  /** What went wrong about a call whose card is gone by now. */
  problem = $state.raw<Trouble | null>(null);

  /** Parks a call once; gives what went wrong, unless the call is over, for then nobody would see it there. */
  async park(call: CallView): Promise<Trouble | null> {
    let reply: ParkReply | null = null as ParkReply | null;
    const trouble = await phone.once(call.id, async () => {
      reply = await ask("park", { call: call.id });
    });
    if (reply) {
      const before = new Set(phone.calls.map((one) => one.id).concat(call.id));
      const { id, account, remote } = call;
      const parked = { id, account, who: title(remote), number: remote.number, place: reply.place, at: new Date().toISOString(), before, fetching: null };
      this.calls = [parked, ...this.calls].slice(0, MOST);
    }
    if (trouble === null || phone.calls.some((one) => one.id === call.id)) return trouble;
    this.problem = trouble;
    return null;
  }

  dismiss(id: CallId): void {
    this.calls = this.calls.filter((one) => one.id !== id);
  }

  /** Forgets what has been fetched or has come back. */
  follow(calls: CallView[]): void {
    const next = this.calls.flatMap((one) => {
      const news = calls.filter((call) => call.account === one.account && !call.stale && !one.before.has(call.id));
      const fetching = one.fetching ?? news.find((call) => call.direction === "outgoing" && call.remote.number === one.place && one.place !== null)?.id ?? null;
      const isBack = (call: CallView) => {
        const isIt = call.id === fetching || (one.number !== null && call.remote.number === one.number);
        const isHere = call.state === "connected" || (call.state === "ringing" && call.direction === "incoming");
        return isIt && isHere;
      };
      if (news.some(isBack)) return [];
      return fetching === one.fetching ? [one] : [{ ...one, fetching }];
    });
    if (next.length !== this.calls.length || next.some((one, at) => one !== this.calls[at])) this.calls = next;
  }
}

export const parking = new Parking();
