import { Child } from "../child-process.js";
import type { BenchCase, Comparison } from "../comparison.js";
import type { Side } from "../side.js";
import type { WireFigures, WireKind, WireMessage, WireQuestion } from "../wire/wire.js";

/** How long a process may take for what takes it a moment. */
const patienceMs = 30_000;

/** The classes that generated codecs write and read with, by themselves. */
export const wire: BenchCase = {
  name: "wire",
  summary:
    "messages written and read with nanowire/wire, without a connection; against the same calls of @bufbuild/protobuf/wire",
  comparisons: [
    comparisonOf("move", "encode", "a 64-bit integer, two floats, a short text: written"),
    comparisonOf("move", "decode", "the same read"),
    comparisonOf("chat", "encode", "three texts, one of them with umlauts: written"),
    comparisonOf("chat", "decode", "the same read"),
    comparisonOf("numbers", "encode", "twenty integers: written"),
    comparisonOf("numbers", "decode", "the same read"),
  ],
};

function comparisonOf(message: WireMessage, work: WireQuestion["work"], title: string): Comparison {
  const side = (kind: WireKind): Side => sideOf(kind, message, work);
  return { name: `${message}-${work}`, title, baseline: side("@bufbuild/protobuf"), subject: side("nanowire") };
}

function sideOf(kind: WireKind, message: WireMessage, work: WireQuestion["work"]): Side {
  return {
    name: kind,
    async start({ pinning }) {
      const process = new Child(new URL("../wire/main.js", import.meta.url), { launcher: pinning.server });
      return {
        round: (ms) => process.ask<WireQuestion, WireFigures>({ kind, message, work, ms }, ms + patienceMs),
        stop: () => process.stop(),
      };
    },
  };
}
