import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  greatestEpoch,
  isLinkFrame,
  LinkFlag,
  linkAcknowledgedOf,
  linkFlagsOf,
  linkHeaderBytes,
  linkReceiverOf,
  linkSenderOf,
  linkSequenceOf,
  writeLinkFlags,
  writeLinkHeader,
} from "../../runtime/cluster/link-frame.js";
import { hex, toHex } from "../protocol/hex.js";

interface Header {
  readonly flags: number;
  readonly sender: number;
  readonly receiver: number;
  readonly sequence: number;
  readonly acknowledged: number;
}

function frameOf(
  { flags, sender, receiver, sequence, acknowledged }: Header,
  records: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const frame = new Uint8Array(linkHeaderBytes + records.length);
  frame.set(records, linkHeaderBytes);
  writeLinkHeader(frame, flags, sender, receiver, sequence, acknowledged);
  return frame;
}

function headerOf(frame: Uint8Array): Header {
  return {
    flags: linkFlagsOf(frame),
    sender: linkSenderOf(frame),
    receiver: linkReceiverOf(frame),
    sequence: linkSequenceOf(frame),
    acknowledged: linkAcknowledgedOf(frame),
  };
}

const vectors: readonly (Header & { readonly name: string; readonly bytes: string; readonly records?: string })[] = [
  {
    name: "a hello, to nobody",
    flags: LinkFlag.idle,
    sender: 0x019a_a8c0_ffee,
    receiver: 0,
    sequence: 0,
    acknowledged: 0,
    bytes: `01                # layout
            01                # flags
            01 9a a8 c0 ff ee # sender
            00 00 00 00 00 00 # receiver
            00 00 00 00 00 00 # sequence
            00 00 00 00 00 00 # acknowledged`,
  },
  {
    name: "a frame with two bytes of records",
    flags: 0,
    sender: 7,
    receiver: 9,
    sequence: 0x0102_0304_0506,
    acknowledged: 0xffff_ffff_ffff,
    records: "aa bb",
    bytes: "01 00 00 00 00 00 00 07 00 00 00 00 00 09 01 02 03 04 05 06 ff ff ff ff ff ff aa bb",
  },
  {
    name: "an idle frame that wants an answer, and what is missing",
    flags: LinkFlag.idle | LinkFlag.ask | LinkFlag.resend,
    sender: greatestEpoch,
    receiver: 0x8000_0000,
    sequence: 0x1_0000_0000,
    acknowledged: 0xffff_ffff,
    bytes: "01 07 03 ff ff ff ff ff 00 00 80 00 00 00 00 01 00 00 00 00 00 00 ff ff ff ff",
  },
  {
    name: "the last piece of a record",
    flags: LinkFlag.lastPiece,
    sender: 1,
    receiver: 2,
    sequence: 3,
    acknowledged: 4,
    records: "cc",
    bytes: "01 10 00 00 00 00 00 01 00 00 00 00 00 02 00 00 00 00 00 03 00 00 00 00 00 04 cc",
  },
];

describe("the header of a frame", () => {
  it.each(vectors)("$name", ({ name: _, bytes, records = "", ...header }) => {
    const frame = frameOf(header, hex(records));
    expect(toHex(frame)).toBe(toHex(hex(bytes)));
    expect(isLinkFrame(frame)).toBe(true);
    expect(headerOf(frame)).toEqual(header);
  });

  it("is read as it was written, whatever the numbers, also where a frame lies in a longer array", () => {
    const number = fc.maxSafeNat().map((value) => value % 0x1_0000_0000_0000);
    const header = fc.record({
      flags: fc.nat(255),
      sender: number,
      receiver: number,
      sequence: number,
      acknowledged: number,
    });
    fc.assert(
      fc.property(header, fc.uint8Array({ minLength: 1, maxLength: 9 }), (written, around) => {
        const array = new Uint8Array(around.length * 2 + linkHeaderBytes);
        array.set(around);
        array.set(around, around.length + linkHeaderBytes);
        const frame = array.subarray(around.length, around.length + linkHeaderBytes);
        const { flags, sender, receiver, sequence, acknowledged } = written;
        writeLinkHeader(frame, flags, sender, receiver, sequence, acknowledged);
        expect(headerOf(frame)).toEqual(written);
        expect([...array.subarray(0, around.length), ...array.subarray(around.length + linkHeaderBytes)]).toEqual([
          ...around,
          ...around,
        ]);
      }),
    );
  });

  it("has flags that can be written before the rest", () => {
    const frame = new Uint8Array(linkHeaderBytes);
    writeLinkFlags(frame, LinkFlag.piece);
    expect(linkFlagsOf(frame)).toBe(LinkFlag.piece);
    expect(frame.reduce((sum, byte) => sum + byte, 0)).toBe(LinkFlag.piece);
  });
});

describe("what is no frame of a link", () => {
  const idle = { flags: LinkFlag.idle, sender: 7, receiver: 9, sequence: 3, acknowledged: 4 };
  const full = { ...idle, flags: 0 };
  const record = hex("aa");

  it.each<[string, Uint8Array]>([
    ["no bytes", new Uint8Array(0)],
    ["a header that is cut", frameOf(idle).subarray(0, linkHeaderBytes - 1)],
    ["another layout", Uint8Array.of(2, ...frameOf(idle).subarray(1))],
    ["a flag that there is not", frameOf({ ...idle, flags: LinkFlag.idle | 32 })],
    ["a sender without an epoch", frameOf({ ...idle, sender: 0 })],
    ["a sender after the year 2109", frameOf({ ...idle, sender: greatestEpoch + 1 })],
    ["a receiver after the year 2109", frameOf({ ...idle, receiver: greatestEpoch + 1 })],
    ["an idle frame with records", frameOf(idle, record)],
    ["an idle frame that is a piece", frameOf({ ...idle, flags: LinkFlag.idle | LinkFlag.piece })],
    ["an idle frame that is a last piece", frameOf({ ...idle, flags: LinkFlag.idle | LinkFlag.lastPiece })],
    ["a first and last piece in one", frameOf({ ...full, flags: LinkFlag.piece | LinkFlag.lastPiece }, record)],
    ["records for nobody", frameOf({ ...full, receiver: 0 }, record)],
    ["records without a number", frameOf({ ...full, sequence: 0 }, record)],
  ])("%s", (_, frame) => {
    expect(isLinkFrame(frame)).toBe(false);
  });

  it("is told from one whatever the bytes, without an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(typeof isLinkFrame(bytes)).toBe("boolean");
      }),
    );
  });
});
