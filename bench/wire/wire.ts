import type { RoundFigures } from "../side.js";

/** Whose classes write and read. */
export type WireKind = "nanowire" | "@bufbuild/protobuf";

/** What is written and read: a message like those of a game's tick, of a chat, of a list of numbers. */
export type WireMessage = "move" | "chat" | "numbers";

/** What the parent asks a process of codecs. */
export interface WireQuestion {
  readonly kind: WireKind;
  readonly message: WireMessage;
  readonly work: "encode" | "decode";
  /** How long it works. */
  readonly ms: number;
}

/** What came of it. A message is one that was encoded, or decoded; there is no latency. */
export type WireFigures = RoundFigures;
