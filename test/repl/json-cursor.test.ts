import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonCursor } from "../../runtime/repl/json-cursor.js";
import { goesOn } from "../../runtime/repl/split-line.js";

describe("jsonCursor", () => {
  it.each([
    ["", { expects: "value", path: [], word: "" }],
    ["{", { expects: "key", path: [], given: [], word: "" }],
    ['{"na', { expects: "key", path: [], given: [], word: '"na' }],
    ['{"name"', { expects: "nothing" }],
    ['{"name":', { expects: "value", path: [{ key: "name" }], word: "" }],
    ['{"name": "a', { expects: "value", path: [{ key: "name" }], word: '"a' }],
    ['{"name": tr', { expects: "value", path: [{ key: "name" }], word: "tr" }],
    ['{"name": "a\\"b", ', { expects: "key", path: [], given: ["name"], word: "" }],
    ['{"cards": [', { expects: "value", path: [{ key: "cards" }, "item"], word: "" }],
    ['{"cards": [{"number": 1}, {', { expects: "key", path: [{ key: "cards" }, "item"], given: [], word: "" }],
    ['{"a": {"b": 1}', { expects: "nothing" }],
    ['{"a": 1}', { expects: "nothing" }],
    ["}", { expects: "nothing" }],
    ["{]", { expects: "nothing" }],
    ["{1", { expects: "key", path: [], given: [], word: "1" }],
    ["{} {", { expects: "nothing" }],
  ])("%j", (text, cursor) => {
    expect(jsonCursor(text)).toEqual(cursor);
  });

  it("knows in each beginning of a value what is open, and in the whole of it that nothing is", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, at) => {
        const text = JSON.stringify(value);
        expect(jsonCursor(text)).toEqual({ expects: "nothing" });
        expect(goesOn(`request A.B ${text}`)).toBe(false);
        const cut = text.slice(0, at % text.length);
        const cursor = jsonCursor(cut);
        const word = cursor.expects === "nothing" ? "" : cursor.word;
        expect(cut.endsWith(word)).toBe(true);
      }),
    );
  });
});

describe("goesOn", () => {
  it.each([
    ["request A.B {", true],
    ['request A.B {"a": [1,', true],
    ['request A.B {"a": "}"', true],
    ['request A.B {"a": "{"}', false],
    ['request A.B {"a": "unfinished', false],
    ["request A.B }", false],
    ["routes", false],
    ["request A[0{", false],
    ["# not {", false],
    ['request A.B {\n"a": [\n', true],
  ])("%j: %j", (command, expected) => {
    expect(goesOn(command)).toBe(expected);
  });
});
