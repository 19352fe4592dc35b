import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { hasSecret } from "../../runtime/repl/has-secret.js";
import { encodeJsonPayload, type PayloadForm, showPayload } from "../../runtime/repl/message-json.js";
import { ProtocolBook } from "../../runtime/repl/protocol-book.js";
import { toHex } from "../protocol/hex.js";
import { arenaBook, arenaSet } from "./support/arena.js";

const book = arenaBook();
const form = (type: string | undefined, serializer: string): PayloadForm => ({ book, type, serializer });
const play = form("arena.v1.PlayRequest", "protobuf");
const wide = Number.POSITIVE_INFINITY;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** `fine`, or the code of the error. */
function outcome(call: () => unknown): string {
  try {
    call();
    return "fine";
  } catch (error) {
    return error instanceof NanowireError ? error.code : String(error);
  }
}

describe("what is written becomes a payload", () => {
  it.each([
    ["a message", '{"name": "ada", "cards": [{"number": 7, "colour": "RED"}]}', "0a036164611204 0807 1001"],
    ["names as in the .proto", '{"at_ms": "1"}', "2801"],
    ["nothing", "", ""],
    ["bytes, as they are", "0x0AfF", "0aff"],
  ])("%s", (_, json, hex) => {
    expect(toHex(encodeJsonPayload("A.B", json, play))).toBe(hex.replaceAll(" ", ""));
  });

  it("goes as it was written where JSON is spoken", () => {
    const json = '{"at_ms": 9007199254740993, "name": "ada"}';
    expect(text(encodeJsonPayload("A.B", json, form(undefined, "json")))).toBe(json);
    expect(text(encodeJsonPayload("A.B", '{"name":  "ada"}', { ...play, serializer: "json" }))).toBe(
      '{"name":  "ada"}',
    );
    expect(text(encodeJsonPayload("A.B", "", form(undefined, "json")))).toBe("{}");
    expect(encodeJsonPayload("A.B", "", form("google.protobuf.Empty", "protobuf"))).toEqual(new Uint8Array());
    expect(encodeJsonPayload("A.B", "", form(undefined, "protobuf"))).toEqual(new Uint8Array());
  });

  it.each([
    [
      '{"nam": "ada"}',
      "A.B: there is no field nam in arena.v1.PlayRequest: there are name, atMs, cards, hands, colours and 1 more",
    ],
    [
      '{"cards": [{}, {"nmber": 1}]}',
      "A.B cards[1]: there is no field nmber in arena.v1.Card: there are number, under, colour, isOpen",
    ],
    ['{"hands": {"left": {"x": 1}}}', 'A.B hands["left"]: there is no field x in arena.v1.Card: there are '],
    ['{"colours": ["RDE"]}', "A.B colours[0]: there is no value RDE in arena.v1.Colour: there are RED, NONE, BLUE"],
    ['{"name": 1}', "the message for A.B is no arena.v1.PlayRequest: "],
    ['{"name": "a", "name": "b"}', "the message for A.B is no arena.v1.PlayRequest: "],
    ['{"name"}', "the message for A.B is no JSON: "],
    ["0x0", "0x0 are no bytes: write two hexadecimal digits for each"],
  ])("%s is refused, and what is meant is told", (json, message) => {
    expect(() => encodeJsonPayload("A.B", json, play)).toThrow(message);
  });

  it("says what to do where types are not known", () => {
    expect(() => encodeJsonPayload("A.B", "{}", form(undefined, "protobuf"))).toThrow(
      "the types of A.B are not known, and the server speaks protobuf: declare them",
    );
    expect(() => encodeJsonPayload("A.B", "{", form(undefined, "json"))).toThrow("the message for A.B is no JSON");
  });
});

describe("what came is shown", () => {
  const answer = form("arena.v1.PlayResponse", "protobuf");

  it("as JSON, with the fields that cannot be absent", () => {
    expect(showPayload(new Uint8Array(), answer, wide)).toEqual(['{"count":0}']);
    expect(showPayload(Uint8Array.of(8, 2), answer, 5)).toEqual(["{", '  "count": 2', "}"]);
    expect(showPayload(new Uint8Array(), form("google.protobuf.Empty", "protobuf"), wide)).toEqual(["{}"]);
  });

  it("as it came, where that is JSON, or nobody knows what it is", () => {
    const bytes = new TextEncoder().encode('{"n":9007199254740993}');
    expect(showPayload(bytes, form(undefined, "json"), 3)).toEqual(['{"n":9007199254740993}']);
    expect(showPayload(new TextEncoder().encode('{"a":1}'), form(undefined, "json"), 3)).toEqual([
      "{",
      '  "a": 1',
      "}",
    ]);
    expect(showPayload(new TextEncoder().encode("oops"), form(undefined, "json"), wide)).toEqual(["oops"]);
    expect(showPayload(new Uint8Array(), form(undefined, "json"), wide)).toEqual(["{}"]);
    expect(showPayload(Uint8Array.of(1, 255), form(undefined, "protobuf"), wide)).toEqual(["0x01ff"]);
    expect(showPayload(new Uint8Array(300), form(undefined, "protobuf"), wide)).toEqual([
      `0x${"00".repeat(256)}… (300 bytes)`,
    ]);
  });

  it("is refused when it is no such message, and shown", () => {
    expect(() => showPayload(Uint8Array.of(0x12, 0x7f), answer, wide)).toThrow(
      /^2 bytes are no arena\.v1\.PlayResponse: .*: 0x127f$/,
    );
  });
});

describe("whatever comes, and whatever is written", () => {
  it("is shown, or refused with an error that says why", () => {
    const serializers = fc.constantFrom("protobuf", "json");
    const types = fc.constantFrom("arena.v1.PlayRequest", "google.protobuf.Empty", undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), serializers, types, (bytes, serializer, type) => {
        expect(outcome(() => showPayload(bytes, form(type, serializer), 20))).toMatch(/^(fine|invalid_response)$/);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), serializers, types, (json, serializer, type) => {
        expect(outcome(() => encodeJsonPayload("A.B", json, form(type, serializer)))).toMatch(
          /^(fine|invalid_payload)$/,
        );
      }),
    );
  });

  it("comes back as it was sent", () => {
    const card = fc.record({ number: fc.integer({ min: 1 }), isOpen: fc.constant(true) });
    const hands = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), card, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.record({ name: fc.string({ minLength: 1 }), cards: fc.array(card), hands }), (message) => {
        const payload = encodeJsonPayload("A.B", JSON.stringify(message), play);
        expect(JSON.parse(showPayload(payload, play, wide).join(""))).toMatchObject(message);
      }),
    );
  });
});

describe("a book", () => {
  it("is read from a FileDescriptorSet, too, and knows its types", () => {
    expect(ProtocolBook.read(arenaSet).types.map(({ typeName }) => typeName)).toEqual([
      "arena.v1.Card",
      "arena.v1.PlayRequest",
      "arena.v1.PlayResponse",
      "arena.v1.Colour",
    ]);
    expect(() => ProtocolBook.read(Uint8Array.of(0x0a, 0x7f))).toThrow("the descriptors are no FileDescriptorSet: ");
    expect(() => ProtocolBook.read("{}")).toThrow("descriptors are not what `nanowire generate --descriptors FILE`");
  });

  it("takes no type that there is not", () => {
    expect(() => arenaBook().declare("A.B", "push", "arena.v1.Crad", "google.protobuf.Empty")).toThrow(
      "there is no message arena.v1.Crad: there are arena.v1.Card, ",
    );
  });
});

describe("hasSecret", () => {
  it.each([
    ['Arena.Play {"password": "x"}', true],
    ['Arena.Play {"name": "x"}', false],
    ['Arena.Play {"password": "x"', true],
    ["Arena.Play", false],
    ['Arena.Leave {"password": "x"}', false],
    ["Nobody.Knows {", false],
  ])("%s: %j", (line, expected) => {
    expect(hasSecret(line, book)).toBe(expected);
  });
});
