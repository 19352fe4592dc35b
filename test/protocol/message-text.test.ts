import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MessageCodec, Redaction } from "../../runtime/protocol/codec.js";
import { maxTextLength, messageText } from "../../runtime/protocol/message-text.js";

const inner: Redaction = { code: true, more: () => inner };
const redaction: Redaction = { password: true, mother: true, card: () => inner, cards: () => inner };

/** As a codec sees it; how it is encoded plays no part here. */
function textOf(message: unknown, redacted?: Redaction): string {
  const codec = { protobuf: {}, ...(redacted === undefined ? {} : { redaction: redacted }) };
  return messageText(codec as unknown as MessageCodec<unknown>, message);
}

describe("messageText", () => {
  it.each<[string, unknown, string]>([
    ["no message", undefined, "{}"],
    ["nothing", {}, "{}"],
    ["scalars", { a: 1, b: -0.5, c: 2n, d: true, e: Number.NaN }, "{a: 1, b: -0.5, c: 2, d: true, e: NaN}"],
    ["texts, without breaks of their own", { a: 'x"\n\u001b' }, '{a: "x\\"\\n\\u001b"}'],
    ["bytes, counted", { a: Uint8Array.of(1, 2, 3) }, "{a: <3 bytes>}"],
    ["times", { a: new Date(0), b: new Date(Number.NaN) }, "{a: 1970-01-01T00:00:00.000Z, b: no time}"],
    ["what is absent", { a: undefined, b: null }, "{b: null}"],
    ["lists", { a: [1, 2], b: [] }, "{a: [1, 2], b: []}"],
    ["messages", { a: { b: { c: 1 } } }, "{a: {b: {c: 1}}}"],
    [
      "maps",
      {
        a: new Map<unknown, unknown>([
          ["k", 1],
          [2n, { x: 1 }],
        ]),
      },
      '{a: {"k": 1, 2: {x: 1}}}',
    ],
    ["a oneof", { which: { $case: "name", value: "ada" } }, '{which: {name: "ada"}}'],
    ["fields that are not known", { a: 1, _unknownFields: { 8: [Uint8Array.of(1)] } }, "{a: 1}"],
    ["what no message holds", { a: () => 1, b: Symbol("s") }, "{a: a function, b: Symbol(s)}"],
    ["what is no object", "text", '"text"'],
  ])("shows %s", (_, message, text) => {
    expect(textOf(message)).toBe(text);
  });

  it.each<[string, object, string]>([
    ["a field", { name: "ada", password: "hunter2" }, '{name: "ada", password: [redacted]}'],
    ["a field that is empty", { password: "" }, "{password: [redacted]}"],
    ["a list, bytes, a map", { password: ["a", Uint8Array.of(1), new Map([["b", 1]])] }, "{password: [redacted]}"],
    ["in a message", { card: { owner: "ada", code: 5 } }, '{card: {owner: "ada", code: [redacted]}}'],
    ["in a list", { cards: [{ code: 1 }, { code: 2 }] }, "{cards: [{code: [redacted]}, {code: [redacted]}]}"],
    ["in a map", { cards: new Map([["x", { code: 1 }]]) }, '{cards: {"x": {code: [redacted]}}}'],
    ["in itself", { card: { more: { more: { code: 1 } } } }, "{card: {more: {more: {code: [redacted]}}}}"],
    ["of a oneof", { proof: { $case: "mother", value: "eve" } }, "{proof: {mother: [redacted]}}"],
    ["in a oneof", { proof: { $case: "card", value: { code: 1 } } }, "{proof: {card: {code: [redacted]}}}"],
    ["and nothing else", { code: 1, constructor: "c", toString: "t" }, '{code: 1, constructor: "c", toString: "t"}'],
  ])("leaves out %s", (_, message, text) => {
    expect(textOf(message, redaction)).toBe(text);
  });

  it("cuts long texts, and never gets longer than it may, whatever it is given", () => {
    expect(textOf({ a: "x".repeat(1_000_000), b: 1 })).toBe(`{a: "${"x".repeat(200)}"…, b: 1}`);
    const many = textOf({ list: Array.from({ length: 1_000_000 }, () => 7) });
    expect(many).toHaveLength(maxTextLength + 1);
    expect(many.startsWith("{list: [7, 7, 7, ")).toBe(true);
    expect(many.endsWith("…")).toBe(true);
    const round: { self?: unknown } = {};
    round.self = round;
    expect(textOf(round).length).toBeLessThanOrEqual(maxTextLength + 1);
    const unreadable = Object.defineProperty({}, "a", { enumerable: true, get: () => fail() });
    expect(textOf(unreadable)).toBe("(a message that cannot be shown)");
  });

  it("never tells what is to be left out", () => {
    const secret = "hunter2";
    const value = fc.letrec((tie) => ({
      message: fc.record(
        {
          name: fc.string(),
          password: fc.constantFrom<unknown>(secret, [secret], { a: secret }, new Map([[secret, secret]])),
          proof: fc.oneof(
            fc.record({ $case: fc.constant("mother"), value: fc.constant(secret) }),
            fc.record({ $case: fc.constant("card"), value: tie("card") }),
          ),
          card: tie("card"),
          cards: fc.oneof(fc.array(tie("card"), { maxLength: 3 }), fc.dictionary(fc.string(), tie("card")).map(toMap)),
        },
        { requiredKeys: [] },
      ),
      card: fc.record({ owner: fc.string(), code: fc.constant(secret), more: tie("card") }, { requiredKeys: [] }),
    })).message;
    fc.assert(
      fc.property(value, (message) => {
        const text = textOf(message, redaction);
        expect(text).not.toContain(secret);
        expect(text.length).toBeLessThanOrEqual(maxTextLength + 1);
      }),
    );
  });
});

function toMap<T>(entries: Record<string, T>): Map<string, T> {
  return new Map(Object.entries(entries));
}

function fail(): never {
  throw new Error("it cannot be read");
}
