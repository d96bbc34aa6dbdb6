// What a message demands follows from its English text, so that nothing has to be written twice.
import type { Code } from "../types";
import type { en } from "./en";

/** The same keys in every language. */
export type Words = Same<typeof en>;

type Same<Tree> = { readonly [Key in keyof Tree]: Tree[Key] extends string ? string : Same<Tree[Key]> };

/** What went wrong, and what to do. */
export type Troubles = Record<Code, [text: string, remedy: string | null]>;

/** The agent's words in another language than its English. */
export interface Agents {
  /** By code. */
  troubles: Troubles;
  /** Why a number is asked about or refused, by the agent's sentence. */
  whys: Record<string, string>;
  /** What the user should know about agent and desktop, by what it is about. */
  hints: Record<string, [text: string, remedy: string | null]>;
  /** What the self-examination looks at, by its name. */
  checks: Record<string, string>;
}

/** A message as the page uses it: a text, or a function of what it names. */
export type Said<Text extends string> = keyof Named<Text> extends never
  ? string
  : IsOne<keyof Named<Text>> extends true
    ? (value: Named<Text>[keyof Named<Text>]) => string
    : (values: { [Name in keyof Named<Text>]: Named<Text>[Name] }) => string;

/** All messages, as the page uses them. */
export type Say = SayOf<typeof en>;

type SayOf<Tree> = { readonly [Key in keyof Tree]: Tree[Key] extends string ? Said<Tree[Key]> : SayOf<Tree[Key]> };

/** One language, ready for use. */
export interface Spoken {
  readonly say: Say;
  /** The agent itself speaks English. */
  readonly agents: Agents | null;
}

type IsOne<Key, All = Key> = Key extends unknown ? ([All] extends [Key] ? true : false) : never;

/** What a text names: `{name}` is shown as it is, `{n, plural, …}` takes a number, `{how, select, …}` a word. */
type Named<Text extends string> = Scan<Text, "m", unknown>;

// Walks from brace to brace. The stack tells where it stands: in a message, or among the options of an argument.
type Scan<Text extends string, Stack extends string, Found> = Text extends `${infer Before}{${infer After}`
  ? Before extends `${string}}${string}`
    ? Close<Text, Stack, Found>
    : Stack extends `o${string}`
      ? Scan<After, `m${Stack}`, Found>
      : Argument<After, Stack, Found>
  : Close<Text, Stack, Found>;

type Close<Text extends string, Stack extends string, Found> = Text extends `${string}}${infer After}`
  ? Stack extends `${string}${infer Outer}`
    ? Scan<After, Outer, Found>
    : Found
  : Found;

type Argument<Text extends string, Stack extends string, Found> = Text extends `${infer Head}}${infer After}`
  ? Head extends `${infer Name}, ${infer Kind}, ${string}`
    ? Text extends `${string}, ${string}, ${infer Options}`
      ? Scan<Options, `o${Stack}`, Found & { [Key in Name]: Kind extends "plural" ? number : string }>
      : never
    : Scan<After, Stack, Found & { [Key in Head]: string | number }>
  : Found;
