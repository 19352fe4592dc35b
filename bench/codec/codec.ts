import type { RoundFigures } from "../side.js";

/** Whose codec it is; `in-place` is Nanowire's as its server calls it: out of what was read from a socket, behind what is to be sent. */
export type CodecKind = "nanowire" | "in-place" | "ts-proto" | "protobuf-es" | "protobufjs";

/** What is encoded and decoded: bench.v1.Position, or a bench.v1.Crowd of fifty. */
export type CodecMessage = "small" | "mid";

/** What the parent asks a process of codecs. */
export interface CodecQuestion {
  readonly kind: CodecKind;
  readonly message: CodecMessage;
  readonly work: "encode" | "decode";
  /** The folder in which {@link prepareCodecs} has been. */
  readonly directory: string;
  /** How long it works. */
  readonly ms: number;
}

/** What came of it. A message is one that was encoded, or decoded; there is no latency. */
export type CodecFigures = RoundFigures;
