import { describe, expect, it } from "vitest";
import { fingerprint, looksLikeNumber, number, tidy, timer, title } from "../format";

describe("numbers", () => {
  it.each([
    ["+4930555001", "+49 30 555001"],
    ["+4917012345678", "+49 170 12345678"],
    ["+12025550143", "+1 202 555 0143"],
    ["+43720123456", "+43 720123456"],
    ["+420123456789", "+420 123456789"],
    ["207", "207"],
    ["0 030 555001", "0 030 555001"],
    ["+49", "+49"],
  ])("%s is written %s", (from, to) => expect(number(from)).toBe(to));

  it.each([
    ["207", true],
    ["+49 (30) 555-001", true],
    ["*97#", true],
    ["Ann", false],
    ["room 4", false],
    ["", false],
  ])("%s is meant as a number: %s", (text, meant) => expect(looksLikeNumber(text)).toBe(meant));
});

describe("untrusted text", () => {
  it("loses its controls, its direction and its length", () => {
    expect(tidy("  Mara\n\tBeispiel \u202eevil\u0007")).toBe("Mara Beispiel evil");
    expect([...tidy("x".repeat(500))].length).toBe(80);
    expect(title({ name: "\u202e\n", number: "+4930555001" })).toBe("+49 30 555001");
    expect(title({ name: null, number: null })).toBe("Unknown caller");
  });
});

describe("times and fingerprints", () => {
  it("are read at a glance", () => {
    expect(timer(42_000)).toBe("00:42");
    expect(timer(3_723_000)).toBe("1:02:03");
    expect(timer(-5)).toBe("00:00");
    expect(fingerprint("ab:cd".repeat(16)).map((line) => line.length)).toEqual([4, 4, 4, 4]);
  });
});
