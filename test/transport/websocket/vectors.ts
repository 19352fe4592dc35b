import { concat, hex } from "../../protocol/hex.js";

/** The greatest length of a message in these tests, in bytes. */
export const maxFrameBytes = 70_000;

/** What a client sends after the upgrade, and what is to come of it. */
export interface Vector {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The messages that are handed on. */
  readonly messages: readonly Uint8Array[];
  /** What was broken: an error's code. Default: nothing */
  readonly violation?: string;
  /** What the server says, as frames of its own: pongs, and the closing. Default: nothing */
  readonly answer?: Uint8Array;
}

const noMask = hex("00 00 00 00");
const someMask = hex("37 fa 21 3d");

/** How a frame's length is written: 7 bits, 16 or 64, whether or not that is the shortest. Default: the shortest */
export type LengthForm = 7 | 16 | 64;

/** A frame with any first byte, masked with any bytes. */
export function frame(
  first: number,
  payload: Uint8Array,
  mask: Uint8Array = someMask,
  form: LengthForm = payload.length < 126 ? 7 : payload.length < 0x10000 ? 16 : 64,
): Uint8Array {
  return concat(head(first, payload.length, mask, form), masked(payload, mask));
}

/** What stands before a payload, of which nothing need follow. */
function head(first: number, length: number | bigint, mask: Uint8Array, form: LengthForm): Uint8Array {
  const header = Buffer.alloc(form === 7 ? 2 : form === 16 ? 4 : 10);
  header[0] = first;
  header[1] = 0x80 | (form === 7 ? Number(length) : form === 16 ? 126 : 127);
  if (form === 16) {
    header.writeUInt16BE(Number(length), 2);
  } else if (form === 64) {
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return concat(header, mask);
}

function masked(payload: Uint8Array, mask: Uint8Array): Uint8Array {
  return payload.map((byte, index) => byte ^ (mask[index % 4] as number));
}

/** A short frame without a mask: a server's, or that of a client who forgot it. */
function unmasked(first: number, payload: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(first, payload.length), payload);
}

/** Bytes that differ from their neighbours, and from those of another seed. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >>> 8) + seed * 31) & 0xff);
}

const text = (string: string): Uint8Array => new TextEncoder().encode(string);

/** The server's answer to a ping. */
export function pong(payload: Uint8Array | string): Uint8Array {
  return unmasked(0x8a, typeof payload === "string" ? text(payload) : payload);
}

/** The server's closing. */
export function closing(code: number, reason = ""): Uint8Array {
  return unmasked(0x88, concat(codeBytes(code), text(reason)));
}

function codeBytes(code: number): Uint8Array {
  return Uint8Array.of(code >>> 8, code & 0xff);
}

const none: readonly Uint8Array[] = [];
const [one, two, three] = [pattern(9, 1), pattern(21, 2), pattern(5, 3)];
/** After a frame that breaks the protocol nothing counts, however right it is. */
const late = frame(0x82, text("too late"));

/** The protocol was broken: 1002 unless another code is said. */
function broken(name: string, bytes: Uint8Array, messages = none, code = 1002): Vector {
  const violation = code === 1009 ? "packet_too_large" : "invalid_frame";
  return { name, bytes: concat(bytes, late), messages, violation, answer: closing(code) };
}

const ping = (payload: Uint8Array | string = ""): Uint8Array =>
  frame(0x89, typeof payload === "string" ? text(payload) : payload);

const lengths: readonly Vector[] = [0, 1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 125, 126, 127, 128, 1_023, 65_535, 65_536].map(
  (length) => ({
    name: `a message of ${length} bytes`,
    bytes: frame(0x82, pattern(length)),
    messages: [pattern(length)],
  }),
);

const limits: readonly Vector[] = [
  { name: "the greatest message", bytes: frame(0x82, pattern(maxFrameBytes)), messages: [pattern(maxFrameBytes)] },
  broken("a byte more than the greatest", frame(0x82, pattern(maxFrameBytes + 1)), none, 1009),
  broken(
    "a byte more, after a message",
    concat(frame(0x82, one), frame(0x82, pattern(maxFrameBytes + 1))),
    [one],
    1009,
  ),
  broken("2 GiB, of which nothing comes", head(0x82, 2 ** 31, someMask, 64), none, 1009),
  broken("4 GiB and a byte", head(0x82, 2 ** 32 + 1, someMask, 64), none, 1009),
  broken("the greatest safe length", head(0x82, Number.MAX_SAFE_INTEGER, someMask, 64), none, 1009),
  ...[2n ** 53n, 2n ** 63n, 2n ** 63n + 5n, 2n ** 64n - 1n].map((length) => ({
    ...broken(`a length of ${length}`, head(0x82, length, someMask, 64), none, 1009),
    // ws has a code of its own for them.
    violation: "invalid_frame",
  })),
  { name: "5 bytes with 16 bits of length", bytes: frame(0x82, three, someMask, 16), messages: [three] },
  { name: "5 bytes with 64 bits of length", bytes: frame(0x82, three, someMask, 64), messages: [three] },
  { name: "nothing with 16 bits of length", bytes: frame(0x82, pattern(0), someMask, 16), messages: [pattern(0)] },
  { name: "nothing with 64 bits of length", bytes: frame(0x82, pattern(0), someMask, 64), messages: [pattern(0)] },
];

const masks: readonly Vector[] = [
  ...["00 00 00 00", "ff 00 00 00", "00 ff 00 00", "00 00 ff 00", "00 00 00 ff", "80 40 20 10", "ff ff ff ff"].map(
    (mask) => ({
      name: `a message masked with ${mask}`,
      bytes: concat(frame(0x82, pattern(83), hex(mask)), frame(0x82, two, hex(mask))),
      messages: [pattern(83), two],
    }),
  ),
  broken("a message that is not masked", unmasked(0x82, one)),
  broken("an empty message that is not masked", unmasked(0x82, pattern(0))),
  broken("a message that is not masked after one that is", concat(frame(0x82, one), unmasked(0x82, two)), [one]),
  broken("a ping that is not masked", unmasked(0x89, one)),
  broken("a closing that is not masked", unmasked(0x88, codeBytes(1000))),
  broken("a fragment that is not masked", concat(frame(0x02, one), unmasked(0x80, two))),
];

const firstBytes: readonly Vector[] = [
  ...[0xc2, 0xa2, 0x92, 0xf2, 0xd2, 0xb2].map((first) =>
    broken(`the first byte ${first.toString(16)}`, frame(first, one)),
  ),
  ...[0x83, 0x84, 0x85, 0x86, 0x87, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f].map((first) =>
    broken(`the opcode ${first & 0x0f}, after a message`, concat(frame(0x82, two), frame(first, one)), [two]),
  ),
  broken("an unknown opcode in fragments", frame(0x03, one)),
  broken("a reserved bit on a ping", frame(0xc9, one)),
  broken("a reserved bit on a fragment", concat(frame(0x02, one), frame(0xc0, two))),
  broken("a reserved bit on a closing", frame(0xa8, codeBytes(1000))),
];

const fragments: readonly Vector[] = [
  { name: "two fragments", bytes: concat(frame(0x02, one), frame(0x80, two)), messages: [concat(one, two)] },
  {
    name: "three fragments between messages",
    bytes: concat(frame(0x82, one), frame(0x02, one), frame(0x00, two), frame(0x80, three), frame(0x82, two)),
    messages: [one, concat(one, two, three), two],
  },
  {
    name: "fragments of nothing",
    bytes: concat(frame(0x02, pattern(0)), frame(0x00, pattern(0)), frame(0x80, pattern(0)), frame(0x82, one)),
    messages: [pattern(0), one],
  },
  {
    name: "a first and a last fragment of nothing",
    bytes: concat(frame(0x02, pattern(0)), frame(0x00, two), frame(0x80, pattern(0)), frame(0x82, one)),
    messages: [two, one],
  },
  {
    name: "control frames between fragments",
    bytes: concat(
      frame(0x02, one),
      ping("a"),
      frame(0x00, two),
      frame(0x8a, two),
      ping(),
      frame(0x80, three),
      ping("b"),
    ),
    messages: [concat(one, two, three)],
    answer: concat(pong("a"), pong(""), pong("b")),
  },
  {
    name: "fragments whose payloads look like frames",
    bytes: concat(
      frame(0x02, frame(0x82, one), noMask),
      frame(0x80, frame(0x88, codeBytes(1000)), noMask),
      frame(0x82, two),
    ),
    messages: [concat(frame(0x82, one), frame(0x88, codeBytes(1000))), two],
  },
  {
    name: "two messages in fragments",
    bytes: concat(frame(0x02, one), frame(0x80, two), frame(0x02, two), frame(0x80, one), frame(0x82, three)),
    messages: [concat(one, two), concat(two, one), three],
  },
  {
    name: "fragments with longer forms of their lengths",
    bytes: concat(
      frame(0x02, one, someMask, 64),
      frame(0x00, two, noMask, 16),
      frame(0x80, three, noMask, 64),
      frame(0x82, one),
    ),
    messages: [concat(one, two, three), one],
  },
  {
    name: "fragments of the greatest message",
    bytes: concat(frame(0x02, pattern(maxFrameBytes - 9, 4)), frame(0x80, one), frame(0x82, one)),
    messages: [concat(pattern(maxFrameBytes - 9, 4), one), one],
  },
  {
    name: "1,024 fragments",
    bytes: concat(frame(0x02, one), ...Array.from({ length: 1_022 }, () => frame(0x00, pattern(0))), frame(0x80, two)),
    messages: [concat(one, two)],
  },
  broken(
    "1,025 fragments",
    concat(frame(0x02, one), ...Array.from({ length: 1_023 }, () => frame(0x00, pattern(0))), frame(0x80, two)),
    none,
    1008,
  ),
  broken(
    "fragments that are too long together",
    concat(frame(0x02, pattern(maxFrameBytes - 8)), frame(0x80, one)),
    none,
    1009,
  ),
  broken("a fragment that is too long", concat(frame(0x02, one), head(0x80, maxFrameBytes, someMask, 64)), none, 1009),
  broken("a last fragment of nothing that was begun", frame(0x80, one)),
  broken("a fragment of nothing that was begun", concat(frame(0x82, one), frame(0x00, one)), [one]),
  broken("a fragment after the last", concat(frame(0x02, one), frame(0x80, two), frame(0x80, two)), [concat(one, two)]),
  broken("a message amid fragments", concat(frame(0x02, one), frame(0x82, two))),
  broken("a beginning amid fragments", concat(frame(0x02, one), frame(0x02, two))),
  broken("a text amid fragments", concat(frame(0x02, one), frame(0x81, text("text")))),
  {
    name: "fragments without an end",
    bytes: concat(frame(0x82, two), frame(0x02, one), frame(0x00, two)),
    messages: [two],
  },
];

const controlFrames: readonly Vector[] = [
  {
    name: "pings between messages",
    bytes: concat(ping("first"), frame(0x82, one), ping("second"), frame(0x82, two), ping("third")),
    messages: [one, two],
    answer: concat(pong("first"), pong("second"), pong("third")),
  },
  {
    name: "a ping of 125 bytes",
    bytes: concat(ping(pattern(125)), frame(0x82, one)),
    messages: [one],
    answer: pong(pattern(125)),
  },
  {
    name: "pongs that nobody asked for",
    bytes: concat(frame(0x8a, one), frame(0x82, two), frame(0x8a, pattern(0))),
    messages: [two],
  },
  {
    name: "a flood of pings",
    bytes: concat(...Array.from({ length: 500 }, (_, index) => ping(`${index}`)), frame(0x82, one)),
    messages: [one],
    answer: concat(...Array.from({ length: 500 }, (_, index) => pong(`${index}`))),
  },
  {
    name: "a ping that looks like a message, and a message that looks like a ping",
    bytes: concat(frame(0x89, frame(0x82, one), noMask), frame(0x82, frame(0x89, one), noMask)),
    messages: [frame(0x89, one)],
    answer: pong(frame(0x82, one)),
  },
  broken("a ping of 126 bytes", frame(0x89, pattern(126))),
  broken("a pong of 126 bytes", concat(frame(0x82, one), frame(0x8a, pattern(126))), [one]),
  broken("a ping with 16 bits of length", frame(0x89, one, someMask, 16)),
  broken("a pong with 64 bits of length", frame(0x8a, one, someMask, 64)),
  broken("a closing of 126 bytes", frame(0x88, concat(codeBytes(1000), text("x".repeat(124))))),
  broken("a ping in fragments", concat(frame(0x09, one), frame(0x80, two))),
  broken("a pong in fragments, amid fragments", concat(frame(0x02, one), frame(0x0a, two), frame(0x80, three))),
  broken("a closing in fragments", frame(0x08, codeBytes(1000))),
];

function texts(name: string, bytes: Uint8Array, messages = none): Vector {
  return { name, bytes: concat(bytes, late), messages, violation: "text_frame", answer: closing(1003, "text_frame") };
}

const textFrames: readonly Vector[] = [
  texts("a text", frame(0x81, text("hello"))),
  texts("a text of nothing", frame(0x81, pattern(0))),
  texts("a text after a message", concat(frame(0x82, one), frame(0x81, text("κόσμε"))), [one]),
  texts("a text in fragments, cut amid a character", concat(frame(0x01, hex("ce")), frame(0x80, hex("ba")))),
  ...["ff", "c0 80", "ed a0 80", "f4 90 80 80", "e2 82", "80", "68 c3"].map((bytes) =>
    broken(`a text that is not UTF-8: ${bytes}`, frame(0x81, hex(bytes)), none, 1007),
  ),
  broken("a text in fragments that is not UTF-8", concat(frame(0x01, hex("ce")), frame(0x80, hex("ce"))), none, 1007),
];

function closed(name: string, bytes: Uint8Array, answer: Uint8Array, messages = none): Vector {
  return { name, bytes: concat(bytes, late), messages, answer };
}

const closings: readonly Vector[] = [
  closed("a closing of nothing", frame(0x88, pattern(0)), unmasked(0x88, pattern(0))),
  closed("a closing amid fragments", concat(frame(0x02, one), frame(0x88, codeBytes(1001))), closing(1001)),
  closed(
    "a closing after a message, and pings after it",
    concat(frame(0x82, one), frame(0x88, codeBytes(1000)), ping()),
    closing(1000),
    [one],
  ),
  closed(
    "a closing with a reason",
    frame(0x88, concat(codeBytes(1000), text("bis später"))),
    closing(1000, "bis später"),
  ),
  closed(
    "a closing of 125 bytes",
    frame(0x88, concat(codeBytes(4999), text("r".repeat(123)))),
    closing(4999, "r".repeat(123)),
  ),
  closed("two closings", concat(frame(0x88, codeBytes(1000)), frame(0x88, codeBytes(1001))), closing(1000)),
  closed("a closing, and garbage after it", concat(frame(0x88, codeBytes(1000)), pattern(40)), closing(1000)),
  broken("a closing of one byte", frame(0x88, hex("03"))),
  broken("a reason that is not UTF-8", frame(0x88, concat(codeBytes(1000), hex("c3"))), none, 1007),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) =>
    closed(`a closing with ${code}`, frame(0x88, codeBytes(code)), closing(code)),
  ),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
    broken(`a closing with ${code}`, frame(0x88, codeBytes(code))),
  ),
];

const many: readonly Vector[] = [
  {
    name: "many messages in a row",
    bytes: concat(...Array.from({ length: 60 }, (_, index) => frame(0x82, pattern(index, index), pattern(4, index)))),
    messages: Array.from({ length: 60 }, (_, index) => pattern(index, index)),
  },
  {
    name: "long and short messages in turns",
    bytes: concat(...[300, 1, 30_000, 2, 66_000, 3, 126].map((length) => frame(0x82, pattern(length, length)))),
    messages: [300, 1, 30_000, 2, 66_000, 3, 126].map((length) => pattern(length, length)),
  },
  {
    name: "messages of nothing",
    bytes: concat(...Array.from({ length: 50 }, () => frame(0x82, pattern(0)))),
    messages: Array.from({ length: 50 }, () => pattern(0)),
  },
  { name: "half a message", bytes: concat(frame(0x82, one), frame(0x82, two).subarray(0, 11)), messages: [one] },
  { name: "half a header", bytes: concat(frame(0x82, one), frame(0x82, pattern(300)).subarray(0, 3)), messages: [one] },
  { name: "nothing at all", bytes: new Uint8Array(0), messages: none },
];

/** RFC 6455, 5 to 8, as a client may send it, or may not. */
export const vectors: readonly Vector[] = [
  ...lengths,
  ...limits,
  ...masks,
  ...firstBytes,
  ...fragments,
  ...controlFrames,
  ...textFrames,
  ...closings,
  ...many,
];
