/** Runes everywhere; styles go to files, because the page's policy allows no inline ones. */
export default { compilerOptions: { runes: true, css: "external" } };
