import { readProxyHeader } from "../transport/proxy-header.js";
import type { Direction } from "./capture-line.js";
import { ConversationReader, type ReadingTerms } from "./conversation-reader.js";
import type { HeldBytes } from "./held-bytes.js";
import { MessageInflater, readDeflateTerms } from "./message-inflater.js";
import { ByteQueue } from "./pcap/byte-queue.js";
import type { FlowSink, SideIndex } from "./pcap/tcp-flow.js";
import type { Endpoint } from "./pcap/tcp-flows.js";
import { WebSocketFrames } from "./websocket-frames.js";

/** What is asked of whoever reads a capture. */
export interface ConnectionTerms extends ReadingTerms {
  readonly budget: HeldBytes;
  /** A connection is none of ours, or cannot be told to be. */
  readonly ignore: (endpoints: string, why: string) => void;
}

/** What a connection turned out to carry. */
type Carrying =
  | { readonly what: "unknown" }
  | { readonly what: "ignored" }
  | { readonly what: "packets"; readonly reader: ConversationReader }
  | { readonly what: "upgrade"; readonly path: string; readonly queue: ByteQueue }
  | {
      readonly what: "frames";
      readonly reader: ConversationReader;
      /** Undefined where a direction cannot be read on. */
      readonly frames: Record<Direction, WebSocketFrames | undefined>;
    };

/** A TCP connection: finds out by its first bytes what it carries, and has that read. */
export class WireConnection implements FlowSink {
  readonly #terms: ConnectionTerms;
  readonly #sides: readonly [Endpoint, Endpoint];
  #carrying: Carrying = { what: "unknown" };
  /** What the client has said before it is known what it means; of an upgrade, what it says behind it. */
  readonly #start = new ByteQueue();
  #client: SideIndex | undefined;
  /** The client's address as a proxy tells it. */
  #toldAddress: string | undefined;
  #beganUs: number | undefined;
  /** Who closes the WebSocket: its TCP connection is mostly closed by the server. */
  #closedBy: Direction | undefined;
  #nowUs = 0;
  #charged = 0;

  constructor(terms: ConnectionTerms, sides: readonly [Endpoint, Endpoint]) {
    this.#terms = terms;
    this.#sides = sides;
  }

  data(side: SideIndex, bytes: Uint8Array, timeUs: number, client: SideIndex | undefined): void {
    this.#beganUs ??= timeUs;
    this.#nowUs = timeUs;
    this.#client ??= client ?? side;
    const direction: Direction = side === this.#client ? "in" : "out";
    this.#read(direction, bytes, timeUs);
    this.#charge();
  }

  gap(side: SideIndex, bytes: number, timeUs: number): void {
    const carrying = this.#carrying;
    if (carrying.what === "packets" || carrying.what === "frames") {
      const direction = this.#directionOf(side);
      if (carrying.what === "frames") {
        carrying.frames[direction] = undefined;
      }
      carrying.reader.gap(direction, bytes, timeUs);
    } else {
      this.#ignore("its beginning is not in the capture");
    }
    this.#charge();
  }

  close(by: SideIndex | undefined, timeUs: number): void {
    const carrying = this.#carrying;
    if (carrying.what === "packets" || carrying.what === "frames") {
      const ender = this.#closedBy ?? (by === undefined ? undefined : this.#directionOf(by));
      const who = ender === undefined ? "nobody" : ender === "in" ? "client" : "server";
      this.#conclude(carrying.reader, who, timeUs);
    }
    this.#carrying = { what: "ignored" };
    this.#charge();
  }

  /** Nothing more of it is read. */
  drop(why: string): void {
    const carrying = this.#carrying;
    if (carrying.what === "packets" || carrying.what === "frames") {
      carrying.reader.fault("in", why);
      this.#conclude(carrying.reader, "nobody", this.#nowUs);
    } else {
      this.#ignore(why);
    }
    this.#carrying = { what: "ignored" };
    this.#charge();
  }

  #conclude(reader: ConversationReader, by: "client" | "server" | "nobody", timeUs: number): void {
    if (!reader.isOpen) {
      this.#ignore("nobody shakes hands as clients of the protocol do");
    }
    reader.close(by, timeUs);
  }

  #read(direction: Direction, bytes: Uint8Array, timeUs: number): void {
    const carrying = this.#carrying;
    switch (carrying.what) {
      case "packets":
        carrying.reader.read(direction, bytes, timeUs);
        break;
      case "frames":
        this.#readFrames(carrying, direction, bytes, timeUs);
        break;
      case "unknown":
        if (direction === "in") {
          this.#start.push(bytes);
          this.#begin(timeUs);
        } else {
          this.#ignore("the server speaks first");
        }
        break;
      case "upgrade":
        if (direction === "in") {
          // A client that does not wait for the answer.
          this.#start.push(bytes);
          this.#assertShort(this.#start, "what its client sends before it is answered");
        } else {
          carrying.queue.push(bytes);
          this.#answer(carrying, timeUs);
        }
        break;
      default:
    }
  }

  /** Looks at how the client begins. */
  #begin(timeUs: number): void {
    const start = this.#start;
    const bytes = start.peek(start.length) ?? nothing;
    try {
      const header = this.#toldAddress === undefined ? readProxyHeader(bytes) : "none";
      if (header === "more") {
        return;
      }
      if (header !== "none") {
        this.#toldAddress = header.source ?? "";
        start.skip(header.length);
        this.#begin(timeUs);
        return;
      }
    } catch {
      this.#ignore("its PROXY header cannot be read");
      return;
    }
    if (bytes[0] === 0x01) {
      const reader = this.#readerOf("tcp", undefined);
      this.#carrying = { what: "packets", reader };
      start.skip(bytes.length);
      reader.read("in", bytes.slice(), timeUs);
    } else if (bytes[0] === 0x16) {
      this.#ignore("it is TLS: capture where it is not, behind the proxy that ends it, or tap the server itself");
    } else if (!beginsLike(bytes, "GET ")) {
      this.#ignore("it begins with neither a handshake nor an upgrade to WebSocket");
    } else {
      const head = takeHead(start);
      if (head === undefined) {
        this.#assertShort(start, "the head of its request");
      } else if (/^upgrade:[ \t]*websocket[ \t]*$/im.test(head)) {
        const [, path = "/"] = /^GET ([^ ?]*)/.exec(head) ?? [];
        this.#carrying = { what: "upgrade", path, queue: new ByteQueue() };
      } else {
        this.#ignore("it is HTTP, without an upgrade to WebSocket");
      }
    }
  }

  /** Looks at the answer to an upgrade. */
  #answer({ path, queue }: { readonly path: string; readonly queue: ByteQueue }, timeUs: number): void {
    const head = takeHead(queue);
    if (head === undefined) {
      this.#assertShort(queue, "the head of its answer");
      return;
    }
    if (!/^HTTP\/1\.1 101\b/.test(head)) {
      this.#ignore(`its upgrade is refused: ${head.slice(0, head.indexOf("\r\n")).slice(0, 100)}`);
      return;
    }
    const [, extensions = ""] = /^sec-websocket-extensions:(.*)$/im.exec(head) ?? [];
    const terms = readDeflateTerms(extensions);
    const reader = this.#readerOf("ws", path);
    const frames = {
      in: this.#framesOf(reader, "in", terms?.[0]),
      out: this.#framesOf(reader, "out", terms?.[1]),
    };
    const carrying = { what: "frames", reader, frames } as const;
    this.#carrying = carrying;
    for (const [direction, rest] of [
      ["in", this.#start],
      ["out", queue],
    ] as const) {
      const bytes = rest.take(rest.length)?.slice() ?? nothing;
      this.#readFrames(carrying, direction, bytes, timeUs);
    }
  }

  #framesOf(
    reader: ConversationReader,
    direction: Direction,
    terms: ConstructorParameters<typeof MessageInflater>[0] | undefined,
  ): WebSocketFrames {
    const { maxPacketBytes } = this.#terms;
    // One message may hold many packets.
    const most = maxPacketBytes * 2;
    const sink = {
      message: (bytes: Uint8Array) => reader.read(direction, bytes, this.#nowUs),
      close: () => {
        this.#closedBy ??= direction;
      },
    };
    return new WebSocketFrames(sink, most, terms && new MessageInflater(terms, most));
  }

  #readFrames(
    { reader, frames }: Extract<Carrying, { readonly what: "frames" }>,
    direction: Direction,
    bytes: Uint8Array,
    timeUs: number,
  ): void {
    try {
      frames[direction]?.read(bytes);
    } catch (error) {
      frames[direction] = undefined;
      reader.fault(direction, error, timeUs);
    }
  }

  #readerOf(transport: "tcp" | "ws", path: string | undefined): ConversationReader {
    const { client, server } = this.#endpoints;
    const told = path === undefined ? {} : { path };
    const who = { client, server, transport, ...told };
    return new ConversationReader(this.#terms, who, this.#beganUs ?? 0);
  }

  get #endpoints(): { readonly client: string; readonly server: string } {
    const client = this.#client ?? 0;
    const from = this.#sides[client];
    const shown = this.#toldAddress || showEndpoint(from);
    return { client: shown, server: showEndpoint(this.#sides[1 - client] as Endpoint) };
  }

  #directionOf(side: SideIndex): Direction {
    return side === (this.#client ?? 0) ? "in" : "out";
  }

  #assertShort(queue: ByteQueue, what: string): void {
    if (queue.length > maxHeadBytes) {
      this.#ignore(`${what} is longer than ${maxHeadBytes} bytes`);
    }
  }

  #ignore(why: string): void {
    if (this.#carrying.what !== "ignored") {
      const { client, server } = this.#endpoints;
      this.#carrying = { what: "ignored" };
      this.#start.skip(this.#start.length);
      this.#terms.ignore(`${client} → ${server}`, why);
    }
  }

  /** Tells the budget what is held. */
  #charge(): void {
    const carrying = this.#carrying;
    let held = this.#start.length;
    if (carrying.what === "packets" || carrying.what === "frames") {
      held += carrying.reader.heldBytes;
    }
    if (carrying.what === "frames") {
      held += (carrying.frames.in?.heldBytes ?? 0) + (carrying.frames.out?.heldBytes ?? 0);
    }
    this.#terms.budget.add(held - this.#charged);
    this.#charged = held;
  }
}

/** Takes the head of an HTTP message, with its last empty line; undefined while it is not whole. */
function takeHead(queue: ByteQueue): string | undefined {
  const text = Buffer.from(queue.peek(queue.length) ?? nothing).toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) {
    return undefined;
  }
  queue.skip(end + 4);
  return text.slice(0, end + 2);
}

function beginsLike(bytes: Uint8Array, expected: string): boolean {
  const length = Math.min(bytes.length, expected.length);
  return Buffer.from(bytes.subarray(0, length)).toString("latin1") === expected.slice(0, length);
}

function showEndpoint({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

const nothing = new Uint8Array(0);
const maxHeadBytes = 16_384;
