import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { encodePacket, maxBodyBytes, packetHeaderBytes, writePacketHeader } from "../../runtime/protocol/packet.js";
import * as packetType from "../../runtime/protocol/packet-type.js";
import { hex, toHex } from "./hex.js";
import { resultOf } from "./outcome.js";

describe("the types are those of the wire", () => {
  it("1 to 5, and 6 for ours", () => {
    expect({ ...packetType }).toEqual({ handshake: 1, handshakeAck: 2, heartbeat: 3, data: 4, kick: 5, system: 6 });
  });
});

describe("encodePacket", () => {
  it.each([
    [packetType.handshake, "'{}'", "01 00 00 02 '{}'"],
    [packetType.handshakeAck, "", "02 00 00 00"],
    [packetType.heartbeat, "", "03 00 00 00"],
    [packetType.data, "04 05", "04 00 00 02 04 05"],
    [packetType.kick, `'{"reason":"bye"}'`, `05 00 00 10 '{"reason":"bye"}'`],
    [packetType.data, "ab ".repeat(0x0102), `04 00 01 02 ${"ab ".repeat(0x0102)}`],
  ])("type %i, body %s", (type, body, expected) => {
    expect(toHex(encodePacket(type, hex(body)))).toBe(toHex(hex(expected)));
  });

  it("has an empty body when none is given", () => {
    expect(toHex(encodePacket(packetType.heartbeat))).toBe("03000000");
  });

  it("writes a length of three bytes", () => {
    const packet = encodePacket(packetType.data, new Uint8Array(0x010203));
    expect(toHex(packet.subarray(0, 4))).toBe("04010203");
    expect(packet).toHaveLength(4 + 0x010203);
  });

  it("makes an array of its own each time", () => {
    const first = encodePacket(packetType.data, hex("aa"));
    encodePacket(packetType.data, hex("bb"));
    expect(toHex(first)).toBe("04000001aa");
  });
});

describe("writePacketHeader", () => {
  it("takes room for the body after the header, behind what is there", () => {
    const out = new ByteBuffer(3);
    out.append(encodePacket(packetType.heartbeat));
    const start = writePacketHeader(out, packetType.data, 2);
    expect(start).toBe(3 + packetHeaderBytes + packetHeaderBytes);
    expect(out.end).toBe(start + 2);
    expect(toHex(out.view())).toBe("03000000040000020000");
  });

  it("writes the greatest length", () => {
    const out = new ByteBuffer();
    const start = writePacketHeader(out, packetType.data, maxBodyBytes);
    expect(toHex(out.bytes.subarray(0, start))).toBe("04ffffff");
    expect(out.length).toBe(16_777_219);
  });

  it("refuses one byte more, and writes nothing", () => {
    const out = new ByteBuffer();
    expect(resultOf(() => writePacketHeader(out, packetType.data, maxBodyBytes + 1))).toEqual({
      error: "message_too_large",
      scope: "request",
      message: "a packet body of 16777216 bytes is larger than 16777215",
    });
    expect(out.length).toBe(0);
  });
});
