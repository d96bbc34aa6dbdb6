// A colleague's state in words.
import { time } from "../format";
import { say } from "../say";
import type { Person } from "../types";

/** State, do-not-disturb beside a call, and since when it is unknown. */
export function presenceWords(person: Person): string {
  if (person.presence === "unknown") {
    const since = person.last_known?.at ?? person.since;
    return since ? say.unknownSince(time(since)) : say.presence.unknown.toLowerCase();
  }
  const word = lower(say.presence[person.presence]);
  return person.dnd && person.presence !== "dnd" ? `${word}, ${say.alsoDnd}` : word;
}

/** German nouns keep their capital; states are written small in rows. */
function lower(word: string): string {
  return word.charAt(0).toLowerCase() + word.slice(1);
}
