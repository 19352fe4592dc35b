import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { UserSaid } from "../../generated/chat/v1/room.js";
import { UserSaid as UserSaidJson } from "../../generated/chat/v1/room.json.js";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { cut, decodeInPlace, encodeInPlace, isInPlace } from "../../runtime/protocol/in-place.js";
import { jsonSerializer, protobufSerializer } from "../../runtime/protocol/serializer.js";
import type { BinaryReader } from "../../runtime/protocol/wire/binary-reader.js";
import { BinaryWriter } from "../../runtime/protocol/wire/binary-writer.js";
import { hex, toHex } from "./hex.js";

const codec = { protobuf: UserSaid, wire: UserSaid, json: UserSaidJson };
const message = fc.record({ name: fc.string(), text: fc.string({ maxLength: 600 }), atMs: fc.bigInt(0n, 2n ** 62n) });

describe("what can be read and written in place", () => {
  it.each([
    ["protobuf, by a codec that can", protobufSerializer, codec, true],
    ["protobuf, by one that cannot", protobufSerializer, { protobuf: UserSaid }, false],
    ["JSON", jsonSerializer, codec, false],
    ["what a serializer of one's own writes", { ...protobufSerializer, name: "own" }, codec, false],
  ] as const)("%s: %4$s", (_, serializer, given, expected) => {
    expect(isInPlace(serializer, given)).toBe(expected);
  });
});

test("a message is written behind what is there as it is by itself, and read there", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), message, fc.uint8Array(), (before, said, after) => {
      const alone = protobufSerializer.encode(codec, said);
      const out = new ByteBuffer(7);
      out.append(before);
      const start = out.end;
      const end = encodeInPlace(codec, said, out);
      expect(out.end).toBe(end);
      out.append(after);
      expect(Buffer.from(out.view())).toEqual(Buffer.concat([before, alone, after]));
      expect(decodeInPlace(codec, out.bytes, start, end, false)).toEqual(said);
      const lent = Uint8Array.from(out.bytes);
      const kept = decodeInPlace(codec, lent, start, end, true);
      lent.fill(0xff);
      expect(kept).toEqual(said);
    }),
  );
});

test("of a message that does not fit its type nothing is written", () => {
  const out = new ByteBuffer();
  out.append(Uint8Array.of(1, 2, 3));
  const wrong = { name: "ada", text: "x".repeat(1_000), atMs: 2n ** 63n };
  expect(() => encodeInPlace(codec, wrong, out)).toThrow("is no int64");
  expect(out.view()).toEqual(Uint8Array.of(1, 2, 3));
});

test.each([
  ["a message", 5n, "after"],
  ["a message that does not fit its type", 2n ** 63n, "is no int64"],
])("what %s writes to the same place by being read comes behind it", (_, atMs, outcome) => {
  const out = new ByteBuffer();
  out.append(Uint8Array.of(1));
  const said = {
    name: "ada",
    get text() {
      out.append(Uint8Array.of(7, 7));
      return "hi";
    },
    atMs,
  };
  const written = (): string => {
    encodeInPlace(codec, said, out);
    return "after";
  };
  let told = "";
  try {
    told = written();
  } catch (error) {
    told = String(error);
  }
  expect(told).toContain(outcome);
  const own = outcome === "after" ? UserSaid.encode({ name: "ada", text: "hi", atMs }).finish() : new Uint8Array();
  // The text is read twice: once to see whether there is one.
  expect(Buffer.from(out.view())).toEqual(Buffer.concat([Uint8Array.of(1), own, Uint8Array.of(7, 7, 7, 7)]));
});

test("bytes are taken out of the middle of a buffer", () => {
  const out = new ByteBuffer(1);
  out.append(Uint8Array.of(1, 2, 3, 4, 5));
  cut(out, 2, 4);
  expect(out.view()).toEqual(Uint8Array.of(1, 4, 5));
  cut(out, 3, 4);
  expect(out.view()).toEqual(Uint8Array.of(1, 4));
});

test("of bytes that are lent nothing is kept: a field of bytes, and one that is not known, are copies; of others they are views", () => {
  const keeping = {
    encode: (_message: Uint8Array[], writer = new BinaryWriter()) => writer,
    decode(input: BinaryReader | Uint8Array): Uint8Array[] {
      const reader = input as BinaryReader;
      const kept: Uint8Array[] = [];
      while (reader.pos < reader.enter()) {
        const tag = reader.uint32();
        kept.push(tag === 10 ? reader.bytes() : reader.skip(tag & 7));
      }
      return kept;
    },
  };
  const bytes = hex("ff 0a 02 a1 a2 12 03 b1 b2 b3 1b 22 01 c1 1c ff");
  const decode = (lent: boolean): Uint8Array[] =>
    decodeInPlace({ protobuf: keeping, wire: keeping }, bytes, 1, 15, lent);
  const copies = decode(true);
  expect(copies.map(toHex)).toEqual(["a1a2", "03b1b2b3", "2201c11c"]);
  expect(copies.map(({ buffer }) => buffer === bytes.buffer)).toEqual([false, false, false]);
  expect(decode(false).map(({ buffer }) => buffer === bytes.buffer)).toEqual([true, true, true]);
});
