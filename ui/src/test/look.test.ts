import { describe, expect, it } from "vitest";
import css from "../look.css?raw";

const parts: Record<string, string> = import.meta.glob(["../App.svelte", "../parts/*.svelte"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const marks: Record<string, string> = import.meta.glob("../../../icons/presence/*.svg", { query: "?raw", import: "default", eager: true });

/** The colours of one `:root` block, by their order in the file, laid over the ones before. */
function tokens(...blocks: number[]): Record<string, string> {
  const roots = [...css.matchAll(/:root \{([^}]*)\}/g)].map((match) => match[1] ?? "");
  const found: Record<string, string> = {};
  for (const block of blocks) for (const [, name = "", value = ""] of (roots[block] ?? "").matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)) found[name] = value;
  return found;
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each([
  ["light", tokens(0)],
  ["dark", tokens(0, 1)],
  ["more contrast, light", tokens(0, 2)],
  ["more contrast, dark", tokens(0, 1, 2, 3)],
])("colours, %s", (_name, token) => {
  const of = (name: string) => {
    const colour = token[name];
    if (!colour) throw new Error(`no colour ${name}`);
    return colour;
  };

  it.each(["surface", "surface-raised", "surface-sunk", "accent-soft", "warn-soft", "bad-soft"])("of text on %s have 4.5:1", (ground) => {
    expect(contrast(of("text"), of(ground))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of("text-dim"), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ["on-accent", "accent"],
    ["on-good", "good"],
    ["on-bad", "bad"],
    ["on-alarm", "alarm"],
    ["accent", "accent-soft"],
    ["accent", "surface"],
    ["accent", "surface-raised"],
    ["bad", "surface"],
    ["bad", "surface-raised"],
    ["warn", "surface-raised"],
  ])("of %s on %s have 4.5:1", (text, ground) => {
    expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["good", "busy", "warn", "text-dim", "line-strong"])("of marks in %s have 3:1", (mark) => {
    for (const ground of ["surface", "surface-raised", "surface-sunk", "accent-soft"]) {
      expect(contrast(of(mark), of(ground))).toBeGreaterThanOrEqual(3);
    }
  });
});

describe("the sources", () => {
  it.each(Object.entries(parts))("%s puts in no markup from elsewhere, no address and no inline style", (_file, text) => {
    expect(text).not.toMatch(/\{@html|innerHTML|insertAdjacentHTML|https?:\/\/\w/);
    expect(text).not.toMatch(/\sstyle="/);
    expect(text).not.toContain("localStorage");
  });

  it.each(Object.entries(marks))("show presence in the shape of %s", (file, icon) => {
    const name = file.split("/").at(-1)?.replace(".svg", "");
    const shape = /\sd="([^"]+)"/.exec(icon)?.[1];
    expect(parts["../parts/Mark.svelte"]).toContain(`${name}: "${shape}"`);
  });
});
