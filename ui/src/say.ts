// Chooses the language of the page by that of the system.
import { en, type Words } from "./words";
import { de } from "./words.de";

const wanted = new URLSearchParams(location.search).get("language") ?? navigator.language;
export const language = wanted.toLowerCase().startsWith("de") ? wanted : "en";
export const say: Words = language.startsWith("de") ? de : en;
