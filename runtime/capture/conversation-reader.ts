import { unzipSync } from "node:zlib";
import type { JsonValue } from "@bufbuild/protobuf";
import { NanowireError } from "../base/error.js";
import { isDeflated } from "../client/inflate.js";
import { decodeErrorPayload } from "../protocol/error-payload.js";
import { decodeHandshakeRequest, decodeHandshakeResponse, handshakeOk } from "../protocol/handshake.js";
import type { MessageId } from "../protocol/message.js";
import { decodeMessageHeader, MessageHeader } from "../protocol/message-decoder.js";
import * as messageType from "../protocol/message-type.js";
import { PacketDecoder, type PacketSink } from "../protocol/packet-decoder.js";
import * as packetType from "../protocol/packet-type.js";
import { decodeResumeClaim, decodeResumeOffer } from "../protocol/resume.js";
import { jsonSerializer, protobufSerializer } from "../protocol/serializer.js";
import { decodeSystem } from "../protocol/system.js";
import type { CaptureLine, Direction, HandshakeLine, LinePayload } from "./capture-line.js";
import { timeText } from "./capture-line.js";
import type { CaptureTypes } from "./capture-types.js";
import type { Dictionaries } from "./dictionaries.js";
import { readLinePayload } from "./line-payload.js";
import type { Sessions, SessionTraffic } from "./sessions.js";

/** What all connections of a capture are read with. */
export interface ReadingTerms {
  readonly types: CaptureTypes;
  /** What is spoken where the server does not say. */
  readonly serializer: string;
  /** Whether handshake data and fields marked secret are told. */
  readonly showsSecrets: boolean;
  /** Whether heartbeats are told. */
  readonly showsHeartbeats: boolean;
  /** The longest packet that is taken, and the longest payload when it is inflated. */
  readonly maxPacketBytes: number;
  readonly dictionaries: Dictionaries;
  readonly sessions: Sessions;
  /** The number of the next connection. */
  readonly nextConnection: () => number;
  /** Takes the lines. */
  readonly tell: (line: CaptureLine) => void;
}

/** Who talks, as the line says that a connection opens with. */
export interface Correspondents {
  readonly client: string;
  readonly server: string;
  readonly transport: string;
  readonly path?: string;
}

/** Makes lines of what goes over one connection: packets, handshakes, messages, routes, payloads. */
export class ConversationReader {
  readonly #terms: ReadingTerms;
  readonly #who: Correspondents;
  readonly #sides: Readonly<Record<Direction, ReadSide>>;
  readonly #header = new MessageHeader();
  /** Its number; 0 until it shakes hands: one that never does is none of ours. */
  #connection = 0;
  #isClosed = false;
  readonly #openedUs: number;
  #timeUs = 0;
  #serializer: string;
  #routes: ReadonlyMap<number, string>;
  #dictionary: string | undefined;
  #claim: string | undefined;
  #session: SessionTraffic | undefined;

  /** @param timeUs when the connection was opened */
  constructor(terms: ReadingTerms, who: Correspondents, timeUs: number) {
    this.#terms = terms;
    this.#who = who;
    this.#openedUs = timeUs;
    this.#serializer = terms.serializer;
    this.#routes = terms.types.codes;
    this.#sides = { in: new ReadSide(this, "in", terms), out: new ReadSide(this, "out", terms) };
  }

  /** Whether both sides shook hands, or one of them. */
  get isOpen(): boolean {
    return this.#connection > 0;
  }

  /** How many bytes are held of what is not whole. */
  get heldBytes(): number {
    return this.#sides.in.heldBytes + this.#sides.out.heldBytes + (this.#session?.pending.size ?? 0) * costOfPending;
  }

  /** Bytes of a stream of packets. */
  read(direction: Direction, bytes: Uint8Array, timeUs: number): void {
    this.#timeUs = timeUs;
    this.#sides[direction].read(bytes);
  }

  /** Bytes are missing: what comes behind them has no beginning. */
  gap(direction: Direction, missingBytes: number, timeUs: number): void {
    this.#timeUs = timeUs;
    this.#sides[direction].stop();
    if (this.isOpen) {
      this.#tell({ kind: "gap", direction, missingBytes });
    }
  }

  /** Something cannot be read; nothing more of that direction is. */
  fault(direction: Direction, error: unknown, timeUs = this.#timeUs): void {
    this.#timeUs = timeUs;
    this.#sides[direction].stop();
    if (this.isOpen) {
      this.#tell({ kind: "fault", direction, message: textOf(error) });
    }
  }

  /** The connection ends. */
  close(by: "client" | "server" | "nobody", timeUs: number): void {
    this.#timeUs = timeUs;
    if (this.isOpen && !this.#isClosed) {
      this.#tell({ kind: "close", by });
    }
    this.#isClosed = true;
    if (this.#session !== undefined) {
      this.#terms.sessions.leave(this.#session);
    }
    this.#forgetDictionary();
  }

  /**
   * One packet.
   *
   * @throws NanowireError for one that cannot be read
   */
  packet(direction: Direction, type: number, body: Uint8Array): void {
    switch (type) {
      case packetType.handshake:
        this.#tellHandshake(direction, body);
        break;
      case packetType.data:
        this.#message(direction, body);
        break;
      case packetType.kick:
        this.#tell({ kind: "kick", direction: "out", reason: reasonIn(body) });
        break;
      case packetType.system:
        this.#system(direction, body);
        break;
      case packetType.heartbeat:
        if (this.#terms.showsHeartbeats) {
          this.#tell({ kind: "heartbeat", direction });
        }
        break;
      default:
    }
  }

  #tellHandshake(direction: Direction, body: Uint8Array): void {
    const text = direction === "out" && isDeflated(body) ? this.#inflate(body) : body;
    const line = direction === "in" ? this.#request(text) : this.#answer(text);
    if (!this.isOpen) {
      this.#connection = this.#terms.nextConnection();
      const { client, server, transport, path } = this.#who;
      const said = { kind: "open", client, server, transport, ...(path === undefined ? {} : { path }) } as const;
      this.#terms.tell({ time: timeText(this.#openedUs), connection: this.#connection, ...said });
    }
    this.#tell(line);
  }

  #request(body: Uint8Array): Bare<HandshakeLine> {
    const { sys, user } = decodeHandshakeRequest(body);
    this.#claim = decodeResumeClaim(sys)?.token;
    return { kind: "handshake", direction: "in", sys: known(sys, clientSays), ...this.#userOf(user) };
  }

  #answer(body: Uint8Array): Bare<HandshakeLine> {
    const { code, sys, user, error, reason } = decodeHandshakeResponse(body);
    if (sys.dict !== undefined) {
      this.#forgetDictionary();
      const { key, routes } = this.#terms.dictionaries.take(sys.dict);
      this.#dictionary = key;
      this.#routes = routes;
    }
    this.#serializer = sys.serializer ?? this.#serializer;
    const offer = decodeResumeOffer(sys.resume);
    if (code === handshakeOk) {
      this.#session = this.#terms.sessions.enter(this.#claim, offer?.received !== undefined);
      if (offer !== undefined) {
        this.#terms.sessions.remember(offer.token, this.#session);
      }
    }
    return {
      kind: "handshake",
      direction: "out",
      code,
      ...(error === undefined ? {} : { error }),
      ...(reason === undefined ? {} : { reason }),
      sys: known(sys, serverSays),
      ...this.#userOf(user),
    };
  }

  #userOf(user: unknown): Pick<HandshakeLine, "user" | "redacted"> {
    if (user === undefined || user === null) {
      return {};
    }
    return this.#terms.showsSecrets ? { user: user as JsonValue } : { redacted: ["user"] };
  }

  #message(direction: Direction, body: Uint8Array): void {
    const header = this.#header;
    decodeMessageHeader(body, 0, body.length, header);
    const isFromServer = header.type === messageType.response || header.type === messageType.push;
    if (isFromServer !== (direction === "out")) {
      throw new NanowireError("invalid_message", `${isFromServer ? "a client" : "a server"} sends no such message`);
    }
    const payload = body.subarray(header.payloadStart);
    const bytes = header.compressed ? this.#inflatedPayload(direction, payload) : payload;
    if (header.type === messageType.response) {
      this.#response(header, bytes);
      return;
    }
    const route = header.code === 0 ? header.route : (this.#routes.get(header.code) ?? `#${header.code}`);
    const said = this.#payloadOf(direction, route, "request", bytes);
    if (header.type === messageType.request) {
      const id = idOf(header.id);
      this.#remember(id, route);
      this.#tell({ kind: "request", direction: "in", id, route, ...said });
    } else if (header.type === messageType.notify) {
      this.#tell({ kind: "notify", direction: "in", route, ...said });
    } else {
      this.#tell({ kind: "push", direction: "out", route, ...said });
    }
  }

  #response({ id: written, error: isError }: MessageHeader, bytes: Uint8Array): void {
    const id = idOf(written);
    const asked = this.#session?.pending.get(id);
    this.#session?.pending.delete(id);
    const about = {
      kind: "response",
      direction: "out",
      id,
      ...(asked === undefined ? {} : { route: asked.route }),
    } as const;
    const took =
      asked === undefined ? {} : { durationMs: Math.max(0, Math.round(this.#timeUs - asked.timeUs) / 1_000) };
    if (isError) {
      const serializer = this.#serializer === "json" ? jsonSerializer : protobufSerializer;
      const { code, message, details } = decodeErrorPayload(bytes, serializer);
      const error = { message, ...(Object.keys(details).length === 0 ? {} : { details }) };
      this.#tell({ ...about, code, ...took, error });
    } else {
      this.#tell({ ...about, code: "ok", ...took, ...this.#payloadOf("out", asked?.route, "response", bytes) });
    }
  }

  #remember(id: number | string, route: string): void {
    this.#session ??= this.#terms.sessions.enter(undefined, false);
    const { pending } = this.#session;
    pending.set(id, { route, timeUs: this.#timeUs });
    if (pending.size > mostPending) {
      for (const oldest of pending.keys()) {
        pending.delete(oldest);
        break;
      }
    }
  }

  #payloadOf(
    direction: Direction,
    route: string | undefined,
    side: "request" | "response",
    bytes: Uint8Array,
  ): LinePayload {
    const { types, showsSecrets } = this.#terms;
    const { book } = types;
    const type = route === undefined ? undefined : book.find(route)?.[side];
    const { said, fault } = readLinePayload(bytes, { book, type, serializer: this.#serializer, showsSecrets });
    if (fault !== undefined) {
      this.#tell({ kind: "fault", direction, message: `${route ?? "an answer"}: ${fault}` });
    }
    return said;
  }

  #system(direction: Direction, body: Uint8Array): void {
    const names = Object.keys(decodeSystem(body));
    for (const message of names.slice(0, 1)) {
      if (this.#terms.showsHeartbeats || !signsOfLife.has(message)) {
        this.#tell({ kind: "system", direction, message });
      }
    }
  }

  #inflate(bytes: Uint8Array): Uint8Array {
    const { maxPacketBytes } = this.#terms;
    try {
      return unzipSync(bytes, { maxOutputLength: maxPacketBytes });
    } catch (cause) {
      const what = `${bytes.length} compressed bytes are no zlib stream, or longer than ${maxPacketBytes}`;
      throw new NanowireError("invalid_payload", what, { cause });
    }
  }

  #forgetDictionary(): void {
    if (this.#dictionary !== undefined) {
      this.#terms.dictionaries.release(this.#dictionary);
      this.#dictionary = undefined;
    }
  }

  /** A payload that cannot be inflated is told as it came: what comes behind it can be read. */
  #inflatedPayload(direction: Direction, payload: Uint8Array): Uint8Array {
    try {
      return this.#inflate(payload);
    } catch (error) {
      this.#tell({ kind: "fault", direction, message: textOf(error) });
      return payload;
    }
  }

  #tell(line: Bare<CaptureLine>): void {
    const session = this.#session === undefined ? {} : { session: this.#session.number };
    const base = { time: timeText(this.#timeUs), connection: this.#connection, ...session };
    this.#terms.tell({ ...base, ...line });
  }
}

/** One direction's packets. */
class ReadSide implements PacketSink {
  readonly #reader: ConversationReader;
  readonly #direction: Direction;
  readonly #decoder: PacketDecoder;
  /** What came of the packet that is not whole. */
  #partBytes = 0;
  /** Whether what comes can be read on. */
  #reads = true;

  constructor(reader: ConversationReader, direction: Direction, { maxPacketBytes }: ReadingTerms) {
    this.#reader = reader;
    this.#direction = direction;
    this.#decoder = new PacketDecoder(maxPacketBytes, "the limit", packetType.system);
  }

  get heldBytes(): number {
    return this.#partBytes;
  }

  read(bytes: Uint8Array): void {
    if (!this.#reads) {
      return;
    }
    this.#partBytes += bytes.length;
    try {
      this.#decoder.decode(bytes, this);
    } catch (error) {
      this.#reader.fault(this.#direction, error);
    }
  }

  stop(): void {
    this.#reads = false;
    this.#partBytes = 0;
  }

  packet(type: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.#partBytes -= packetHeaderBytes + end - start;
    try {
      this.#reader.packet(this.#direction, type, bytes.subarray(start, end));
    } catch (error) {
      this.#reader.fault(this.#direction, error);
    }
    return this.#reads;
  }
}

/** A line without what all lines have. */
type Bare<T> = T extends unknown ? Omit<T, "time" | "connection" | "session"> : never;

function idOf(id: MessageId): number | string {
  return typeof id === "bigint" ? String(id) : id;
}

/** Of what a side says of itself, that which is no secret and no dictionary. */
function known(sys: object, names: readonly string[]): Record<string, JsonValue> {
  const said = sys as Readonly<Record<string, JsonValue>>;
  return Object.fromEntries(names.flatMap((name) => (said[name] === undefined ? [] : [[name, said[name]]])));
}

function reasonIn(body: Uint8Array): string {
  const { reason } = decodeSystem(body);
  return typeof reason === "string" ? reason : "";
}

function textOf(error: unknown): string {
  return error instanceof NanowireError ? `${error.code}: ${error.message}` : String(error);
}

const clientSays = [
  "type",
  "version",
  "serializer",
  "dictVersion",
  "platform",
  "libVersion",
  "clientVersion",
  "clientBuildNumber",
  "capabilities",
];
const serverSays = ["heartbeat", "serializer", "dictVersion", "capabilities"];
const signsOfLife: ReadonlySet<string> = new Set(["ping", "pong", "received"]);

const packetHeaderBytes = 4;
/** The most requests of a session that may wait for their answers, and about what each takes. */
const mostPending = 65_536;
const costOfPending = 512;
