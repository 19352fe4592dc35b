import type { Random } from "./random.js";

/** The longest input that comes of a mutation: what a decoder does with a megabyte it also does with this, and sooner. */
export const maxInputBytes = 8_192;

/**
 * Makes an input of another: a few changes, each a small one, so that most of it stays what a decoder takes.
 *
 * @param others what pieces are taken from
 */
export function mutate(input: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Uint8Array = input;
  for (let changes = 1 + random.below(6); changes > 0; changes--) {
    bytes = random.of(mutations)(bytes, random, others);
  }
  return bytes.slice(0, maxInputBytes);
}

type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    return written(bytes, random, (byte) => byte ^ (1 << random.below(8)));
  },
  function anyByte(bytes, random) {
    return written(bytes, random, () => random.below(256));
  },
  function telltaleByte(bytes, random) {
    return written(bytes, random, () => random.of([0, 1, 0x7f, 0x80, 0xff]));
  },
  function nextByte(bytes, random) {
    return written(bytes, random, (byte) => byte + random.of([-1, 1]));
  },
  function insertTelltale(bytes, random) {
    return replaced(bytes, random.below(bytes.length + 1), 0, random.of(telltales));
  },
  function writeTelltale(bytes, random) {
    const telltale = random.of(telltales);
    return replaced(bytes, random.below(bytes.length + 1), telltale.length, telltale);
  },
  function insertNoise(bytes, random) {
    const noise = Uint8Array.from({ length: 1 + random.below(16) }, () => random.below(256));
    return replaced(bytes, random.below(bytes.length + 1), 0, noise);
  },
  function insertRun(bytes, random) {
    const run = new Uint8Array(1 + random.below(600)).fill(random.of([0, 0xff, 0x80, 0x5b, 0x7b, 0x0a, 0x20]));
    return replaced(bytes, random.below(bytes.length + 1), 0, run);
  },
  function cutOut(bytes, random) {
    const [start, count] = pieceOf(bytes, random);
    return replaced(bytes, start, count, nothing);
  },
  function cutEnd(bytes, random) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  function repeat(bytes, random) {
    const [start, count] = pieceOf(bytes, random);
    return replaced(bytes, start, 0, bytes.subarray(start, start + count));
  },
  function spliceIn(bytes, random, others) {
    const other = random.of(others);
    const [start, count] = pieceOf(other, random);
    return replaced(bytes, random.below(bytes.length + 1), 0, other.subarray(start, start + count));
  },
  function goOnAsAnother(bytes, random, others) {
    const other = random.of(others);
    return replaced(
      bytes,
      random.below(bytes.length + 1),
      bytes.length,
      other.subarray(random.below(other.length + 1)),
    );
  },
];

/** What decoders often mistake: the ends of numbers' ranges, lengths, brackets, names that an object has already. */
const telltales: readonly Uint8Array[] = [
  [0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xc0, 0x80],
  ...[
    '"',
    "\\",
    "\\u0000",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "-0",
    "1e999",
    "9007199254740993",
    "__proto__",
  ],
  ...["constructor", "toString", "\r\n", ";", "//", "/*", "<", "${", "`", "..", "/", "0", "-1"],
].map((part) => (typeof part === "string" ? new TextEncoder().encode(part) : Uint8Array.from(part)));

const nothing = new Uint8Array(0);

function written(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) {
    return bytes;
  }
  const copy = bytes.slice();
  const at = random.below(copy.length);
  copy[at] = change(copy[at] as number);
  return copy;
}

/** Where a piece begins, and how long it is. Short ones come more often. */
function pieceOf(bytes: Uint8Array, random: Random): [start: number, count: number] {
  const start = random.below(bytes.length + 1);
  return [start, random.below(Math.min(bytes.length - start, 1 << random.below(10)) + 1)];
}

function replaced(bytes: Uint8Array, start: number, count: number, by: Uint8Array): Uint8Array {
  const rest = bytes.subarray(start + count);
  const made = new Uint8Array(start + by.length + rest.length);
  made.set(bytes.subarray(0, start));
  made.set(by, start);
  made.set(rest, start + by.length);
  return made;
}
