import type { Transport } from "../../runtime/transport/transport.js";
import { concat, hex } from "../protocol/hex.js";
import { type Ending, type Link, type LinkOptions, openLink } from "./link.js";
import { Arrivals, defer } from "./wait.js";

/** A packet as it came. */
export interface Packet {
  readonly type: number;
  readonly body: Uint8Array;
}

/** What a data packet holds. */
export interface Message {
  readonly type: "response" | "push";
  readonly flag: number;
  /** Of a response; 0 for a push. */
  readonly id: bigint;
  /** Of a push that went in full. */
  readonly route: string | undefined;
  /** Of a push that went as a code. */
  readonly code: number | undefined;
  readonly payload: Uint8Array;
  readonly text: string;
}

/** The handshake of a client that speaks protobuf and is not known for anything. */
export const plainHandshake = '{"sys":{"type":"test","version":"1"}}';

/** A packet: type, three bytes of length, body. */
export function packet(type: number, body: Uint8Array | string = ""): Uint8Array {
  const bytes = typeof body === "string" ? utf8.encode(body) : body;
  return concat(Uint8Array.of(type, bytes.length >>> 16, (bytes.length >>> 8) & 0xff, bytes.length & 0xff), bytes);
}

/** A packet with a request. A route that is a number goes as a code. */
export function request(id: number | bigint, route: string | number, payload: Uint8Array | string = ""): Uint8Array {
  const flag = typeof route === "number" ? 0x01 : 0x00;
  return packet(4, concat(Uint8Array.of(flag), varint(BigInt(id)), routeBytes(route), bytesOf(payload)));
}

/** A packet with a notify. A route that is a number goes as a code. */
export function notify(route: string | number, payload: Uint8Array | string = ""): Uint8Array {
  const flag = typeof route === "number" ? 0x03 : 0x02;
  return packet(4, concat(Uint8Array.of(flag), routeBytes(route), bytesOf(payload)));
}

/** The packets in a piece of a stream, each whole. */
export function packetsIn(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const end = offset + 4 + lengthAt(bytes, offset);
    if (end > bytes.length) {
      throw new Error("the last packet is not whole");
    }
    packets.push({ type: bytes[offset] as number, body: new Uint8Array(bytes.subarray(offset + 4, end)) });
    offset = end;
  }
  return packets;
}

/** What is in the body of a data packet. */
export function messageIn(body: Uint8Array): Message {
  const flag = body[0] as number;
  const type = (flag >>> 1) & 0x07;
  if (type === 2) {
    let id = 0n;
    let offset = 1;
    for (let shift = 0n; ; shift += 7n) {
      const byte = body[offset++] as number;
      id |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        break;
      }
    }
    const payload = body.slice(offset);
    return { type: "response", flag, id, route: undefined, code: undefined, payload, text: textOf(payload) };
  }
  if (type !== 3) {
    throw new Error(`the server sent a message with the flag ${flag}`);
  }
  const code = (flag & 1) === 0 ? undefined : ((body[1] as number) << 8) | (body[2] as number);
  const routeEnd = code === undefined ? 2 + (body[1] as number) : 3;
  const route = code === undefined ? textOf(body.subarray(2, routeEnd)) : undefined;
  const payload = body.slice(routeEnd);
  return { type: "push", flag, id: 0n, route, code, payload, text: textOf(payload) };
}

/** The text of bytes. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A client that speaks the protocol byte by byte. */
export class Client {
  /** Packets that nobody has asked for yet; heartbeats are not among them. */
  readonly packets = new Arrivals<Packet>();
  /** How many heartbeats came. */
  heartbeats = 0;
  /** How many times the connection ended: it may only be once. */
  endings = 0;
  /** What came in one go each: over WebSocket a frame each. */
  readonly deliveries: Uint8Array[] = [];
  readonly link: Link;
  readonly #ended = defer<Ending>();
  #partial: Uint8Array = new Uint8Array(0);

  constructor(link: Link) {
    this.link = link;
    link.start({
      received: (bytes) => this.#received(bytes),
      ended: (ending) => {
        this.endings++;
        this.packets.end(new Error("the connection ended"));
        this.#ended.resolve(ending);
      },
    });
  }

  /** Connects, and says nothing. */
  static async open(transport: Transport, options?: LinkOptions): Promise<Client> {
    return new Client(await openLink(transport, options));
  }

  /** Kept when the connection has ended. */
  get ended(): Promise<Ending> {
    return this.#ended.promise;
  }

  /** Sends bytes as they are: annotated hex, or bytes. */
  send(bytes: string | Uint8Array): void {
    this.link.send(typeof bytes === "string" ? hex(bytes) : bytes);
  }

  /** The next packet that is no heartbeat. */
  packet(): Promise<Packet> {
    return this.packets.next();
  }

  /** The next data packet, which has to be the next packet. */
  async message(): Promise<Message> {
    const { type, body } = await this.packet();
    if (type !== 4) {
      throw new Error(`a packet of type ${type} came where a message was expected: ${textOf(body)}`);
    }
    return messageIn(body);
  }

  /** The next messages. */
  async messages(count: number): Promise<Message[]> {
    const messages: Message[] = [];
    while (messages.length < count) {
      messages.push(await this.message());
    }
    return messages;
  }

  /** Says hello and acknowledges the answer, which it returns. */
  async enter(handshake: string | object = plainHandshake): Promise<HandshakeAnswer> {
    this.send(packet(1, typeof handshake === "string" ? handshake : JSON.stringify(handshake)));
    const answer = await this.answer();
    this.send(packet(2));
    return answer;
  }

  /** The answer to a handshake, which has to be the next packet. */
  async answer(): Promise<HandshakeAnswer> {
    const { type, body } = await this.packet();
    if (type !== 1) {
      throw new Error(`a packet of type ${type} came where the answer to a handshake was expected`);
    }
    return JSON.parse(textOf(body)) as HandshakeAnswer;
  }

  /** Sends a request and takes its answer, which has to be the next message. */
  call(id: number | bigint, route: string | number, payload: Uint8Array | string = ""): Promise<Message> {
    this.send(request(id, route, payload));
    return this.message();
  }

  #received(bytes: Uint8Array): void {
    this.deliveries.push(bytes);
    let stream = this.#partial.length === 0 ? bytes : concat(this.#partial, bytes);
    while (stream.length >= 4 && stream.length >= 4 + lengthAt(stream, 0)) {
      const end = 4 + lengthAt(stream, 0);
      const [whole] = packetsIn(stream.subarray(0, end)) as [Packet];
      stream = stream.subarray(end);
      if (whole.type === 3) {
        this.heartbeats++;
      } else {
        this.packets.push(whole);
      }
    }
    this.#partial = stream;
  }
}

/** The answer to a handshake. */
export interface HandshakeAnswer {
  readonly code: number;
  readonly sys: {
    readonly heartbeat?: number;
    readonly servertime?: number;
    readonly dict?: Readonly<Record<string, number>>;
    readonly dictVersion?: string;
    readonly serializer?: string;
  };
  readonly user?: unknown;
  readonly error?: string;
  readonly reason?: string;
}

/** An error payload as protobuf, read by hand. */
export function errorIn(payload: Uint8Array): { code: string; msg: string; metadata: Record<string, string> } {
  const fields = fieldsIn(payload);
  const entries = fields.filter(([field]) => field === 3).map(([, entry]) => fieldsIn(entry));
  const text = (list: [number, Uint8Array][], wanted: number) =>
    textOf(list.find(([field]) => field === wanted)?.[1] ?? new Uint8Array(0));
  return {
    code: text(fields, 1),
    msg: text(fields, 2),
    metadata: Object.fromEntries(entries.map((entry) => [text(entry, 1), text(entry, 2)])),
  };
}

function fieldsIn(bytes: Uint8Array): [number, Uint8Array][] {
  const fields: [number, Uint8Array][] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const tag = bytes[offset++] as number;
    if ((tag & 7) !== 2) {
      throw new Error(`the field ${tag >>> 3} is not length-delimited`);
    }
    let length = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = bytes[offset++] as number;
      length += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        break;
      }
    }
    fields.push([tag >>> 3, bytes.slice(offset, offset + length)]);
    offset += length;
  }
  return fields;
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

function routeBytes(route: string | number): Uint8Array {
  if (typeof route === "number") {
    return Uint8Array.of(route >>> 8, route & 0xff);
  }
  const text = utf8.encode(route);
  return concat(Uint8Array.of(text.length), text);
}

function bytesOf(payload: Uint8Array | string): Uint8Array {
  return typeof payload === "string" ? utf8.encode(payload) : payload;
}

function lengthAt(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset + 1] as number) << 16) | ((bytes[offset + 2] as number) << 8) | (bytes[offset + 3] as number);
}

const utf8 = new TextEncoder();
