// One dial at a time, with the question that the dial policy may ask.
import { ask } from "./bridge";
import { phone } from "./phone.svelte";
import type { AccountName, AccountView, Trouble } from "./types";

/** What a person chose to call. */
export interface Target {
  /** What is dialled, as it stands. */
  text: string;
  account: AccountName | null;
  /** Who that is, for showing. */
  name: string | null;
}

class Dialling {
  question = $state.raw<Target | null>(null);
  problem = $state.raw<Trouble | null>(null);
  /** The account chosen for calls when several could. */
  account = $state.raw<AccountName | null>(null);

  /** Accounts that can dial at this moment. */
  able: AccountView[] = $derived(phone.live ? phone.accounts.filter((a) => a.link === "online" && a.abilities.includes("dial")) : []);

  get pending(): boolean {
    return phone.busy("dial");
  }

  /** Tells whether this account, or any when none is named, can dial now. */
  can(account: AccountName | null): boolean {
    return account === null ? this.able.length > 0 : this.able.some((a) => a.name === account);
  }

  /** Dials once; true when the PBX has confirmed it. Never repeated by itself. */
  async dial(target: Target, yes = false): Promise<boolean> {
    if (this.pending) return false;
    this.question = null;
    this.problem = null;
    const account = target.account ?? this.account ?? (this.able.length === 1 ? (this.able[0]?.name ?? null) : null);
    const trouble = await phone.once("dial", () => ask("dial", { text: target.text, account, yes }));
    if (trouble?.code === "policy_ask" && !yes) this.question = { ...target, account };
    else this.problem = trouble;
    return trouble === null;
  }

  clear(): void {
    this.question = null;
    this.problem = null;
  }
}

export const dialling = new Dialling();
