import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "../child-process.js";
import type { CodecFigures, CodecKind, CodecMessage, CodecQuestion } from "../codec/codec.js";
import { prepareCodecs } from "../codec/prepare-codecs.js";
import type { BenchCase, Comparison } from "../comparison.js";
import { patienceMs, type Side } from "../side.js";

const titles: Readonly<Record<CodecMessage, string>> = {
  small: "a 64-bit integer, two floats, a short text",
  mid: "fifty of those",
};

/** Whole codecs, as their users call them. */
export const codec: BenchCase = {
  name: "codec",
  summary: "messages encoded and decoded by the generated code, without a connection; against other codecs",
  comparisons: (["small", "mid"] as const).flatMap((message) =>
    (["encode", "decode"] as const).flatMap((work) => [
      ...(["ts-proto", "protobuf-es", "protobufjs"] as const).map((peer) => comparisonOf(message, work, peer)),
      comparisonOf(message, work, "ts-proto", "in-place"),
    ]),
  ),
};

function comparisonOf(
  message: CodecMessage,
  work: CodecQuestion["work"],
  peer: CodecKind,
  ours: "nanowire" | "in-place" = "nanowire",
): Comparison {
  const place = ours === "in-place" ? " where it lies" : "";
  return {
    name: `${message}-${work}-${ours === "in-place" ? ours : peer}`,
    title: `${titles[message]}: ${work === "encode" ? "written" : "read"}${place}`,
    baseline: sideOf(peer, message, work),
    subject: sideOf(ours, message, work),
  };
}

function sideOf(kind: CodecKind, message: CodecMessage, work: CodecQuestion["work"]): Side {
  return {
    name: kind,
    async start({ pinning }) {
      const directory = mkdtempSync(join(tmpdir(), "nanowire-codec-"));
      const remove = (): void => rmSync(directory, { recursive: true, force: true });
      try {
        if (kind !== "nanowire" && kind !== "in-place") {
          await prepareCodecs(directory);
        }
      } catch (error) {
        remove();
        throw error;
      }
      const process = new Child(new URL("../codec/main.js", import.meta.url), { launcher: pinning.server });
      return {
        round: (ms) =>
          process.ask<CodecQuestion, CodecFigures>({ kind, message, work, directory, ms }, ms + patienceMs),
        async stop() {
          await process.stop();
          remove();
        },
      };
    },
  };
}
