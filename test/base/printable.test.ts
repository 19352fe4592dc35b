import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable } from "../../runtime/base/printable.js";

describe("printable", () => {
  it.each([
    ["what a terminal obeys", "\u001b]0;title\u0007", "\\u001b]0;title\\u0007"],
    ["the same in one character", "\u009b31m", "\\u009b31m"],
    ["what moves the cursor", "a\rb\nc\bd\u007f", "a\\u000db\\u000ac\\u0008d\\u007f"],
    ["what turns text around", "\u202etxt.exe\u2066", "\\u202etxt.exe\\u2066"],
    ["what hides in text", "a\u200bb\u{e0041}", "a\\u200bb\\udb40\\udc41"],
    ["half a pair", "\ud800", "\\ud800"],
    ["emoji, and letters of all kinds", "é漢字 👩‍👩‍👧 ок", "é漢字 👩‍👩‍👧 ок"],
  ])("writes %s as it may be shown", (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("lets nothing through that a terminal obeys, and what was JSON is the same JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary", maxDepth: 1 }), (value) => {
        const shown = printable(JSON.stringify(value));
        expect(shown).not.toMatch(/(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
