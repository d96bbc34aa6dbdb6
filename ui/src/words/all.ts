// All languages as they are written. The page itself loads them compiled and one by one, see `say.ts`.
import { de } from "./de.ts";
import * as deAgents from "./de.agents.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import * as esAgents from "./es.agents.ts";
import { fr } from "./fr.ts";
import * as frAgents from "./fr.agents.ts";
import { it } from "./it.ts";
import * as itAgents from "./it.agents.ts";
import type { Agents, Words } from "./types";

export const all: Record<string, { words: Words; agents: Agents | null }> = {
  en: { words: en, agents: null },
  de: { words: de, agents: deAgents },
  fr: { words: fr, agents: frAgents },
  it: { words: it, agents: itAgents },
  es: { words: es, agents: esAgents },
};
