// Makes functions of the messages in `src/words` when the page is built, so that the page carries no parser.
import MessageFormat from "@messageformat/core";
import compileModule from "@messageformat/core/compile-module.js";
import { parse, type Token } from "@messageformat/parser";
import type { Plugin } from "vite";
import { all } from "./src/words/all.ts";

const ID = /^#words\/(\w+)$/;

/** Loads `#words/en` and the others. */
export function words(): Plugin {
  return {
    name: "words",
    enforce: "pre",
    resolveId: (id) => (ID.test(id) ? `\0${id}` : null),
    load(id) {
      const language = id.startsWith("\0") ? ID.exec(id.slice(1))?.[1] : undefined;
      const one = language === undefined ? undefined : all[language];
      return language !== undefined && one ? compiled(language, one.words, one.agents) : null;
    },
  };
}

/** The source of a module with one language: texts, and functions where something is named in a text. */
function compiled(language: string, words: object, agents: object | null): string {
  const messages: Record<string, string> = {};
  const tree = (part: unknown): string => {
    if (typeof part === "string") {
      const text = typeset(language, part);
      const names = named(parse(text));
      if (names.size === 0) return JSON.stringify(text);
      const key = `m${Object.keys(messages).length}`;
      messages[key] = text;
      return names.size === 1 ? `one(m.${key}, ${JSON.stringify([...names][0])})` : `m.${key}`;
    }
    const entries = Object.entries(part as object).map(([key, below]) => `${JSON.stringify(key)}: ${tree(below)}`);
    return `{ ${entries.join(", ")} }`;
  };
  const say = tree(words);
  const functions = compileModule(new MessageFormat(language), messages).replace("export default", "const m =");
  return `${functions}
const one = (message, name) => (value) => message({ [name]: value });
export default { say: ${say}, agents: ${typeset(language, JSON.stringify(agents))} };`;
}

/** What is named in a message. */
function named(tokens: Token[]): Set<string> {
  const names = new Set<string>();
  for (const token of tokens) {
    if ("arg" in token) names.add(token.arg);
    if ("cases" in token) for (const one of token.cases) for (const name of named(one.tokens)) names.add(name);
  }
  return names;
}

/** Spaces at which no line may end; in French they stand before and within many marks. */
function typeset(language: string, text: string): string {
  return language === "fr" ? text.replace(/ (?=[:;?»])/g, "\u00a0").replace(/« /g, "«\u00a0") : text;
}
