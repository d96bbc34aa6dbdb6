// One dial at a time, with whatever has to be asked before it: a question, a choice, or the second press for an emergency.
import { ask, asTrouble } from "./bridge";
import { phone } from "./phone.svelte";
import { isReady, offerOf } from "./preview.svelte";
import { say } from "./say";
import type { AccountName, AccountView, EmergencyReply, Offer, Person, Trouble } from "./types";

/** What a person chose to call. */
export interface Target {
  /** What is dialled, as it stands. */
  text: string;
  account: AccountName | null;
  /** Who that is, for showing. */
  name: string | null;
}

/** What stands between a press and the dial. */
export type Asked =
  | { kind: "question"; target: Target; offer: Offer; quiet: boolean }
  | { kind: "choice"; target: Target; offers: Offer[]; quiet: boolean }
  | { kind: "emergency"; target: Target; number: string; token: string; until: number }
  | { kind: "expired"; number: string };

class Dialling {
  asked = $state.raw<Asked | null>(null);
  problem = $state.raw<Trouble | null>(null);
  /** The account chosen for calls when several could. */
  account = $state.raw<AccountName | null>(null);
  /** Grows whenever what was asked is given up, so that a late answer asks nothing more. */
  private turn = 0;

  /** Accounts that can dial at this moment. */
  able: AccountView[] = $derived(phone.live ? phone.accounts.filter((a) => a.link === "online" && a.abilities.includes("dial")) : []);

  /** The account that dials unless another one is named: the chosen one, else the first, which is the one shown. */
  by: AccountName | null = $derived((this.able.find((a) => a.name === this.account) ?? this.able[0])?.name ?? null);

  get pending(): boolean {
    return phone.busy("dial");
  }

  /** Tells whether this account, or any when none is named, can dial now. */
  can(account: AccountName | null): boolean {
    return account === null ? this.able.length > 0 : this.able.some((a) => a.name === account);
  }

  /** Dials once; true when the PBX has confirmed it. Never repeated by itself. */
  async dial(target: Target): Promise<boolean> {
    if (this.pending) return false;
    this.clear();
    const wanted = { ...target, account: target.account ?? this.by };
    return this.run(wanted, () => ask("dial", { text: wanted.text, account: wanted.account }));
  }

  /** Dials the number that a question or a choice has shown, and no other. */
  async dialOffer(target: Target, { choice, account }: Offer): Promise<boolean> {
    if (this.pending) return false;
    this.clear();
    return this.run(target, () => ask("dial", { text: target.text, account: account ?? target.account, to: choice }));
  }

  /** Tells whether the call that rings at this person can be taken from here. */
  canPickUp({ account, type, presence, number }: Person): boolean {
    const able = () => phone.accounts.some((a) => a.name === account && a.link === "online" && a.abilities.includes("pick_up"));
    return presence === "ringing" && type === "person" && /^\d+$/.test(number) && phone.live && able();
  }

  /** Takes the call that rings at a colleague; never repeated by itself. */
  async pickUp(person: Person): Promise<void> {
    if (this.pending || !this.canPickUp(person)) return;
    this.clear();
    const turn = this.turn;
    const trouble = await phone.once("dial", () => ask("pick_up", { from: person.number, account: person.account }));
    // What a person began meanwhile tells of itself; this failure must not be lost either way.
    if (turn === this.turn || this.asked === null) this.problem = trouble;
  }

  /** The second press. */
  async dialEmergency(): Promise<boolean> {
    if (this.pending || this.asked?.kind !== "emergency") return false;
    const { token } = this.asked;
    this.clear();
    this.problem = await phone.once("dial", () => ask("dial_emergency", { token }));
    return this.problem === null;
  }

  /** Looks at a text that another program brought and asks about its numbers; `quiet` leaves the keyboard where it is. It never dials. */
  async look(target: Target, quiet = false): Promise<void> {
    this.clear();
    const turn = this.turn;
    const wanted = { ...target, account: target.account ?? this.by };
    try {
      const { candidates } = await ask("numbers", { text: wanted.text, account: wanted.account });
      if (turn !== this.turn) return;
      // Codes and emergency numbers are for whoever types them.
      const offers = candidates.filter((one) => isReady(one) && one.kind !== "feature_code").flatMap((one) => offerOf(one) ?? []);
      if (!this.offer(wanted, offers, quiet)) {
        const text = candidates[0]?.why ?? say.noNumber;
        this.problem = { code: "wrong_usage", text, remedy: say.nothingDialled, detail: null, certificate_sha256: null };
      }
    } catch (problem) {
      if (turn === this.turn) this.problem = asTrouble(problem);
    }
  }

  /** The time for the second press is over. */
  expire(): void {
    if (this.asked?.kind !== "emergency") return;
    const { number } = this.asked;
    this.clear();
    this.asked = { kind: "expired", number };
  }

  /** Gives up whatever is asked or was told. */
  clear(): void {
    this.turn += 1;
    this.asked = null;
    this.problem = null;
  }

  private async run(target: Target, request: () => Promise<unknown>): Promise<boolean> {
    const turn = this.turn;
    const trouble = await phone.once("dial", request);
    if (trouble === null) return true;
    const isEmergency = trouble.code === "policy_refuse" && trouble.detail === "emergency";
    const asks = (trouble.code === "policy_ask" || trouble.code === "several_numbers") && (trouble.offers ?? []).length > 0;
    if (!isEmergency && !asks) this.problem = trouble;
    // Whoever has typed on meanwhile means something else, and their next Enter must answer no question.
    else if (turn !== this.turn) return false;
    else if (isEmergency) await this.prepareEmergency(target);
    else this.offer(target, trouble.offers ?? [], false);
    return false;
  }

  private offer(target: Target, offers: Offer[], quiet: boolean): boolean {
    const [first] = offers;
    if (!first) return false;
    this.asked = offers.length === 1 ? { kind: "question", target, offer: first, quiet } : { kind: "choice", target, offers, quiet };
    return true;
  }

  /** The first press on an emergency number. */
  private async prepareEmergency(target: Target): Promise<void> {
    const turn = this.turn;
    let reply: EmergencyReply | null = null as EmergencyReply | null;
    const trouble = await phone.once("dial", async () => {
      reply = await ask("prepare_emergency", { text: target.text, account: target.account });
    });
    // Whoever has typed on or pressed Escape meanwhile means something else.
    if (turn !== this.turn) return;
    this.problem = trouble;
    if (reply) this.asked = { kind: "emergency", target, number: reply.number, token: reply.token, until: Date.now() + reply.seconds * 1000 };
  }
}

export const dialling = new Dialling();
