import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { frameHeadroom, frameInPlace, framesOfPackets } from "../../runtime/transport/websocket-frame.js";
import { hex, toHex } from "../protocol/hex.js";

function filled(length: number): ByteBuffer {
  const buffer = new ByteBuffer(frameHeadroom);
  const payload = new Uint8Array(length);
  payload.fill(0x5a);
  buffer.append(payload);
  return buffer;
}

describe("frameInPlace", () => {
  it.each([
    [1, "82 01 # FIN, binary; 1 byte, no mask"],
    [124, "82 7c"],
    [125, "82 7d # the most that the short form tells"],
    [126, "82 7e 00 7e # 126: two bytes of length"],
    [127, "82 7e 00 7f"],
    [255, "82 7e 00 ff"],
    [256, "82 7e 01 00"],
    [65_535, "82 7e ff ff # the most of two bytes"],
    [65_536, "82 7f 00 00 00 00 00 01 00 00 # 127: eight bytes of length"],
    [16_777_219, "82 7f 00 00 00 00 01 00 00 03"],
  ])("writes the header of %d bytes", (length, header) => {
    const buffer = filled(length);
    const frame = frameInPlace(buffer);
    const expected = hex(header);
    expect(toHex(frame.subarray(0, expected.length))).toBe(toHex(expected));
    expect(frame).toHaveLength(expected.length + length);
  });

  it("copies nothing: the payload lies where it was written", () => {
    const buffer = filled(300);
    const frame = frameInPlace(buffer);
    expect(frame.buffer).toBe(buffer.bytes.buffer);
    expect(toHex(frame.subarray(4))).toBe(toHex(buffer.view()));
    expect(buffer.length).toBe(300);
  });

  it("can be done again when the buffer is filled anew, shorter or longer", () => {
    const buffer = filled(70_000);
    frameInPlace(buffer);
    buffer.clear();
    buffer.append(hex("aa bb"));
    expect(toHex(frameInPlace(buffer))).toBe("8202aabb");
    buffer.append(new Uint8Array(70_000));
    expect(toHex(frameInPlace(buffer).subarray(0, 12))).toBe("827f0000000000011172aabb");
  });

  it("tells every length rightly, by RFC 6455's own rule", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), (length) => {
        const frame = Buffer.from(frameInPlace(filled(length)));
        const short = (frame[1] as number) & 0x7f;
        const told = short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
        const header = short < 126 ? 2 : short === 126 ? 4 : 10;
        expect([frame[0], told, frame.length]).toEqual([0x82, length, header + length]);
      }),
      { numRuns: 50 },
    );
  });
});

describe("framesOfPackets", () => {
  it("writes a frame for each packet", () => {
    const buffer = new ByteBuffer(frameHeadroom);
    const long = new Uint8Array(130).fill(0x5a);
    buffer.append(hex("03 00 00 00   05 00 00 02 '{}'"));
    buffer.append(hex("04 00 00 82"));
    buffer.append(long);
    expect(toHex(framesOfPackets(buffer))).toBe(
      toHex(hex("82 04 03 00 00 00   82 06 05 00 00 02 '{}'   82 7e 00 86 04 00 00 82")) + toHex(long),
    );
  });

  it("writes nothing of nothing", () => {
    expect(framesOfPackets(new ByteBuffer(frameHeadroom))).toHaveLength(0);
  });
});
