// The one question of the small window: what is asked, until when, and which presses count.
import { ask, asTrouble } from "../bridge";
import type { Question, Trouble } from "../types";

/** What has just come to stand here takes no press for so long: it was meant for something else. */
const GLANCE_MS = 1000;
/** The same after the keyboard came to this window, and after letters that were meant for another one. */
const KEYS_MS = 600;
/** From here on the time that is left is shown, in seconds. */
const LAST_SECONDS = 15;

/** What the policy says of a link when nothing else is wrong with it; the heading says so already. */
export const LINK_ASKS = "A link from another program asks first.";

export class Asking {
  question = $state.raw<Question | null>(null);
  /** What went wrong with the answer; nothing is asked any more then. */
  problem = $state.raw<Trouble | null>(null);
  /** The time is over, and no notice can say so. */
  over = $state(false);
  pending = $state(false);
  /** Seconds left, near the end; before it nobody is hurried. */
  left = $state<number | null>(null);
  /** It stands there so shortly that no press counts yet. */
  fresh = $state(true);
  private until = 0;
  private shownAt = Infinity;
  private keysAt = 0;
  /** The window was told that nothing is asked. */
  private closed = false;

  /** Looks what is asked now; closes the window when nothing is. */
  async look(): Promise<void> {
    try {
      const { question } = await ask("question", {});
      if (question) this.take(question);
      else if (this.isAsking && !this.pending) await this.close();
    } catch {
      // Without the agent there is nobody who would dial.
      if (this.isAsking) await this.close();
    }
  }

  private get isAsking(): boolean {
    return this.problem === null && !this.over;
  }

  private take(question: Question): void {
    if (question.id === this.question?.id && this.isAsking) return;
    this.question = question;
    this.closed = false;
    this.problem = null;
    this.over = false;
    this.pending = false;
    this.left = null;
    this.fresh = true;
    this.shownAt = Infinity;
    this.until = Date.now() + question.seconds * 1000;
  }

  /** It stands on the screen from now on. */
  shown(): void {
    if (this.shownAt !== Infinity) return;
    this.shownAt = performance.now();
    const { question } = this;
    setTimeout(() => {
      if (this.question === question) this.fresh = false;
    }, GLANCE_MS);
  }

  /** The keyboard has come here, or is still meant for another window. */
  keys(): void {
    this.keysAt = performance.now();
  }

  /** Tells whether a press on a number counts now. */
  takes(byKey: boolean): boolean {
    const now = performance.now();
    return !this.pending && now - this.shownAt >= GLANCE_MS && (!byKey || now - this.keysAt >= KEYS_MS);
  }

  /** Looks at the clock. */
  tick(): void {
    if (this.question === null || !this.isAsking || this.pending) return;
    const left = Math.max(0, Math.ceil((this.until - Date.now()) / 1000));
    this.left = left <= LAST_SECONDS ? left : null;
    if (left > 0) return;
    if (this.question.alone) this.over = true;
    else void this.close();
  }

  /** Calls a number of the question. */
  async call(choice: string, always: boolean): Promise<void> {
    const { question } = this;
    if (question === null || this.pending) return;
    this.pending = true;
    try {
      await ask("answer_question", { id: question.id, choice, always });
      if (this.question?.id === question.id) await this.close();
    } catch (problem) {
      if (this.question?.id !== question.id) return;
      this.problem = asTrouble(problem);
    } finally {
      if (this.question?.id === question.id) this.pending = false;
    }
  }

  /** Says no, or closes what was told. */
  async refuse(): Promise<void> {
    const { question } = this;
    // What is being dialled is not stopped by closing this.
    if (question !== null && this.isAsking && !this.pending) {
      await ask("answer_question", { id: question.id, choice: null, always: false }).catch(() => undefined);
    }
    await this.close();
  }

  private async close(): Promise<void> {
    if (this.question === null && this.closed) return;
    this.closed = true;
    this.question = null;
    this.problem = null;
    this.over = false;
    this.pending = false;
    await ask("close_question", {}).catch(() => undefined);
  }
}
