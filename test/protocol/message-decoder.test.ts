import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMessageHeader, MessageHeader } from "../../runtime/protocol/message-decoder.js";
import { concat, toHex } from "./hex.js";
import { type Result, resultOf } from "./outcome.js";
import { badMessageVectors, messageVectors } from "./vectors.js";

/** Decodes a message that lies between other bytes, into a header that holds another message's fields. */
function decodeBetween(before: Uint8Array, message: Uint8Array, after: Uint8Array) {
  const header = new MessageHeader();
  Object.assign(header, {
    type: 3,
    id: 99n,
    code: 99,
    route: "left over",
    compressed: true,
    error: true,
    payloadStart: 99,
  });
  const bytes = concat(before, message, after);
  const end = before.length + message.length;
  return resultOf(() => {
    decodeMessageHeader(bytes, before.length, end, header);
    const { payloadStart, ...fields } = header;
    return { fields, payload: toHex(bytes.subarray(payloadStart, end)) };
  });
}

const nothing = new Uint8Array(0);
/** What lies around: were it read, an id or a route would end, or go on, where it does not. */
const surroundings = [
  [nothing, nothing],
  [Uint8Array.of(0, 1, 1), Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)],
  [Uint8Array.of(0x80), new Uint8Array(300).fill(0x61)],
] as const;

describe("messages that are read", () => {
  it.each(messageVectors)("$name", ({ bytes, header, payload }) => {
    for (const [before, after] of surroundings) {
      expect(decodeBetween(before, bytes, after)).toEqual({ value: { fields: header, payload: toHex(payload) } });
    }
  });

  it("ids are numbers as long as a number holds them exactly", () => {
    const kinds = messageVectors.map(({ bytes }) => decodeBetween(nothing, bytes, nothing)).map(idOf);
    expect(kinds.filter((id) => typeof id === "number").every((id) => Number.isSafeInteger(id))).toBe(true);
    expect(kinds.filter((id) => typeof id === "bigint").every((id) => id >= 2n ** 53n)).toBe(true);
    expect(new Set(kinds.map((id) => typeof id))).toEqual(new Set(["number", "bigint"]));
  });

  function idOf(result: ReturnType<typeof decodeBetween>): number | bigint {
    return "value" in result ? result.value.fields.id : Number.NaN;
  }
});

describe("messages that are refused", () => {
  it.each(badMessageVectors)("$name", ({ bytes, says }) => {
    for (const [before, after] of surroundings) {
      expect(decodeBetween(before, bytes, after)).toEqual({
        error: "invalid_message",
        scope: "connection",
        message: expect.stringContaining(says) as unknown,
      });
    }
  });

  it("every message that is read is refused when it is cut before its payload", () => {
    const heads = messageVectors.flatMap(({ bytes, payload }) => {
      const head = bytes.subarray(0, bytes.length - payload.length);
      return Array.from(head, (_, length) => head.subarray(0, length));
    });
    const results = heads.map((head) => decodeBetween(nothing, head, Uint8Array.of(1, 1, 1, 1)));
    expect(results.length).toBeGreaterThan(messageVectors.length);
    expect(results).toEqual(results.map(() => expect.objectContaining({ error: "invalid_message" }) as unknown));
  });
});

interface PlainMessage {
  readonly fields: Omit<MessageHeader, "payloadStart">;
  readonly payload: string;
}

/** PROTOCOL.md, 2, read in the plainest way; undefined for an error. */
function readPlainly(message: Uint8Array): PlainMessage | undefined {
  const bits = (message[0] ?? 0xff).toString(2).padStart(8, "0");
  const [, error, compressed, kind, code] = /^00(.)(.)0(..)(.)$/.exec(bits) ?? [];
  if (kind === undefined) {
    return undefined;
  }
  let rest = message.slice(1);
  let id = 0n;
  if (kind === "00" || kind === "10") {
    const groups = rest.findIndex((byte) => byte < 128) + 1;
    id = rest.slice(0, groups).reduceRight((sum, byte) => sum * 128n + BigInt(byte % 128), 0n);
    if (groups === 0 || groups > 10 || id >= 2n ** 64n || (id === 0n && kind === "00")) {
      return undefined;
    }
    rest = rest.slice(groups);
  }
  const fields = {
    type: ["00", "01", "10", "11"].indexOf(kind) as MessageHeader["type"],
    id: id < 2n ** 53n ? Number(id) : id,
    code: 0,
    route: "",
    compressed: compressed === "1",
    error: error === "1" && kind === "10",
  };
  if (kind !== "10" && code === "1") {
    fields.code = rest.length < 2 ? 0 : Buffer.from(rest).readUInt16BE();
    if (fields.code === 0) {
      return undefined;
    }
    rest = rest.slice(2);
  } else if (kind !== "10") {
    const end = 1 + (rest[0] ?? 255);
    const route = Buffer.from(rest.slice(1, end));
    fields.route = route.toString();
    if (rest.length < end || !Buffer.from(fields.route).equals(route)) {
      return undefined;
    }
    rest = rest.slice(end);
  }
  return { fields, payload: toHex(rest) };
}

describe("properties", () => {
  const flag = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(...Array.from({ length: 64 }, (_, index) => index).filter((f) => (f & 8) === 0)),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
  );
  const varintish = fc
    .tuple(fc.array(fc.integer({ min: 0x80, max: 0xff }), { maxLength: 11 }), fc.integer({ min: 0, max: 0x7f }))
    .map(([more, last]) => Uint8Array.from([...more, last]));
  const routeish = fc
    .oneof(
      fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
      fc.uint8Array({ maxLength: 6 }),
    )
    .chain((text) =>
      fc
        .integer({ min: Math.max(0, text.length - 1), max: text.length })
        .map((length) => concat(Uint8Array.of(length & 0xff), text)),
    );
  const messageish = fc
    .tuple(
      flag,
      fc.oneof(varintish, fc.constant(nothing)),
      fc.oneof(routeish, fc.constant(nothing)),
      fc.uint8Array({ maxLength: 4 }),
    )
    .map(([first, ...parts]) => concat(Uint8Array.of(first), ...parts));

  it("any bytes come to what the plain reading comes to", () => {
    fc.assert(
      fc.property(
        fc.oneof(messageish, fc.uint8Array({ maxLength: 40 })),
        fc.uint8Array({ maxLength: 12 }),
        (bytes, after) => {
          const plain = readPlainly(bytes);
          const expected: Result<unknown> =
            plain === undefined
              ? { error: "invalid_message", scope: "connection", message: expect.any(String) as string }
              : { value: plain };
          expect(decodeBetween(nothing, bytes, after)).toEqual(expected);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
