// Holds every language to the English words: the same keys, the same names in them, plural forms, quotes and spaces.
import { parse, type Token } from "@messageformat/parser";
import { afterEach, describe, expect, it, vi } from "vitest";
import policy from "../../../src-tauri/crates/core/src/number/policy.rs?raw";
import mask from "../../../src-tauri/crates/core/src/number/mask.rs?raw";
import uri from "../../../src-tauri/crates/core/src/number/uri.rs?raw";
import { all } from "../words/all";
import { en } from "../words/en";
import { choose } from "../say";

const rust: Record<string, string> = import.meta.glob("../../../src-tauri/{agent/src,crates/engine/src,crates/pbx/src}/**/*.rs", { query: "?raw", import: "default", eager: true });
/** What these files of the agent say, without their tests. */
const sources = (files: RegExp) =>
  Object.entries(rust).filter(([path]) => files.test(path) && !/\/tests?[/.]/.test(path)).map(([, source]) => source.split("#[cfg(test)]")[0] ?? "");

const languages = Object.keys(all);
const others = languages.filter((one) => one !== "en");
/** The marks that words stand in between. */
const quotes: Record<string, string> = { en: "“”", de: "„“", fr: "«»", it: "«»", es: "«»" };
/** Words that are the same in English. */
const same: Record<string, RegExp> = {
  de: /^(ofKind\.|checks\.codes$|parkedWho$|secondsLeft$|colon$|hotkeyTest$|result\.problem$)/,
  fr: /^(pages$|parkedWho$|secondsLeft$|checks\.(notifications|session|codes)$)/,
  it: /^(password$|parkedWho$|secondsLeft$|colon$|checks\.account$)/,
  es: /^(parkedWho$|secondsLeft$|colon$)/,
};

const texts = (language: string): Map<string, string> => new Map(flat(all[language]?.words ?? {}));
/** What the agent says too, each by its place. */
const everything = (language: string): [string, string][] => [...texts(language), ...flat(all[language]?.agents ?? {})];

function flat(tree: object, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, part]): [string, string][] => {
    if (part === null) return [];
    return typeof part === "string" ? [[path + key, part]] : flat(part as object, `${path}${key}.`);
  });
}

/** What a message takes: `name`, or `name, plural`. */
function takes(tokens: Token[]): string[] {
  const found = tokens.flatMap((token) => {
    if (token.type === "argument") return [token.arg];
    if (token.type === "plural" || token.type === "select") return [`${token.arg}, ${token.type}`, ...token.cases.flatMap((one) => takes(one.tokens))];
    return token.type === "function" || token.type === "selectordinal" ? [`${token.arg}, not known here`] : [];
  });
  return [...new Set(found)].sort();
}

/** The plural forms that are missing in a message, and those that this language does not have. */
function wrongForms(language: string, tokens: Token[]): string[] {
  const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  return tokens.flatMap((token) => {
    if (token.type !== "plural") return [];
    const there = token.cases.map((one) => one.key).filter((key) => !key.startsWith("=") && !/^\d/.test(key));
    return [...needed.filter((key) => !there.includes(key)), ...there.filter((key) => !needed.includes(key as Intl.LDMLPluralRule)).map((key) => `no ${key}`)];
  });
}

afterEach(() => vi.resetModules());

/** The page's words when the system speaks this language. */
async function spoken(language: string) {
  vi.resetModules();
  vi.spyOn(navigator, "languages", "get").mockReturnValue([language, "en"]);
  return { ...(await import("../say")), ...(await import("../wording")) };
}

describe.each(languages)("the words in %s", (language) => {
  const here = texts(language);

  it("have the same keys as in English", () => {
    const english = [...texts("en").keys()];
    expect({ missing: english.filter((key) => !here.has(key)), unknown: [...here.keys()].filter((key) => !english.includes(key)) }).toEqual({ missing: [], unknown: [] });
  });

  it("name the same things as in English", () => {
    for (const [key, text] of texts("en")) expect({ key, takes: takes(parse(here.get(key) ?? "")) }).toEqual({ key, takes: takes(parse(text)) });
  });

  it("have all plural forms of the language", () => {
    for (const [key, text] of here) expect({ key, wrong: wrongForms(language, parse(text)) }).toEqual({ key, wrong: [] });
  });

  it("are written like those of this language", () => {
    const wrong = everything(language).flatMap(([key, text]) => {
      const faults: string[] = [];
      if (text.trim() === "" && key !== "hotkeyState.off") faults.push("is empty");
      if (/oops|hoppla|oups|ops\b|vaya\b|!|¡/i.test(text)) faults.push("shouts");
      if (/["'`´]|\.\.\.|  /.test(text)) faults.push("has typewriter marks");
      if (/[“”„«»]/.test(text.replaceAll(new RegExp(`[${quotes[language]}]`, "g"), ""))) faults.push("has quotes of another language");
      const [open = "", close = ""] = quotes[language] ?? "";
      if (text.split(open).length !== text.split(close).length) faults.push("opens and closes quotes differently");
      if (language === "fr" && /[^\s](?:[?;»]|:(?!\/\/|\d|$))|«(?! )/.test(text.replace("{scheme}:", ""))) faults.push("lacks a space before a mark");
      if (language === "es" && text.split("?").length !== text.split("¿").length) faults.push("asks without ¿");
      return faults.map((fault) => `${key} ${fault}: ${text}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(others)("the words in %s beside the English ones", (language) => {
  it("are not English by accident", () => {
    const english = texts("en");
    const left = [...texts(language)].filter(([key, text]) => english.get(key) === text && /\p{L}/u.test(text.replace(/\{[^}]*\}/g, "")) && !same[language]?.test(key));
    const agents = Object.entries(all[language]?.agents ?? {}).flatMap(([part, words]) => Object.entries(words as object).filter(([key, text]) => key.toLowerCase() === String(text).toLowerCase() && !same[language]?.test(`${part}.${key}`)));
    expect([...left, ...agents]).toEqual([]);
  });

  it("have an answer to everything that the agent says", () => {
    const agents = all[language]?.agents;
    const whys = [policy, mask, uri].flatMap((source) => [...(source.split("#[cfg(test)]")[0] ?? "").matchAll(/"([A-Z][^"\n]{12,}\.)"/g)].map((found) => found[1] ?? ""));
    expect(whys.length).toBeGreaterThan(30);
    expect(whys.filter((one) => !(one in (agents?.whys ?? {})))).toEqual([]);
    const hints = sources(/./).flatMap((source) => [...source.matchAll(/(?:_HINT: &str = |about: |about: format!\(|tell_of_disk\()"(\w+)/g)].map((found) => found[1] ?? ""));
    expect(hints.length).toBeGreaterThan(8);
    expect(hints.filter((one) => !(one in (agents?.hints ?? {})))).toEqual([]);
    const checks = sources(/\/(doctor|examination)\.rs$/).flatMap((source) => [...source.matchAll(/(?:Check::\w+\(\s*|named\(|hangs\(|const NAME: &str = )"([a-z -]+)"/g)].map((found) => found[1] ?? ""));
    expect(checks.length).toBeGreaterThan(20);
    expect(checks.filter((one) => !(one in (agents?.checks ?? {})))).toEqual([]);
  });
});

describe("the language of the page", () => {
  it("is the first of the system's that it speaks, else English", () => {
    expect(choose(["fr-CH", "de"])).toBe("fr-CH");
    expect(choose(["pl", "es-AR", "en"])).toBe("es-AR");
    expect(choose(["en-GB", "de"])).toBe("en-GB");
    expect(choose(["C", "de_DE.UTF-8", "x", "enm", ""])).toBe("en");
    expect(choose([])).toBe("en");
  });

  it("counts as it is usual there", async () => {
    const said = async (language: string, n: number) => (await spoken(language)).say.missedCount(n);
    expect(await said("en", 1)).toBe("1 missed call");
    expect(await said("en", 0)).toBe("0 missed calls");
    expect(await said("de", 2)).toBe("2 verpasste Anrufe");
    // In French nothing is singular, and a million is followed by "of".
    expect(await said("fr", 0)).toBe("0 appel manqué");
    expect(await said("fr", 2)).toBe("2 appels manqués");
    expect(await said("fr", 1_000_000)).toMatch(/d’appels manqués$/);
    expect(await said("it", 1)).toBe("1 chiamata persa");
    expect(await said("es", 12_345)).toBe("12.345 llamadas perdidas");
  });

  it("takes one thing as it is, and several by name", async () => {
    const { say } = await spoken("it");
    expect(say.callNumber("+39 06 5550")).toBe("Chiama +39 06 5550");
    expect(say.joins({ a: "Ann", b: "Bob" })).toBe("Collega Ann con Bob; Lei lascia la chiamata.");
    expect(say.tryingAgain(0)).toBe("Nuovo tentativo in corso.");
    // What stands in a name is never read as part of the message.
    expect(say.callsYou("{n, plural} # '<b>")).toBe("{n, plural} # '<b> chiama");
  });

  it("ends no French line before a mark", async () => {
    const { say, agents } = await spoken("fr");
    expect(say.why).toBe("Pourquoi\u00a0?");
    expect(say.colon).toBe("\u00a0: ");
    expect(say.nothingFound("x")).toContain("«\u00a0x\u00a0»");
    expect(flat(agents ?? {}).filter(([, text]) => / [:;?!»]|« /.test(text))).toEqual([]);
  });

  it("shows what the agent said as details", async () => {
    const { wording, hintWords, checkName, whyWords, say } = await spoken("es");
    expect(wording({ code: "timed_out", text: "The PBX does not answer.", remedy: "It is tried again." })).toEqual({
      text: "La centralita no responde.",
      remedy: "Trayphone lo intenta de nuevo por sí solo.",
      detail: "The PBX does not answer. It is tried again.",
    });
    expect(wording({ code: "policy_refuse", text: "This looks like a date.", remedy: "Nothing was dialled.", detail: null, certificate_sha256: null })).toMatchObject({
      text: "Parece una fecha.",
      remedy: "No ha pasado nada.",
    });
    expect(wording({ code: "wrong_usage", text: say.noNumber, remedy: say.nothingDialled })).toEqual({ text: say.noNumber, remedy: say.nothingDialled, detail: null });
    expect(hintWords({ about: "secret_not_stored:office", text: "Not stored.", remedy: null })).toMatchObject({ text: "No se ha podido poner la contraseña en el llavero.", detail: "Not stored." });
    expect(hintWords({ about: "new_one", text: "Something new.", remedy: "Look." })).toEqual({ text: "Something new.", remedy: "Look.", detail: null });
    expect([checkName("window hotkey"), checkName("clock office"), checkName("brand new")]).toEqual(["Atajo de la ventana", "Reloj office", "brand new"]);
    expect(whyWords("A sentence of a newer agent.")).toBe(say.doubtful);
  });

  it("leaves the agent's own English where the page is English", async () => {
    const { wording, hintWords, checkName } = await spoken("en-GB");
    expect(wording({ code: "timed_out", text: "No answer.", remedy: null })).toEqual({ text: "No answer.", remedy: null, detail: null });
    expect(hintWords({ about: "tray_host", text: "No tray.", remedy: null })).toEqual({ text: "No tray.", remedy: null, detail: null });
    expect(checkName("clock office")).toBe("clock office");
  });
});

describe("the types", () => {
  it("know what a message takes", async () => {
    const { say } = await spoken("en");
    // @ts-expect-error a number is needed
    const counted = say.missedCount("2");
    // @ts-expect-error one name is missing
    const joined = say.joins({ a: "Ann" });
    expect([counted, joined, en.why]).toEqual(["2 missed calls", "Connects Ann with undefined; you leave the call.", "Why?"]);
  });
});
