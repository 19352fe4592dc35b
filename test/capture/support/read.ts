import type { CaptureLine } from "../../../runtime/capture/capture-line.js";
import { readCaptureTypes } from "../../../runtime/capture/capture-types.js";
import { type PcapTerms, readPcapLines } from "../../../runtime/capture/read-pcap.js";
import { shopDescriptors } from "../../repl/support/shop.js";

export const shopTypes = readCaptureTypes(shopDescriptors);

/** The lines of a file of packets, what was noted, and the error that it ended with. */
export interface ReadFile {
  readonly lines: readonly CaptureLine[];
  readonly notes: readonly string[];
  readonly error: unknown;
}

/** Reads a file of packets that comes in these pieces, with the shop's types. */
export async function readFile(pieces: readonly Uint8Array[], terms: Partial<PcapTerms> = {}): Promise<ReadFile> {
  const lines: CaptureLine[] = [];
  const notes: string[] = [];
  let error: unknown;
  try {
    for await (const line of readPcapLines(pieces, {
      name: "game.pcap",
      types: shopTypes,
      ports: [],
      serializer: "protobuf",
      showsSecrets: false,
      showsHeartbeats: false,
      maxPacketBytes: 1_048_576,
      maxHeldBytes: 10_000_000,
      note: (message) => void notes.push(message),
      ...terms,
    })) {
      lines.push(line);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { lines, notes, error };
}

/** Lines without what the clock says. */
export function timeless(lines: readonly CaptureLine[]): object[] {
  return lines.map((line) => {
    const { time: _, ...rest } = line as CaptureLine & { readonly durationMs?: number };
    const { durationMs: __, ...said } = rest;
    return said;
  });
}
