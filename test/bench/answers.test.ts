import { describe, expect, it } from "vitest";
import { PacketAnswers, RawAnswers } from "../../bench/load/answers.js";
import { ackPacket, handshakePacket, requestPacket, responsePacket } from "../../bench/load/packets.js";
import { FrameReader, maskedFrame, type PayloadReader, upgradeEnd } from "../../bench/load/websocket.js";
import { decodeMessageHeader, MessageHeader } from "../../runtime/protocol/message-decoder.js";

const payload = Uint8Array.of(1, 2, 3, 4, 5);
const answers = [1, 2, 3].map((id) => responsePacket(id, payload));
const heartbeat = Uint8Array.of(3, 0, 0, 0);

/** Feeds bytes cut into pieces of `size`; returns the answers counted. */
function feed(reader: PayloadReader, bytes: Uint8Array, size: number): number {
  let count = 0;
  for (let start = 0; start < bytes.length; start += size) {
    const piece = Uint8Array.from(bytes.subarray(start, start + size));
    count += reader.read(piece, 0, piece.length);
    piece.fill(0xee);
  }
  return count;
}

function fail(): never {
  throw new Error("nothing of the kind was sent");
}

function frame(bytes: Uint8Array): Uint8Array {
  const length = bytes.length;
  const header =
    length < 126
      ? [0x82, length]
      : length < 0x10000
        ? [0x82, 126, length >> 8, length & 0xff]
        : [0x82, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Uint8Array.from(header), bytes]);
}

describe("RawAnswers", () => {
  it.each([1, 2, 4, 5, 6, 10, 50])("counts whole echoes in pieces of %i bytes", (size) => {
    const stream = Buffer.concat(Array.from({ length: 10 }, () => payload));
    expect(feed(new RawAnswers(payload), stream, size)).toBe(10);
  });

  it("refuses another answer", () => {
    expect(() => feed(new RawAnswers(payload), Uint8Array.of(1, 2, 3, 4, 6), 5)).toThrow(
      "0102030406 came where 0102030405",
    );
  });
});

describe("PacketAnswers", () => {
  const stream = Buffer.concat([heartbeat, ...answers, heartbeat, ...answers, answers[0] as Uint8Array]);

  it.each([1, 2, 3, 4, 5, 11, 12, 1_000])(
    "counts answers and passes over heartbeats, in pieces of %i bytes",
    (size) => {
      expect(feed(new PacketAnswers(answers, fail, () => {}), stream, size)).toBe(7);
    },
  );

  it("tells of every heartbeat", () => {
    let heartbeats = 0;
    const reader = new PacketAnswers(answers, fail, () => heartbeats++);
    expect(feed(reader, stream, 3)).toBe(7);
    expect(heartbeats).toBe(2);
  });

  it("tells when the handshake is answered", () => {
    let handshakes = 0;
    const reader = new PacketAnswers(answers, () => handshakes++, fail);
    expect(feed(reader, handshakePacket(), 7)).toBe(0);
    expect(handshakes).toBe(1);
  });

  it.each([
    ["an answer out of turn", responsePacket(2, payload)],
    ["an error reply", Uint8Array.of(4, 0, 0, 7, 0x24, 1, 1, 2, 3, 4, 5)],
    ["another payload", responsePacket(1, Uint8Array.of(1, 2, 3, 4, 6))],
    ["a shorter payload", responsePacket(1, Uint8Array.of(1, 2, 3, 4))],
    ["a kick", Uint8Array.of(5, 0, 0, 2, 0x7b, 0x7d)],
  ])("refuses %s", (_name, packet) => {
    expect(() => feed(new PacketAnswers(answers, fail, () => {}), packet, 100)).toThrow(/came/);
  });
});

describe("FrameReader", () => {
  it.each([1, 2, 3, 7, 100, 100_000])("takes the frames off, short and long, in pieces of %i bytes", (size) => {
    const many = Buffer.concat(Array.from({ length: 8_000 }, (_, index) => answers[index % 3] as Uint8Array));
    const stream = Buffer.concat([
      frame(many.subarray(0, 33)),
      frame(many.subarray(33, 330)),
      frame(many.subarray(330, 77_770)),
      frame(many.subarray(77_770)),
    ]);
    expect(feed(new FrameReader(new PacketAnswers(answers, fail, () => {})), stream, size)).toBe(8_000);
  });

  it.each([
    ["text", 0x81],
    ["a fragment", 0x02],
    ["a close", 0x88],
  ])("refuses %s", (_name, first) => {
    expect(() => feed(new FrameReader(new RawAnswers(payload)), Uint8Array.of(first, 0), 2)).toThrow(
      "no whole binary frame",
    );
  });
});

describe("what the load generator writes", () => {
  it("frames are masked", () => {
    const masked = maskedFrame(payload);
    expect([...masked.subarray(0, 2)]).toEqual([0x82, 0x85]);
    const mask = masked.subarray(2, 6);
    expect(mask.every((byte) => byte !== 0)).toBe(true);
    expect([...masked.subarray(6)].map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toEqual([...payload]);
    expect([...maskedFrame(new Uint8Array(125)).subarray(0, 2)]).toEqual([0x82, 0x80 | 125]);
    expect([...maskedFrame(new Uint8Array(126)).subarray(0, 4)]).toEqual([0x82, 0x80 | 126, 0, 126]);
    expect([...maskedFrame(new Uint8Array(0xffff)).subarray(0, 4)]).toEqual([0x82, 0x80 | 126, 0xff, 0xff]);
    expect(() => maskedFrame(new Uint8Array(0x10000))).toThrow("65536 bytes");
  });

  it("a request is read by the server as it was meant", () => {
    const packet = requestPacket(16, 0x0102, payload);
    expect([...packet.subarray(0, 4)]).toEqual([4, 0, 0, 9]);
    const header = new MessageHeader();
    decodeMessageHeader(packet, 4, packet.length, header);
    expect(header).toMatchObject({ type: 0, id: 16, code: 0x0102, compressed: false, payloadStart: 8 });
    expect([...ackPacket()]).toEqual([2, 0, 0, 0]);
  });

  it("finds the end of the upgrade, and a refusal", () => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    expect(upgradeEnd(text("HTTP/1.1 101 Switching Protocols\r\n"))).toBe(-1);
    expect(upgradeEnd(text("HTTP/1.1 101 Switching Protocols\r\n\r\nmore"))).toBe(36);
    expect(() => upgradeEnd(text("HTTP/1.1 404 Not Found\r\n\r\n"))).toThrow("HTTP/1.1 404 Not Found");
  });
});
