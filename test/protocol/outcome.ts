import type { ErrorScope } from "../../runtime/base/error.js";
import { NanowireError } from "../../runtime/base/error.js";
import { PacketDecoder, type PacketSink } from "../../runtime/protocol/packet-decoder.js";
import { toHex } from "./hex.js";

/** What a call came to. */
export type Result<T> =
  | { readonly value: T }
  | { readonly error: string; readonly scope: ErrorScope; readonly message: string };

/** What a call returns, or the NanowireError that it throws. Anything else that it throws fails the test. */
export function resultOf<T>(call: () => T): Result<T> {
  try {
    return { value: call() };
  } catch (error) {
    if (error instanceof NanowireError) {
      return { error: error.code, scope: error.scope, message: error.message };
    }
    throw new Error("something other than a NanowireError was thrown", { cause: error });
  }
}

/** What a stream of packets came to: the packets before its end or its error, as `type:body in hex`. */
export interface Outcome {
  readonly packets: readonly string[];
  readonly end: Result<undefined>;
}

/** Feeds chunks to a new decoder until they, or the stream, end. */
export function feed(chunks: readonly Uint8Array[], maxBytes: number): Outcome {
  const decoder = new PacketDecoder(maxBytes);
  const packets: string[] = [];
  const sink = collect(packets);
  const end = resultOf(() => {
    for (const chunk of chunks) {
      decoder.decode(chunk, sink);
    }
    return undefined;
  });
  return { packets, end };
}

/** A sink that notes every packet as `type:body in hex`, and goes on. */
export function collect(packets: string[]): PacketSink {
  return {
    packet(type, bytes, start, end) {
      packets.push(`${type}:${toHex(bytes.subarray(start, end))}`);
      return true;
    },
  };
}

/** Copies of the stream's pieces between the cuts. */
export function cutAt(stream: Uint8Array, ...cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), stream.length];
  return edges.slice(1).map((edge, index) => stream.slice(edges[index], edge));
}
