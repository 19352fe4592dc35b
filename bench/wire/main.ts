// A process of codecs: it encodes or decodes a message again and again for a while, as generated codecs do, without a connection.

import * as peer from "@bufbuild/protobuf/wire";
import * as own from "nanowire/wire";
import { answerParent } from "../parent-process.js";
import { cpuMicros } from "../servers/serve.js";
import type { WireFigures, WireMessage, WireQuestion } from "./wire.js";

/** Both kinds have the methods for texts and uint32. */
type Writer = peer.BinaryWriter | own.BinaryWriter;
type Reader = peer.BinaryReader | own.BinaryReader;

interface Codec<W, R> {
  write(writer: W): Writer;
  /** Reads the fields, and adds up something of each: nothing that is read may seem unused. */
  read(reader: R): number;
}

/** As what Nanowire generates does it. */
const ownMove: Codec<own.BinaryWriter, own.BinaryReader> = {
  write(writer) {
    own.writeInt64(writer.uint32(8), 1_700_000_000_000n);
    own.writeFloat(writer.uint32(21), 1.5);
    own.writeFloat(writer.uint32(29), -2.25);
    return writer.uint32(34).string("ada");
  },
  read: (reader) =>
    readFields(reader, (field) => {
      if (field === 1) {
        return own.readInt64(reader) === 0n ? 0 : 1;
      }
      return field === 4 ? reader.string().length : own.readFloat(reader);
    }),
};

/** As what ts-proto generates does it. */
const peerMove: Codec<peer.BinaryWriter, peer.BinaryReader> = {
  write: (writer) =>
    writer.uint32(8).int64(1_700_000_000_000n).uint32(21).float(1.5).uint32(29).float(-2.25).uint32(34).string("ada"),
  read: (reader) =>
    readFields(reader, (field) => {
      if (field === 1) {
        return reader.int64() === 0n ? 0 : 1;
      }
      return field === 4 ? reader.string().length : reader.float();
    }),
};

const codecs: Readonly<Record<Exclude<WireMessage, "move">, Codec<Writer, Reader>>> = {
  chat: {
    write: (writer) =>
      writer
        .uint32(10)
        .string("general")
        .uint32(18)
        .string("ada.lovelace")
        .uint32(26)
        .string("Schöne Grüße, and see you all at the table in five minutes"),
    read: (reader) => readFields(reader, () => reader.string().length),
  },
  numbers: {
    write: (writer) => {
      for (let index = 0; index < 20; index++) {
        writer.uint32(8).uint32(index * 1_000);
      }
      return writer;
    },
    read: (reader) => readFields(reader, () => reader.uint32()),
  },
};

function readFields(reader: Reader, read: (field: number) => number): number {
  let sum = 0;
  while (reader.pos < reader.len) {
    sum += read(reader.uint32() >>> 3);
  }
  return sum;
}

/** A message's bytes, and what is done again and again. */
function prepare<W extends Writer, R extends Reader>(
  BinaryWriter: new () => W,
  BinaryReader: new (bytes: Uint8Array) => R,
  { write, read }: Codec<W, R>,
  work: WireQuestion["work"],
): { readonly bytes: Uint8Array; once(): number } {
  const bytes = write(new BinaryWriter()).finish();
  return work === "encode"
    ? { bytes, once: () => write(new BinaryWriter()).finish().length }
    : { bytes, once: () => read(new BinaryReader(bytes)) };
}

/** So many messages between two looks at the clock. */
const batch = 1_000;
let sum = 0;

answerParent<WireQuestion>(async ({ kind, message, work, ms }): Promise<WireFigures> => {
  const { bytes, once } =
    kind === "nanowire"
      ? prepare(own.BinaryWriter, own.BinaryReader, message === "move" ? ownMove : codecs[message], work)
      : prepare(peer.BinaryWriter, peer.BinaryReader, message === "move" ? peerMove : codecs[message], work);
  const [cpuBefore, begin] = [cpuMicros(), performance.now()];
  let messages = 0;
  while (performance.now() - begin < ms) {
    for (let index = 0; index < batch; index++) {
      sum += once();
    }
    messages += batch;
  }
  if (!Number.isFinite(sum)) {
    throw new Error(`the fields add up to ${sum}`);
  }
  return {
    messages,
    elapsedMs: performance.now() - begin,
    serverCpuMicros: cpuMicros() - cpuBefore,
    cpuMicros: 0,
    sentBytes: work === "encode" ? messages * bytes.length : 0,
    receivedBytes: work === "decode" ? messages * bytes.length : 0,
    latencyMs: { p50: 0, p99: 0, p999: 0, most: 0 },
  };
});
