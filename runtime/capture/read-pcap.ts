import type { CaptureLine } from "./capture-line.js";
import type { CaptureTypes } from "./capture-types.js";
import { Dictionaries } from "./dictionaries.js";
import { HeldBytes } from "./held-bytes.js";
import { PcapReader } from "./pcap/pcap-reader.js";
import { TcpFlows } from "./pcap/tcp-flows.js";
import { readTcpSegment } from "./pcap/tcp-segment.js";
import { Sessions } from "./sessions.js";
import { type ConnectionTerms, WireConnection } from "./wire-connection.js";

/** How a file of packets is read. */
export interface PcapTerms {
  /** What errors call the file. */
  readonly name: string;
  readonly types: CaptureTypes;
  /** The ports that are looked at; empty: all. */
  readonly ports: readonly number[];
  /** What is spoken where the server does not say. */
  readonly serializer: string;
  readonly showsSecrets: boolean;
  readonly showsHeartbeats: boolean;
  readonly maxPacketBytes: number;
  readonly maxHeldBytes: number;
  /** Told what could not be read, for people. */
  readonly note: (message: string) => void;
}

/**
 * Reads what clients and servers said out of a file of packets.
 *
 * @param chunks the file, cut anywhere
 * @throws NanowireError `invalid_capture` for a file that cannot be read on, with the place in it
 */
export async function* readPcapLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  terms: PcapTerms,
): AsyncGenerator<CaptureLine, void, undefined> {
  const { name, note } = terms;
  let told: CaptureLine[] = [];
  let connections = 0;
  const remarks = new Remarks(terms.ports.length > 0, note);
  const budget = new HeldBytes(terms.maxHeldBytes);
  const reading: ConnectionTerms = {
    ...terms,
    budget,
    dictionaries: new Dictionaries(budget),
    sessions: new Sessions(),
    nextConnection: () => ++connections,
    tell: (line) => void told.push(line),
    ignore: (endpoints, why) => remarks.ignored(endpoints, why),
  };
  const flows = new TcpFlows({
    ports: terms.ports,
    budget,
    open: (sides) => new WireConnection(reading, sides),
    drop: (sink, why) => sink.drop(why),
  });
  const reader = new PcapReader(name);
  let broken: unknown;
  try {
    for await (const chunk of chunks) {
      for (const { timeUs, linkType, bytes } of reader.read(chunk)) {
        const segment = readTcpSegment(linkType, bytes);
        if (typeof segment === "object") {
          flows.take(segment, timeUs);
          remarks.segment(segment.payload.length < segment.payloadBytes);
        } else {
          remarks.other(segment, linkType);
        }
        // A chunk may hold many packets, and a packet many messages.
        yield* told;
        told = [];
      }
    }
    const fault = reader.end();
    if (fault !== undefined) {
      note(fault);
    }
  } catch (error) {
    // What came before it is told.
    broken = error;
  }
  flows.end();
  yield* told;
  remarks.end(connections);
  if (broken !== undefined) {
    throw broken;
  }
}

/** What people are told of a file beside its messages. */
class Remarks {
  readonly #isPicky: boolean;
  readonly #note: (message: string) => void;
  #ignored = 0;
  #segments = 0;
  #cut = 0;
  #fragments = 0;
  readonly #unknown = new Map<number, number>();

  /** @param isPicky whether each connection that is none of ours is told */
  constructor(isPicky: boolean, note: (message: string) => void) {
    this.#isPicky = isPicky;
    this.#note = note;
  }

  ignored(endpoints: string, why: string): void {
    this.#ignored++;
    if (this.#isPicky && this.#ignored <= mostTold) {
      this.#note(`${endpoints} is left out: ${why}`);
    }
  }

  segment(isCut: boolean): void {
    this.#segments++;
    this.#cut += isCut ? 1 : 0;
  }

  other(kind: "other" | "fragment" | "unknown", linkType: number): void {
    if (kind === "fragment") {
      this.#fragments++;
    } else if (kind === "unknown" && (this.#unknown.has(linkType) || this.#unknown.size < mostTold)) {
      this.#unknown.set(linkType, (this.#unknown.get(linkType) ?? 0) + 1);
    }
  }

  end(connections: number): void {
    if (this.#cut > 0) {
      this.#note(
        `${this.#cut} of ${this.#segments} packets were not kept whole: capture with a longer snap length (tcpdump -s 0)`,
      );
    }
    if (this.#fragments > 0) {
      this.#note(`${this.#fragments} pieces of IP packets are left out: they are not put together`);
    }
    for (const [linkType, count] of this.#unknown) {
      this.#note(`${count} packets are left out: their link type ${linkType} is not known`);
    }
    const untold = this.#ignored - (this.#isPicky ? Math.min(this.#ignored, mostTold) : 0);
    if (untold > 0) {
      this.#note(
        this.#isPicky
          ? `further connections that are left out: ${untold}`
          : `connections that are left out: ${untold}; --port tells why`,
      );
    }
    if (connections === 0) {
      this.#note("no connection of the protocol was found");
    }
  }
}

/** So many of a kind are told one by one. */
const mostTold = 20;
