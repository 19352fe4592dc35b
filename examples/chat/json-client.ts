/*
 * The wire protocol by hand, as nano's own browser client speaks it: routes as text, payloads in JSON. Nothing of
 * Nanowire is in here, only a bare WebSocket:
 *
 *     packet    | type: 1 byte | length of body: 3 bytes | body |      a frame holds one or more
 *     message   | flag: 1 byte | id: varint, request and response | route: not in a response | payload |
 *
 * The client says its handshake, the server answers with the dictionary of routes, the client acknowledges: from then
 * on messages flow. The dictionary is used one way here: the server's pushes name their routes by code.
 */

import { WebSocket } from "ws";

const packetTypes = { handshake: 1, handshakeAck: 2, heartbeat: 3, data: 4, kick: 5 } as const;
const messageTypes = { request: 0, notify: 1, response: 2, push: 3 } as const;

/** Flag bits: `00EG TTTC`. */
const routeIsCode = 0x01;
const payloadIsError = 0x20;

/** What the server answered a request with, when it refused it. */
export class JsonClientError extends Error {
  /** What a program tests: `name_taken`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "JsonClientError";
    this.code = code;
  }
}

/** A client that was written from the protocol's description alone. */
export class JsonClient {
  readonly #socket: WebSocket;
  readonly #opened: () => void;
  readonly #routes = new Map<number, string>();
  readonly #requests = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #listeners = new Map<string, (message: unknown) => void>();
  #heartbeatMs = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  #lastId = 0;

  /** Resolved with the reason when the connection is closed, by whichever side. */
  readonly closed: Promise<string>;

  private constructor(socket: WebSocket, opened: () => void) {
    this.#socket = socket;
    this.#opened = opened;
    socket.binaryType = "nodebuffer";
    socket.on("open", () => this.#sendJson(packetTypes.handshake, handshake));
    socket.on("message", (frame: Buffer) => {
      try {
        this.#receiveFrame(frame);
      } catch {
        socket.close(1002, "this cannot be read");
      }
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve(this.#ended(`closed with ${code} ${reason.toString()}`.trim())));
    });
  }

  /** Connects and shakes hands. Rejects when either fails. */
  static connect(url: string): Promise<JsonClient> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.on("error", reject);
      const client = new JsonClient(socket, () => resolve(client));
      void client.closed.then((reason) => reject(new Error(`the connection was ${reason}`)));
    });
  }

  /** Calls a route and waits for its answer. Rejects with a {@link JsonClientError} when the server refuses. */
  request(route: string, body: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) {
        throw new JsonClientError("connection_lost", "the connection is closed");
      }
      const id = ++this.#lastId;
      this.#requests.set(id, { resolve, reject });
      this.#sendMessage(messageTypes.request, varint(id), route, body);
    });
  }

  /** Sends a message that is never answered. */
  notify(route: string, body: unknown): void {
    this.#sendMessage(messageTypes.notify, empty, route, body);
  }

  /** Calls the listener with every push of a route. */
  on(route: string, listener: (message: unknown) => void): void {
    this.#listeners.set(route, listener);
  }

  close(): void {
    this.#socket.close();
  }

  // what comes in: frame → packets → messages

  #receiveFrame(frame: Buffer): void {
    for (let start = 0; start < frame.length; ) {
      const end = start + 4 + frame.readUIntBE(start + 1, 3);
      this.#receivePacket(frame.readUInt8(start), frame.subarray(start + 4, end));
      start = end;
    }
  }

  #receivePacket(type: number, body: Buffer): void {
    if (type === packetTypes.handshake) {
      this.#shakeHands(JSON.parse(body.toString()) as HandshakeAnswer);
    } else if (type === packetTypes.heartbeat) {
      // Each heartbeat is answered, one interval later.
      this.#heartbeat ??= setTimeout(() => this.#beat(), this.#heartbeatMs);
    } else if (type === packetTypes.data) {
      this.#receiveMessage(body);
    } else if (type === packetTypes.kick) {
      this.close();
    }
  }

  #shakeHands({ code, sys, reason }: HandshakeAnswer): void {
    if (code !== 200 || sys === undefined) {
      this.#socket.close(1000, `refused: ${reason ?? code}`);
      return;
    }
    this.#heartbeatMs = (sys.heartbeat ?? 0) * 1000;
    for (const [route, routeCode] of Object.entries(sys.dict ?? {})) {
      this.#routes.set(routeCode, route);
    }
    this.#sendPacket(packetTypes.handshakeAck, empty);
    this.#opened();
  }

  #beat(): void {
    this.#heartbeat = undefined;
    this.#sendPacket(packetTypes.heartbeat, empty);
  }

  #receiveMessage(message: Buffer): void {
    const flag = message.readUInt8(0);
    const type = (flag >> 1) & 0x07;
    if (type === messageTypes.push) {
      const { route, end } = this.#readRoute(message, flag);
      this.#listeners.get(route)?.(parse(message.subarray(end)));
    } else if (type === messageTypes.response) {
      const { value: id, end } = readVarint(message, 1);
      this.#settle(id, parse(message.subarray(end)), (flag & payloadIsError) !== 0);
    }
  }

  #readRoute(message: Buffer, flag: number): { route: string; end: number } {
    if ((flag & routeIsCode) !== 0) {
      return { route: this.#routes.get(message.readUInt16BE(1)) ?? "", end: 3 };
    }
    const end = 2 + message.readUInt8(1);
    return { route: message.toString("utf8", 2, end), end };
  }

  #settle(id: number, body: unknown, failed: boolean): void {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (failed) {
      const { code, msg } = body as { code: string; msg: string };
      request?.reject(new JsonClientError(code, msg));
    } else {
      request?.resolve(body);
    }
  }

  #ended(reason: string): string {
    clearTimeout(this.#heartbeat);
    for (const { reject } of this.#requests.values()) {
      reject(new JsonClientError("connection_lost", `the connection was ${reason}`));
    }
    this.#requests.clear();
    return reason;
  }

  // what goes out: message → packet → frame

  #sendMessage(type: number, id: Buffer, route: string, body: unknown): void {
    const name = Buffer.from(route);
    const payload = Buffer.from(JSON.stringify(body));
    this.#sendPacket(
      packetTypes.data,
      Buffer.concat([Buffer.of(type << 1), id, Buffer.of(name.length), name, payload]),
    );
  }

  #sendJson(type: number, body: unknown): void {
    this.#sendPacket(type, Buffer.from(JSON.stringify(body)));
  }

  #sendPacket(type: number, body: Buffer): void {
    const header = Buffer.of(type, 0, 0, 0);
    header.writeUIntBE(body.length, 1, 3);
    this.#socket.send(Buffer.concat([header, body]));
  }
}

interface HandshakeAnswer {
  readonly code: number;
  readonly reason?: string;
  readonly sys?: { readonly heartbeat?: number; readonly dict?: Readonly<Record<string, number>> };
}

/** Word for word what nano's browser client says. */
const handshake = { sys: { type: "js-websocket", version: "0.0.1", rsa: {} }, user: {} };

const empty = Buffer.alloc(0);

/** Seven bits a byte, the lowest first; the highest bit of a byte says that another follows. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.of(...bytes, rest);
}

function readVarint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  let scale = 1;
  for (let offset = start; ; offset++) {
    const byte = bytes.readUInt8(offset);
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte < 0x80) {
      return { value, end: offset + 1 };
    }
  }
}

function parse(payload: Buffer): unknown {
  return payload.length === 0 ? {} : JSON.parse(payload.toString());
}
