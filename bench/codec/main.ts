// A process of codecs: it encodes or decodes a message again and again for a while, with the whole codec as its user calls it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import protobufjs from "protobufjs";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { decodeInPlace, encodeInPlace, type InPlaceCodec } from "../../runtime/protocol/in-place.js";
import { Crowd, Position } from "../generated/bench/v1/echo.js";
import { answerParent } from "../parent-process.js";
import { cpuMicros } from "../servers/serve.js";
import type { CodecFigures, CodecKind, CodecMessage, CodecQuestion } from "./codec.js";
import { codecProto, descriptorSet, tsProtoModule } from "./prepare-codecs.js";

/** Both ways of one message. What it decodes it can encode. */
interface Codec<Message = unknown> {
  encode(message: Message): Uint8Array;
  decode(bytes: Uint8Array): Message;
  /** What is measured, if not that. */
  encoder?(message: Message): () => unknown;
  decoder?(bytes: Uint8Array): () => Message;
}

/** The form of ts-proto's codecs, which Nanowire's have too. */
interface GeneratedCodec {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

/** So many messages between two looks at the clock. */
const batch = 100;

const names: Readonly<Record<CodecMessage, "Position" | "Crowd">> = { small: "Position", mid: "Crowd" };

const somewhere: Position = { atMs: 1_700_000_000_000n, x: 12.5, y: -3.25, name: "Thirteen long" };
const samples: Readonly<Record<CodecMessage, Uint8Array>> = {
  small: Position.encode(somewhere).finish(),
  mid: Crowd.encode({ members: Array.from({ length: 50 }, () => somewhere), room: "K2" }).finish(),
};

const openers: Readonly<Record<CodecKind, (message: CodecMessage, directory: string) => Promise<Codec>>> = {
  nanowire: async (message) => generated((message === "small" ? Position : Crowd) as GeneratedCodec),
  "in-place": async (message) => {
    const codec = message === "small" ? { protobuf: Position, wire: Position } : { protobuf: Crowd, wire: Crowd };
    return inPlace(codec as unknown as InPlaceCodec<unknown>);
  },
  "ts-proto": async (message, directory) => {
    const module = await import(pathToFileURL(join(directory, tsProtoModule)).href);
    return generated(module[names[message]] as GeneratedCodec);
  },
  "protobuf-es": async (message, directory) => {
    const files = fromBinary(FileDescriptorSetSchema, readFileSync(join(directory, descriptorSet)));
    const schema = createFileRegistry(files).getMessage(`bench.v1.${names[message]}`);
    if (schema === undefined) {
      throw new Error(`the descriptors hold no ${names[message]}`);
    }
    const codec: Codec<ReturnType<typeof fromBinary<typeof schema>>> = {
      encode: (value) => toBinary(schema, value),
      decode: (bytes) => fromBinary(schema, bytes),
    };
    return codec as Codec;
  },
  protobufjs: async (message, directory) => {
    const type = (await protobufjs.load(join(directory, "proto", codecProto))).lookupType(`bench.v1.${names[message]}`);
    return {
      encode: (value) => type.encode(value as protobufjs.Message).finish(),
      decode: (bytes) => type.decode(bytes),
    };
  },
};

function generated(codec: GeneratedCodec): Codec {
  return { encode: (value) => codec.encode(value).finish(), decode: (bytes) => codec.decode(bytes) };
}

/** Behind and before other bytes, as they lie in a chunk and in an outbox. */
function inPlace(codec: InPlaceCodec<unknown>): Codec {
  const before = 100;
  return {
    ...generated(codec.protobuf),
    encoder(message) {
      const out = new ByteBuffer();
      out.reserve(16 * 1024);
      return () => {
        out.end = before;
        return encodeInPlace(codec, message, out);
      };
    },
    decoder(bytes) {
      const chunk = new Uint8Array(64 * 1024);
      chunk.set(bytes, before);
      return () => decodeInPlace(codec, chunk, before, before + bytes.length, true);
    },
  };
}

let kept: unknown;

answerParent<CodecQuestion>(async ({ kind, message, work, directory, ms }): Promise<CodecFigures> => {
  const codec = await openers[kind](message, directory);
  const bytes = samples[message];
  const value = codec.decode(bytes);
  if (Buffer.compare(codec.encode(value), bytes) !== 0) {
    throw new Error(`${kind} writes other bytes than it has read`);
  }
  const once =
    work === "encode"
      ? (codec.encoder?.(value) ?? (() => codec.encode(value)))
      : (codec.decoder?.(bytes) ?? (() => codec.decode(bytes)));
  const [cpuBefore, begin] = [cpuMicros(), performance.now()];
  let messages = 0;
  while (performance.now() - begin < ms) {
    for (let index = 0; index < batch; index++) {
      kept = once();
    }
    messages += batch;
  }
  if (kept === undefined) {
    throw new Error(`${kind} has made nothing`);
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
