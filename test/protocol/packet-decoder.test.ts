import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { encodePacket, maxBodyBytes } from "../../runtime/protocol/packet.js";
import { PacketDecoder, type PacketSink } from "../../runtime/protocol/packet-decoder.js";
import type { PacketType } from "../../runtime/protocol/packet-type.js";
import * as packetType from "../../runtime/protocol/packet-type.js";
import { concat, hex, toHex } from "./hex.js";
import { collect, cutAt, feed, type Outcome, resultOf } from "./outcome.js";
import { packetVectors } from "./vectors.js";

const goOn = { packet: () => true };

describe("every vector comes out the same, however it is cut", () => {
  it.each(packetVectors)("$name", ({ stream, maxBytes, packets, error }) => {
    const end =
      error === undefined ? { value: undefined } : { error: error[0], scope: "connection", message: error[1] };
    const expected = { packets, end };

    expect(feed([stream], maxBytes)).toEqual(expected);
    expect(
      feed(
        Array.from(stream, (byte) => Uint8Array.of(byte)),
        maxBytes,
      ),
    ).toEqual(expected);
    const cut = Array.from({ length: stream.length + 1 }, (_, offset) => feed(cutAt(stream, offset), maxBytes));
    expect(cut).toEqual(cut.map(() => expected));
  });

  it("has a vector for each of the 251 types that do not exist", () => {
    const refused = packetVectors.filter(({ name, error }) => /^type \d+$/.test(name) && error !== undefined);
    expect(refused).toHaveLength(251);
  });

  it("takes chunks of no bytes anywhere", () => {
    const none = new Uint8Array(0);
    const chunks = [hex("04 00"), none, hex("00 02"), none, hex("aa"), none, hex("bb 03 00 00"), none, hex("00"), none];
    expect(feed([none, ...chunks], 16).packets).toEqual(["4:aabb", "3:"]);
  });

  it("finds a thousand packets in one chunk", () => {
    const packets = Array.from({ length: 1_000 }, (_, index) =>
      encodePacket(packetType.data, new Uint8Array(index % 7)),
    );
    expect(feed([concat(...packets)], 16).packets).toEqual(
      Array.from({ length: 1_000 }, (_, index) => `4:${"00".repeat(index % 7)}`),
    );
  });

  it("reads a view from where it begins to where it ends", () => {
    const whole = hex("ff ff 04 00 00 01 aa ff ff");
    expect(feed([whole.subarray(2, 7)], 16)).toEqual({ packets: ["4:aa"], end: { value: undefined } });
    expect(feed([whole.subarray(2, 6), whole.subarray(6, 7)], 16).packets).toEqual(["4:aa"]);
  });
});

describe("the limit is judged by the header", () => {
  it("refuses at the header's fourth byte, with no body there", () => {
    const decoder = new PacketDecoder(16);
    decoder.decode(hex("04 00 00"), goOn);
    expect(resultOf(() => decoder.decode(hex("11"), goOn))).toEqual({
      error: "packet_too_large",
      scope: "connection",
      message: "packet of 17 bytes is larger than maxPacketBytes 16",
    });
  });

  it("refuses a wrong type at the first byte", () => {
    const decoder = new PacketDecoder(16);
    expect(resultOf(() => decoder.decode(hex("06"), goOn))).toMatchObject({ error: "invalid_packet_type" });
  });

  it("is called by its name", () => {
    const decoder = new PacketDecoder(16, "maxHandshakeBytes");
    expect(resultOf(() => decoder.decode(hex("01 00 00 11"), goOn))).toMatchObject({
      message: "packet of 17 bytes is larger than maxHandshakeBytes 16",
    });
  });

  it("changes for the next packet, in the middle of a chunk", () => {
    const decoder = new PacketDecoder(2, "maxHandshakeBytes");
    const packets: string[] = [];
    const note = collect(packets);
    const sink = {
      packet(type: PacketType, bytes: Uint8Array, start: number, end: number) {
        decoder.limit(4, "maxPacketBytes");
        return note.packet(type, bytes, start, end);
      },
    };
    decoder.decode(hex("01 00 00 02 '{}' 04 00 00 04 01 02 03 04"), sink);
    expect(packets).toEqual(["1:7b7d", "4:01020304"]);
    expect(resultOf(() => decoder.decode(hex("04 00 00 05"), sink))).toMatchObject({
      message: "packet of 5 bytes is larger than maxPacketBytes 4",
    });
  });

  it.each([
    ["in its header", "04 00", "00 08 01 02 03 04 05 06 07 08"],
    ["at the end of its header", "04 00 00 08", "01 02 03 04 05 06 07 08"],
    ["in its body", "04 00 00 08 01 02", "03 04 05 06 07 08"],
  ])("when raised, holds for a packet that is cut %s", (_, first, second) => {
    const decoder = new PacketDecoder(8);
    const packets: string[] = [];
    decoder.decode(hex(first), collect(packets));
    decoder.limit(100, "maxPacketBytes");
    decoder.decode(hex(second), collect(packets));
    expect(packets).toEqual(["4:0102030405060708"]);
  });

  it("when lowered, does not touch a packet whose header has arrived", () => {
    const decoder = new PacketDecoder(8);
    const packets: string[] = [];
    decoder.decode(hex("04 00 00 04 01"), collect(packets));
    decoder.limit(2, "maxPacketBytes");
    decoder.decode(hex("02"), collect(packets));
    decoder.decode(hex("03 04 03 00 00 00"), collect(packets));
    expect(packets).toEqual(["4:01020304", "3:"]);
  });

  it("when lowered, holds for a packet whose header is cut", () => {
    const decoder = new PacketDecoder(8);
    decoder.decode(hex("04 00 00"), goOn);
    decoder.limit(2, "maxPacketBytes");
    expect(resultOf(() => decoder.decode(hex("03"), goOn))).toMatchObject({ error: "packet_too_large" });
  });
});

describe("false stops", () => {
  function stopAfter(count: number, packets: string[]) {
    const note = collect(packets);
    return {
      packet(type: PacketType, bytes: Uint8Array, start: number, end: number) {
        note.packet(type, bytes, start, end);
        return packets.length < count;
      },
    };
  }

  it.each([1, 2, 3])("after packet %i of a chunk", (count) => {
    const packets: string[] = [];
    new PacketDecoder(16).decode(hex("03 00 00 00 04 00 00 01 aa 05 00 00 00 02 00 00 00"), stopAfter(count, packets));
    expect(packets).toEqual(["3:", "4:aa", "5:"].slice(0, count));
  });

  it("before what follows is judged", () => {
    const packets: string[] = [];
    new PacketDecoder(16).decode(hex("03 00 00 00 ff 00 00 00"), stopAfter(1, packets));
    expect(packets).toEqual(["3:"]);
  });

  it("after a packet that was cut", () => {
    const packets: string[] = [];
    const decoder = new PacketDecoder(16);
    const sink = stopAfter(1, packets);
    decoder.decode(hex("04 00 00 02 aa"), sink);
    decoder.decode(hex("bb 03 00 00 00 04 00 00 02 cc"), sink);
    expect(packets).toEqual(["4:aabb"]);
  });

  it("and the rest of the chunk is forgotten", () => {
    const packets: string[] = [];
    const decoder = new PacketDecoder(16);
    decoder.decode(hex("03 00 00 00 04 00 00 02 aa"), stopAfter(1, packets));
    decoder.decode(hex("05 00 00 00"), stopAfter(2, packets));
    expect(packets).toEqual(["3:", "5:"]);
  });
});

describe("bodies are the receiver's to keep", () => {
  it("feeding on changes neither them nor the chunks", () => {
    const stream = concat(
      ...Array.from({ length: 40 }, (_, index) =>
        encodePacket(packetType.data, new Uint8Array(index * 5).fill(index + 1)),
      ),
    );
    const chunks = cutAt(stream, ...Array.from({ length: 60 }, (_, index) => (index * 97) % stream.length));
    const before = chunks.map(toHex);
    const kept: Uint8Array[] = [];
    const decoder = new PacketDecoder(1_000);
    for (const chunk of chunks) {
      decoder.decode(chunk, {
        packet(_type, bytes, start, end) {
          kept.push(bytes.subarray(start, end));
          return true;
        },
      });
    }
    expect(kept.map(toHex)).toEqual(
      Array.from({ length: 40 }, (_, index) =>
        (index + 1)
          .toString(16)
          .padStart(2, "0")
          .repeat(index * 5),
      ),
    );
    expect(chunks.map(toHex)).toEqual(before);
  });

  it("a packet that is whole lies in the chunk itself, uncopied", () => {
    const chunk = hex("03 00 00 00 04 00 00 01 aa");
    const seen: Uint8Array[] = [];
    new PacketDecoder(16).decode(chunk, {
      packet(_type, bytes) {
        seen.push(bytes);
        return true;
      },
    });
    expect(seen[0]).toBe(chunk);
    expect(seen[1]).toBe(chunk);
  });

  it("what waits for its end is a copy: the caller may use its chunk again", () => {
    const chunk = hex("04 00 00 03 aa");
    const packets: string[] = [];
    const decoder = new PacketDecoder(16);
    decoder.decode(chunk, collect(packets));
    chunk.fill(0xff);
    decoder.decode(hex("bb cc"), collect(packets));
    expect(packets).toEqual(["4:aabbcc"]);
  });
});

describe("memory", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  /** The length of every array that is made while `run` runs. */
  function arraysMade(run: () => void): number[] {
    const made: number[] = [];
    const real = Uint8Array;
    vi.stubGlobal(
      "Uint8Array",
      new Proxy(real, {
        construct(target, args: readonly unknown[]) {
          const array = Reflect.construct(target, args) as Uint8Array;
          made.push(array.length);
          return array;
        },
      }),
    );
    run();
    vi.unstubAllGlobals();
    return made;
  }

  it.each([1, 4, 5, 68, 1_000, 60_000])("a header that claims 16 MiB costs what arrives: %i bytes", (arrived) => {
    const header = hex("04 ff ff ff");
    const stream = concat(header, new Uint8Array(arrived)).subarray(0, arrived);
    const chunks = Array.from(stream, (byte) => Uint8Array.of(byte));
    const decoder = new PacketDecoder(maxBodyBytes);

    const made = arraysMade(() => {
      for (const chunk of chunks) {
        decoder.decode(chunk, goOn);
      }
    });

    // At least what arrived, or the arrays are made in a way that this test does not see.
    expect(Math.max(...made)).toBeGreaterThanOrEqual(arrived);
    expect(Math.max(...made)).toBeLessThanOrEqual(Math.max(256, 2 * arrived));
    // And byte by byte is no more copying than a few times the whole.
    expect(made.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(Math.max(256, 4 * arrived));
  });

  it("so does one that comes with a part of its body in a chunk", () => {
    const decoder = new PacketDecoder(maxBodyBytes);
    const chunk = concat(hex("04 ff ff ff"), new Uint8Array(1_000));
    const made = arraysMade(() => decoder.decode(chunk, goOn));
    expect(Math.max(...made)).toBeGreaterThanOrEqual(1_004);
    expect(Math.max(...made)).toBeLessThanOrEqual(2_008);
  });

  it("packets that arrive whole cost nothing", () => {
    const decoder = new PacketDecoder(16);
    const chunk = hex("03 00 00 00 04 00 00 01 aa 03 00 00 00");
    expect(arraysMade(() => decoder.decode(chunk, goOn))).toEqual([]);
  });
});

/** PROTOCOL.md, 1, read in the plainest way. */
function readPlainly(stream: Uint8Array, maxBytes: number): { packets: string[]; error: string | undefined } {
  const packets: string[] = [];
  for (let rest = stream; rest.length > 0; ) {
    const type = rest[0] ?? 0;
    if (![1, 2, 3, 4, 5].includes(type)) {
      return { packets, error: "invalid_packet_type" };
    }
    if (rest.length < 4) {
      break;
    }
    const length = Number.parseInt(toHex(rest.slice(1, 4)), 16);
    if (length > maxBytes) {
      return { packets, error: "packet_too_large" };
    }
    const body = rest.slice(4, 4 + length);
    if (body.length < length) {
      break;
    }
    packets.push(`${type}:${toHex(body)}`);
    rest = rest.slice(4 + length);
  }
  return { packets, error: undefined };
}

function summary({ packets, end }: Outcome): { packets: readonly string[]; error: string | undefined } {
  return { packets, error: "error" in end ? end.error : undefined };
}

describe("system packets", () => {
  const seen: string[] = [];
  const sink: PacketSink = {
    packet: (type, bytes, start, end) => seen.push(`${type}:${toHex(bytes.subarray(start, end))}`) > 0,
  };

  it("are taken where they were agreed, then or from the beginning, and nothing above them", () => {
    new PacketDecoder(64, "maxPacketBytes", packetType.system).decode(hex("06 00 00 01 'a'"), sink);
    const later = new PacketDecoder(64);
    later.limit(64, "maxPacketBytes", packetType.system);
    later.decode(hex("06 00 00 01 'b'"), sink);
    expect(seen).toEqual(["6:61", "6:62"]);
    expect(resultOf(() => later.decode(hex("07"), sink))).toMatchObject({ error: "invalid_packet_type" });
    later.limit(64, "maxPacketBytes");
    expect(resultOf(() => later.decode(hex("06"), sink))).toMatchObject({ error: "invalid_packet_type" });
  });
});

describe("properties", () => {
  // What is taken where nothing else was agreed.
  const type = fc.constantFrom(...Object.values(packetType).filter((each) => each !== packetType.system));
  const packet = fc.tuple(type, fc.uint8Array({ maxLength: 40 }));
  const wellFormed = fc
    .array(packet, { maxLength: 8 })
    .map((list) => concat(...list.map(([packetType, body]) => encodePacket(packetType, body))));
  /** Packets, then anything, then packets again: errors come at all places. */
  const stream = fc
    .tuple(wellFormed, fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ maxLength: 12 })), wellFormed)
    .map((parts) => concat(...parts));
  const cuts = fc.array(fc.nat(400), { maxLength: 12 });

  it("what is encoded is decoded", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(type, fc.uint8Array({ maxLength: 700 })), { maxLength: 8 }), cuts, (list, at) => {
        const out = new ByteBuffer();
        for (const [packetType, body] of list) {
          out.append(encodePacket(packetType, body));
        }
        const { packets, end } = feed(cutAt(out.view(), ...at.map((cut) => Math.min(cut, out.length))), 700);
        expect(packets).toEqual(list.map(([packetType, body]) => `${packetType}:${toHex(body)}`));
        expect(end).toEqual({ value: undefined });
      }),
    );
  });

  it("any bytes, cut anywhere, come to what the plain reading comes to", () => {
    fc.assert(
      fc.property(fc.oneof(stream, fc.uint8Array()), cuts, fc.integer({ min: 0, max: 45 }), (bytes, at, maxBytes) => {
        const whole = feed([bytes], maxBytes);
        expect(summary(whole)).toEqual(readPlainly(bytes, maxBytes));
        expect(feed(cutAt(bytes, ...at.map((cut) => Math.min(cut, bytes.length))), maxBytes)).toEqual(whole);
        expect(whole.end).toMatchObject("error" in whole.end ? { scope: "connection" } : { value: undefined });
      }),
      { numRuns: 500 },
    );
  });
});
