import { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import { clientVersion } from "../client/connect-options.js";
import { encodeHandshake } from "../protocol/handshake.js";
import { maxBodyBytes } from "../protocol/limits.js";
import { writeNotify, writeRequest } from "../protocol/message-encoder.js";
import { encodePacket } from "../protocol/packet.js";
import * as packetType from "../protocol/packet-type.js";
import { encodeSystem } from "../protocol/system.js";
import { encodeJsonPayload } from "../repl/message-json.js";
import type { ClientSocket, Dial } from "../transport/client-socket.js";
import type { CaptureLine, HandshakeLine, NotifyLine, PushLine, RequestLine, ResponseLine } from "./capture-line.js";
import type { CaptureTypes } from "./capture-types.js";
import { ConversationReader } from "./conversation-reader.js";
import { Dictionaries } from "./dictionaries.js";
import { HeldBytes } from "./held-bytes.js";
import { Sessions } from "./sessions.js";

/** What all clients of a replay are told. */
export interface ReplayTerms {
  readonly dial: Dial;
  readonly types: CaptureTypes;
  /** What is asked for where the capture does not say. */
  readonly serializer: string;
  /** What every handshake tells the application; undefined: what the capture has. */
  readonly user: unknown;
  readonly showsSecrets: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Takes the lines of what was said anew. */
  readonly tell: (line: CaptureLine) => void;
}

/** A client that stands for one of the capture: what it says and hears becomes lines, as the capture's are. */
export class ReplayClient {
  readonly pushes: PushLine[] = [];
  /** The server's answer to the handshake; undefined until it came. */
  handshake: HandshakeLine | undefined;
  readonly #terms: ReplayTerms;
  readonly #reader: ConversationReader;
  readonly #answers = new Map<number | string, ResponseLine>();
  readonly #waiting = new Set<() => void>();
  #socket: ClientSocket | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;
  /** Why it is closed; undefined while it is not. */
  #closedBy: string | undefined;
  #pongs = 0;
  /** For a request whose id no number holds. */
  #nextId = 2 ** 52;

  /** @param connection its number in the capture */
  constructor(terms: ReplayTerms, connection: number) {
    this.#terms = terms;
    const reading = {
      ...terms,
      showsHeartbeats: true,
      maxPacketBytes: maxBodyBytes,
      dictionaries: new Dictionaries(new HeldBytes(maxBodyBytes)),
      sessions: new Sessions(),
      nextConnection: () => connection,
      tell: (line: CaptureLine) => this.#hear(line),
    };
    this.#reader = new ConversationReader(reading, { client: "replay", server: "", transport: "" }, nowUs());
  }

  /** Why it is closed; undefined while it is not. */
  get closedBy(): string | undefined {
    return this.#closedBy;
  }

  /**
   * Connects, and shakes hands as the captured client did.
   *
   * @param asked its handshake; undefined where that is not in the capture
   * @throws NanowireError as a client's `connect` does
   */
  async open(asked: HandshakeLine | undefined): Promise<void> {
    const { dial, timeoutMs, signal, serializer } = this.#terms;
    const limit = timeoutMs === 0 ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const socket = await dial(limit);
    this.#socket = socket;
    socket.start({
      receive: (bytes) => this.#reader.read("out", bytes, nowUs()),
      closed: (error) => this.#lost(error === undefined ? "the server closed it" : error.message),
    });
    const sys = asked === undefined ? { type: "nanowire", version: clientVersion, serializer } : spokenAgain(asked.sys);
    const user = this.#terms.user === undefined ? (asked?.user ?? null) : this.#terms.user;
    this.#say(encodePacket(packetType.handshake, encodeHandshake({ sys, user })));
    await this.#until(() => this.handshake !== undefined);
    if (this.handshake?.code === 200) {
      this.#say(encodePacket(packetType.handshakeAck));
      this.#beat(Number(this.handshake.sys["heartbeat"]));
    }
  }

  /**
   * Says what the captured client said.
   *
   * @returns the id of a request; 0 for a notify
   * @throws NanowireError `invalid_payload` where it is no message of its type any more
   */
  say(line: RequestLine | NotifyLine): number {
    const { book } = this.#terms.types;
    const form = { book, type: book.find(line.route)?.request, serializer: this.#serializer };
    const text = line.bytes ?? (line.payload === undefined ? "" : JSON.stringify(line.payload));
    const payload = encodeJsonPayload(line.route, text, form);
    const out = new ByteBuffer();
    let id = 0;
    if (line.kind === "request") {
      id = typeof line.id === "number" ? line.id : this.#nextId++;
      this.#answers.delete(id);
      writeRequest(out, id, line.route, 0, payload);
    } else {
      writeNotify(out, line.route, 0, payload);
    }
    this.#say(Uint8Array.from(out.view()));
    return id;
  }

  /** The answer to a request; undefined when none comes in time, or the connection is closed before. */
  async answer(id: number): Promise<ResponseLine | undefined> {
    await this.#until(() => this.#answers.has(id));
    return this.#answers.get(id);
  }

  /** Waits until so many pushes of a route have come. @returns whether they have */
  async pushed(route: string, count: number): Promise<boolean> {
    const isThere = (): boolean => this.pushes.filter((push) => push.route === route).length >= count;
    await this.#until(isThere);
    return isThere();
  }

  /** Waits until the server has said what it had to say so far, where it knows how to tell. */
  async settle(): Promise<void> {
    const capabilities = this.handshake?.sys["capabilities"];
    if (this.#closedBy === undefined && Array.isArray(capabilities) && capabilities.includes("ping")) {
      const before = this.#pongs;
      this.#say(encodeSystem({ ping: before + 1 }));
      await this.#until(() => this.#pongs > before);
    }
  }

  /** Waits until the server closes it. */
  async closed(): Promise<void> {
    await this.#until(() => this.#closedBy !== undefined);
  }

  /** Closes it, as the captured client did. */
  close(): void {
    if (this.#closedBy === undefined) {
      this.#closedBy = "it was closed";
      this.#reader.close("client", nowUs());
      this.#end();
    }
  }

  get #serializer(): string {
    const said = this.handshake?.sys["serializer"];
    return typeof said === "string" ? said : this.#terms.serializer;
  }

  #hear(line: CaptureLine): void {
    switch (line.kind) {
      case "handshake":
        this.handshake = line.direction === "out" ? line : this.handshake;
        break;
      case "response":
        this.#answers.set(line.id, line);
        break;
      case "push":
        this.pushes.push(line);
        break;
      case "system":
        this.#pongs += line.message === "pong" ? 1 : 0;
        break;
      default:
    }
    const isLife =
      line.kind === "heartbeat" || (line.kind === "system" && /^(?:ping|pong|received)$/.test(line.message));
    if (!isLife) {
      this.#terms.tell(line);
    }
    this.#wake();
  }

  #say(packets: Uint8Array): void {
    if (this.#closedBy === undefined) {
      this.#reader.read("in", packets, nowUs());
      this.#socket?.send(packets);
    }
  }

  #beat(seconds: number): void {
    if (seconds > 0) {
      this.#beats = setInterval(
        () => this.#say(encodePacket(packetType.heartbeat)),
        Math.min(Math.max(seconds * 1_000, shortestBeatMs), longestBeatMs),
      );
      this.#beats.unref();
    }
  }

  #lost(why: string): void {
    if (this.#closedBy === undefined) {
      this.#closedBy = why;
      this.#reader.close("server", nowUs());
      this.#end();
    }
  }

  #end(): void {
    clearInterval(this.#beats);
    this.#socket?.close();
    this.#wake();
  }

  /** Waits until something holds, the connection is closed, or the time is over. @throws NanowireError `canceled` */
  async #until(holds: () => boolean): Promise<void> {
    const { timeoutMs, signal } = this.#terms;
    let isLate = false;
    const wake = (): void => this.#wake();
    const timer =
      timeoutMs === 0
        ? undefined
        : setTimeout(() => {
            isLate = true;
            wake();
          }, timeoutMs);
    signal.addEventListener("abort", wake);
    try {
      while (!holds() && !isLate && this.#closedBy === undefined) {
        if (signal.aborted) {
          throw new NanowireError("canceled", "the replay was given up");
        }
        await new Promise<void>((resolve) => void this.#waiting.add(resolve));
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) {
      resolve();
    }
  }
}

/** What a client says of itself again: it has no dictionary, and resumes nothing. */
function spokenAgain(sys: HandshakeLine["sys"]): Record<string, unknown> {
  const { capabilities, ...said } = sys;
  const { dictVersion: _, ...rest } = said;
  return Array.isArray(capabilities)
    ? { ...rest, capabilities: capabilities.filter((name) => name !== "resume") }
    : rest;
}

function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}

const shortestBeatMs = 50;
const longestBeatMs = 2_147_483_647;
