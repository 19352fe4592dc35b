import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readText } from "../../runtime/protocol/wire/read-text.js";
import { readText as readTextInBrowser } from "../../runtime/protocol/wire/read-text-browser.js";
import { strictUtf8, utf8 } from "../../runtime/protocol/wire/text-decoders.js";
import { concat } from "./hex.js";

describe.each([
  ["Node", readText],
  ["a browser", readTextInBrowser],
])("a text that is read in %s", (_where, read) => {
  it("is what a decoder makes of its bytes, whatever they are and stand among", () => {
    const ascii = fc.string({ maxLength: 40, unit: "binary-ascii" }).map((text) => new TextEncoder().encode(text));
    const any = fc.oneof({ weight: 3, arbitrary: ascii }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9 }), any, fc.uint8Array({ maxLength: 9 }), (before, bytes, after) => {
        const end = before.length + bytes.length;
        expect(read(concat(before, bytes, after), before.length, end, utf8)).toBe(utf8.decode(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it("may have any length, and one byte that is not ASCII anywhere", () => {
    for (let length = 0; length <= 40; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => 65 + index);
      expect(read(bytes, 0, length, strictUtf8)).toBe(String.fromCharCode(...bytes));
      for (let index = 0; index < length; index++) {
        const broken = bytes.with(index, 0x80);
        expect(read(broken, 0, length, utf8)).toBe(
          String.fromCharCode(...bytes).replace(/./gs, (char, at) => (at === index ? "\ufffd" : char)),
        );
        expect(() => read(broken, 0, length, strictUtf8)).toThrow(TypeError);
      }
    }
  });
});
