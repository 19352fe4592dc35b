import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import type { MessageId } from "../../runtime/protocol/message.js";
import { decodeMessageHeader, MessageHeader } from "../../runtime/protocol/message-decoder.js";
import { writeNotify, writePush, writeRequest, writeResponse } from "../../runtime/protocol/message-encoder.js";
import * as messageType from "../../runtime/protocol/message-type.js";
import { maxBodyBytes } from "../../runtime/protocol/packet.js";
import { PacketDecoder } from "../../runtime/protocol/packet-decoder.js";
import * as packetType from "../../runtime/protocol/packet-type.js";
import { hex, toHex } from "./hex.js";
import { resultOf } from "./outcome.js";

function written(write: (out: ByteBuffer) => void, headroom = 0): string {
  const out = new ByteBuffer(headroom);
  write(out);
  return toHex(out.view());
}

const none = new Uint8Array(0);
const payload = hex("0a 00");
const route255 = "r".repeat(255);

describe("each kind, byte for byte", () => {
  it.each<[string, (out: ByteBuffer) => void, string]>([
    ["a request", (out) => writeRequest(out, 5, "Room.Join", 0, payload), "04 00 00 0e 00 05 09 'Room.Join' 0a 00"],
    [
      "a request with a code",
      (out) => writeRequest(out, 5, "Room.Join", 0x1234, payload),
      "04 00 00 06 01 05 12 34 0a 00",
    ],
    ["a request without a payload", (out) => writeRequest(out, 300, "r", 0, none), "04 00 00 05 00 ac 02 01 'r'"],
    ["a notify", (out) => writeNotify(out, "Room.Say", 0, payload), "04 00 00 0c 02 08 'Room.Say' 0a 00"],
    ["a notify with a code", (out) => writeNotify(out, "Room.Say", 1, payload), "04 00 00 05 03 00 01 0a 00"],
    ["a response", (out) => writeResponse(out, 5, payload, false), "04 00 00 04 04 05 0a 00"],
    ["a response without a payload", (out) => writeResponse(out, 5, none, false), "04 00 00 02 04 05"],
    ["an error", (out) => writeResponse(out, 128, payload, true), "04 00 00 05 24 80 01 0a 00"],
    ["a push", (out) => writePush(out, "Room.Joined", 0, payload), "04 00 00 0f 06 0b 'Room.Joined' 0a 00"],
    [
      "a push with the greatest code",
      (out) => writePush(out, "Room.Joined", 65_535, payload),
      "04 00 00 05 07 ff ff 0a 00",
    ],
    ["a push without a payload", (out) => writePush(out, "r", 0, none), "04 00 00 03 06 01 'r'"],
    [
      "a route of several bytes a character",
      (out) => writePush(out, "é€😀", 0, none),
      "04 00 00 0b 06 09 c3 a9 e2 82 ac f0 9f 98 80",
    ],
    ["a route of 255 bytes", (out) => writeNotify(out, route255, 0, none), `04 00 01 01 02 ff '${route255}'`],
  ])("%s", (_, write, expected) => {
    expect(written(write)).toBe(toHex(hex(expected)));
    expect(written(write, 14)).toBe(toHex(hex(expected)));
  });

  it("writes behind what is there", () => {
    expect(
      written((out) => {
        writeResponse(out, 1, hex("aa"), false);
        writePush(out, "r", 2, hex("bb"));
      }),
    ).toBe(toHex(hex("04 00 00 03 04 01 aa 04 00 00 04 07 00 02 bb")));
  });
});

describe("ids", () => {
  const numbers: readonly [number, string][] = [
    [1, "01"],
    [127, "7f"],
    [128, "80 01"],
    [16_383, "ff 7f"],
    [16_384, "80 80 01"],
    [2 ** 31 - 1, "ff ff ff ff 07"],
    [2 ** 31, "80 80 80 80 08"],
    [2 ** 32, "80 80 80 80 10"],
    [2 ** 53 - 1, "ff ff ff ff ff ff ff 0f"],
  ];

  it.each<readonly [MessageId, string]>([
    ...numbers,
    [1n, "01"],
    [127n, "7f"],
    [128n, "80 01"],
    [2n ** 53n, "80 80 80 80 80 80 80 10"],
    [2n ** 53n + 1n, "81 80 80 80 80 80 80 10"],
    [2n ** 63n, "80 80 80 80 80 80 80 80 80 01"],
    [2n ** 64n - 1n, "ff ff ff ff ff ff ff ff ff 01"],
  ])("%s of a response", (id, varint) => {
    const bytes = hex(varint);
    const length = (2 + bytes.length).toString(16).padStart(2, "0");
    expect(written((out) => writeResponse(out, id, hex("aa"), false))).toBe(`040000${length}04${toHex(bytes)}aa`);
  });

  it.each(numbers)("%s of a request", (id, varint) => {
    const bytes = hex(varint);
    expect(written((out) => writeRequest(out, id, "", 258, none))).toBe(
      `040000${(3 + bytes.length).toString(16).padStart(2, "0")}01${toHex(bytes)}0102`,
    );
  });
});

describe("what cannot be sent is refused, and nothing of it is written", () => {
  it.each<[string, string]>([
    ["256 bytes", "r".repeat(256)],
    ["86 characters of 3 bytes", "路".repeat(86)],
    ["300 bytes, which would wrap to 44", "r".repeat(300)],
  ])("a route of %s", (_, route) => {
    const out = new ByteBuffer();
    const refused = { error: "invalid_route", message: expect.stringContaining("more than 255") as unknown };
    expect(resultOf(() => writeRequest(out, 1, route, 0, none))).toMatchObject(refused);
    expect(resultOf(() => writeNotify(out, route, 0, none))).toMatchObject(refused);
    expect(resultOf(() => writePush(out, route, 0, none))).toMatchObject(refused);
    expect(out.length).toBe(0);
  });

  it("a payload over what a packet holds", () => {
    const out = new ByteBuffer();
    const huge = new Uint8Array(maxBodyBytes - 1);
    const refused = { error: "message_too_large", message: "a packet body of 16777216 bytes is larger than 16777215" };
    expect(resultOf(() => writeResponse(out, 1, huge, false))).toMatchObject(refused);
    expect(resultOf(() => writePush(out, "", 0, huge))).toMatchObject(refused);
    expect(out.length).toBe(0);
  });
});

describe("what is written is read", () => {
  /** Text of at most 255 bytes, with characters of every length, often of 255 bytes exactly. */
  const route = fc.string({ unit: "binary", maxLength: 255, size: "max" }).map((text) => {
    let fitting = "";
    for (const character of text) {
      fitting += Buffer.byteLength(fitting + character) <= 255 ? character : "";
    }
    return fitting;
  });
  const code = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 65_535 }));
  const id = fc.oneof(
    fc.integer({ min: 1, max: 70_000 }),
    fc.maxSafeNat().map((value) => Math.max(1, value)),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  );
  const bytes = fc.uint8Array({ maxLength: 300 });

  function readBack(write: (out: ByteBuffer) => void) {
    const out = new ByteBuffer();
    write(out);
    const found: unknown[] = [];
    new PacketDecoder(maxBodyBytes).decode(out.view(), {
      packet(type, packet, start, end) {
        const header = new MessageHeader();
        decodeMessageHeader(packet, start, end, header);
        const { payloadStart, ...fields } = header;
        found.push({ packet: type, ...fields, payload: toHex(packet.subarray(payloadStart, end)) });
        return true;
      },
    });
    return found;
  }

  const common = { packet: packetType.data, id: 0, code: 0, route: "", compressed: false, error: false };

  it("requests", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), route, code, bytes, (messageId, name, number, body) => {
        expect(readBack((out) => writeRequest(out, messageId, name, number, body))).toEqual([
          {
            ...common,
            type: messageType.request,
            id: messageId,
            code: number,
            route: number === 0 ? name : "",
            payload: toHex(body),
          },
        ]);
      }),
    );
  });

  it.each([
    ["notifies", writeNotify, messageType.notify],
    ["pushes", writePush, messageType.push],
  ] as const)("%s", (_, write, type) => {
    fc.assert(
      fc.property(route, code, bytes, (name, number, body) => {
        expect(readBack((out) => write(out, name, number, body))).toEqual([
          { ...common, type, code: number, route: number === 0 ? name : "", payload: toHex(body) },
        ]);
      }),
    );
  });

  it("responses and errors", () => {
    fc.assert(
      fc.property(id, bytes, fc.boolean(), (messageId, body, error) => {
        expect(readBack((out) => writeResponse(out, messageId, body, error))).toEqual([
          { ...common, type: messageType.response, id: messageId, error, payload: toHex(body) },
        ]);
      }),
    );
  });
});
