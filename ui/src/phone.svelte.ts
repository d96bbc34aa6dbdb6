// The last picture the agent gave. The page draws it and sends requests; it decides nothing about calls itself.
import { ask, asTrouble, on } from "./bridge";
import type { AccountView, AgentNews, CallView, ParkedView, Person, PresencePart, Trouble, View, WindowView } from "./types";

const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** By name, nameless ones last, then by number. */
function byName(a: Person, b: Person): number {
  if (!a.name !== !b.name) return a.name ? -1 : 1;
  return order.compare(a.name ?? "", b.name ?? "") || order.compare(a.number, b.number);
}

export class Phone {
  agent = $state.raw<AgentNews>({ state: "looking" });
  view = $state.raw<View | null>(null);
  /** Everybody the agent told of, sorted by name. */
  people = $state.raw<Person[]>([]);
  peopleKnown = $state(false);
  /** When the agent was lost; none while it is there. */
  lostAt = $state.raw<string | null>(null);
  /** Grows with each event that changes the history. */
  historyTurn = $state(0);
  /** The view that somebody outside the page asked for. */
  wanted = $state.raw<{ view: WindowView | null; turn: number }>({ view: null, turn: 0 });

  /** Grows whenever a text may wait for the field. */
  textTurn = $state(0);

  /** Requests under way, by what they are about, so that no press counts twice. */
  private underWay = $state.raw<ReadonlySet<string>>(new Set());
  private incoming: Person[] | null = null;
  private peopleRevision = -1;
  private agentTurn = 0;

  live = $derived(this.agent.state === "running");

  /** Accounts as they may be shown: without the agent nothing is known of them. */
  accounts: AccountView[] = $derived(
    this.live || !this.view
      ? (this.view?.accounts ?? [])
      : this.view.accounts.map((account) => ({ ...account, presence: "unknown" as const, dnd: null, forwarding: null })),
  );

  /** Parked calls; without the agent nobody knows whether they still wait. */
  parked: ParkedView[] = $derived(
    (this.view?.parked ?? []).map((one) => (this.live ? one : { ...one, unknown_since: one.unknown_since ?? this.lostAt ?? one.since })),
  );

  /** Calls as they may be shown: without the agent they are stale and nothing can be done to them. */
  calls: CallView[] = $derived(
    this.live || !this.view ? (this.view?.calls ?? []) : this.view.calls.map((call) => ({ ...call, stale: true, can: [], doing: null })),
  );

  /** Starts to listen, and only then asks for the picture. */
  async start(): Promise<void> {
    await Promise.all([
      on("agent", (news) => this.hearAgent(news)),
      on("view", (view) => this.takeView(view)),
      on("presence", (part) => this.takePresence(part)),
      on("call-event", (event) => {
        if (event.event === "history" || event.event === "call.ended" || event.event === "call.missed") this.historyTurn += 1;
      }),
      on("show", ({ view }) => {
        this.wanted = { view, turn: this.wanted.turn + 1 };
        this.textTurn += 1;
      }),
    ]);
    try {
      // What is known of the agent comes as an event, in order with the others.
      await ask("attach", {});
    } catch (problem) {
      this.hearAgent({ state: "gone", trouble: asTrouble(problem) });
    }
  }

  private hearAgent(news: AgentNews): void {
    const before = this.agent.state;
    this.agent = news;
    if (news.state === "running") {
      if (before === "running") return;
      // Another agent counts its revisions afresh.
      this.agentTurn += 1;
      this.textTurn += 1;
      this.peopleRevision = -1;
      this.incoming = null;
      this.lostAt = null;
      void this.readView(this.agentTurn);
    } else if (before === "running" || (news.state === "gone" && this.lostAt === null)) {
      this.agentTurn += 1;
      this.lostAt ??= new Date().toISOString();
      const at = this.lostAt;
      this.people = this.people.map((person) => unknownSince(person, at));
    }
  }

  private async readView(turn: number): Promise<void> {
    try {
      const view = await ask("get_view", {});
      // Between question and answer another agent may have come; its own stream counts then.
      if (turn === this.agentTurn) this.takeView(view, this.viewTurn !== turn);
    } catch {
      // The loss itself is told by the stream `agent`.
    }
  }

  private viewTurn = 0;

  private takeView(view: View, first = this.viewTurn !== this.agentTurn): void {
    if (!first && this.view && view.revision < this.view.revision) return;
    this.viewTurn = this.agentTurn;
    this.view = view;
  }

  private takePresence(part: PresencePart): void {
    if (part.whole) {
      if (part.part === 0 || this.incoming === null) this.incoming = [];
      for (const person of part.people) this.incoming.push(person);
      if (!part.last) return;
      this.people = this.incoming.sort(byName);
      this.incoming = null;
      this.peopleKnown = true;
      this.peopleRevision = part.revision;
      return;
    }
    if (part.revision < this.peopleRevision) return;
    this.peopleRevision = part.revision;
    const changed = new Map(part.people.map((person) => [person.id, person]));
    let moved = false;
    const people = this.people.map((before) => {
      const now = changed.get(before.id);
      if (!now) return before;
      changed.delete(before.id);
      moved ||= now.name !== before.name;
      return now;
    });
    for (const person of changed.values()) people.push(person);
    if (moved || changed.size > 0) people.sort(byName);
    this.people = people;
  }

  /** Tells whether a request about this is under way. */
  busy(about: string): boolean {
    return this.underWay.has(about);
  }

  /** Runs a request unless one about the same is under way; gives what went wrong, or null. */
  async once(about: string, request: () => Promise<unknown>): Promise<Trouble | null> {
    if (this.underWay.has(about)) return null;
    this.underWay = new Set([...this.underWay, about]);
    try {
      await request();
      return null;
    } catch (problem) {
      return asTrouble(problem);
    } finally {
      this.underWay = new Set([...this.underWay].filter((other) => other !== about));
    }
  }
}

/** The same person while nothing is known of them. */
export function unknownSince(person: Person, at: string): Person {
  if (person.presence === "unknown") return person;
  return { ...person, presence: "unknown", dnd: false, since: at, last_known: { presence: person.presence, at } };
}

export const phone = new Phone();
