// What `#words/…` brings: one language, made of the texts in this folder when the page is built (`words.plugin.ts`).
declare const spoken: import("./types").Spoken;
export default spoken;
