import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeComeBack,
  decodeDrain,
  decodeSystem,
  encodeSystem,
  hasCapability,
  longestComeBackMs,
} from "../../runtime/protocol/system.js";
import { hex, toHex } from "./hex.js";

const bodyOf = (text: string) => new TextEncoder().encode(text);

describe("a system message", () => {
  it("is a packet of type 6 with JSON", () => {
    expect(toHex(encodeSystem({ ping: 7 }))).toBe(toHex(hex("06 00 00 0a '{\"ping\":7}'")));
  });

  it.each(["", "x", "null", "7", '"x"', "[", "\ufeff{"])("is nothing when it is %j", (text) => {
    expect(decodeSystem(bodyOf(text))).toEqual({});
  });

  it("never throws, whatever it is, and tells no time that is out of bounds", () => {
    const time = (value: unknown) => typeof value === "number" && value >= 0 && value <= longestComeBackMs;
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bodyOf)), fc.jsonValue(), (bytes, value) => {
        expect(decodeSystem(bytes)).toBeTypeOf("object");
        const members = { graceMs: value, afterMs: value, spreadMs: value, url: value, reason: value };
        const drain = decodeDrain(members);
        expect([drain?.graceMs, drain?.afterMs, drain?.spreadMs].filter(time)).toHaveLength(3);
        expect(drain?.reason).toBeTypeOf("string");
        expect(["string", "undefined"]).toContain(typeof drain?.url);
      }),
    );
  });
});

describe("where and when to come back", () => {
  it.each([
    ["nothing", undefined, undefined],
    ["null", null, undefined],
    ["a number", 7, undefined],
    ["all of it", { afterMs: 1, spreadMs: 2, url: "ws://x" }, { afterMs: 1, spreadMs: 2, url: "ws://x" }],
    ["times that are none", { afterMs: -1, spreadMs: "2" }, { afterMs: 0, spreadMs: 0, url: undefined }],
    ["times that never end", { afterMs: Number.POSITIVE_INFINITY }, { afterMs: 86_400_000, spreadMs: 0 }],
  ])("is read from %s", (_, value, expected) => {
    expect(decodeComeBack(value)).toEqual(expected);
    expect(decodeDrain(value)).toEqual(expected && { ...expected, graceMs: 0, reason: "" });
  });
});

describe("a capability", () => {
  it.each([
    [["drain", "ping"], true],
    [["ping"], false],
    [[], false],
    ["drain", false],
    [{ drain: true }, false],
    [undefined, false],
  ])("is known of %j: %s", (capabilities, expected) => {
    expect(hasCapability({ capabilities }, "drain")).toBe(expected);
  });
});
