import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { constants, inflateRawSync } from "node:zlib";
import type { MemoryTransport } from "../../runtime/transport/memory.js";
import type { ListenAddress, Transport } from "../../runtime/transport/transport.js";

/** How a connection ended, as the client sees it. `code` and `reason` are a WebSocket's. */
export interface Ending {
  readonly code?: number;
  readonly reason?: string;
}

/** Who is told what arrives at a {@link Link}. */
export interface LinkReceiver {
  /** Some bytes; over WebSocket those of one frame. */
  received(bytes: Uint8Array): void;
  ended(ending: Ending): void;
}

/** The client's end of a connection as bare bytes: none of the runtime's own client is in it. */
export interface Link {
  start(receiver: LinkReceiver): void;
  /** Sends bytes; over WebSocket, as one binary frame. */
  send(bytes: Uint8Array): void;
  /** Hangs up as one should. */
  end(): void;
  /** Is gone, as when the cable is cut. */
  destroy(): void;
  /** Takes nothing from the network. */
  stopReading(): void;
  readOn(): void;
  /** How many bytes were sent and wait in this process. */
  readonly unsentBytes: number;
}

/** What a connection is made to: a port of this machine, or a Unix socket. */
export interface Target {
  readonly port?: number;
  readonly socketPath?: string;
  /** With TLS: what is asked for. Any certificate is taken. */
  readonly tls?: { readonly serverName?: string; readonly alpnProtocols?: string[] };
  /** Bytes to be sent before anything else, TLS included: a PROXY header. */
  readonly preface?: Uint8Array | string;
}

/** A socket, and what it stands on: with TLS that is another. */
export interface OpenSocket {
  readonly socket: Socket;
  readonly raw: Socket;
}

/** How a client connects. */
export interface LinkOptions {
  /** Which protocol is spoken, where there are two. Default: WebSocket */
  readonly face?: "tcp" | "ws" | undefined;
  /** Further lines of the request for an upgrade. */
  readonly headers?: readonly string[] | undefined;
}

/** Connects to where a transport listens. */
export function openLink(transport: Transport, { face = "ws", headers }: LinkOptions = {}): Promise<Link> {
  const address = transport.address as ListenAddress;
  const scheme = address.url.slice(0, address.url.indexOf(":"));
  if (scheme === "memory") {
    return openMemory(transport as MemoryTransport);
  }
  const target = scheme.startsWith("wss") || scheme.startsWith("tls") ? { ...address, tls: {} } : address;
  return scheme.startsWith("ws") && face === "ws"
    ? openWebSocket(target, pathOf(address.url), headers)
    : openTcp(target);
}

function pathOf(url: string): string {
  return /^wss?\+unix:/.test(url) ? (url.split(":")[2] ?? "/") : new URL(url).pathname;
}

/** Connects a socket. */
export async function openSocket(target: Target): Promise<Socket> {
  return (await openSockets(target)).socket;
}

/** Connects a socket, and perhaps TLS on it. */
export async function openSockets({ port = 0, socketPath, tls, preface }: Target): Promise<OpenSocket> {
  const raw = connect(socketPath === undefined ? { host: "127.0.0.1", port, noDelay: true } : { path: socketPath });
  await new Promise<void>((resolve, reject) => raw.once("connect", resolve).once("error", reject));
  // A reset is an ending like any other here.
  raw.on("error", () => {});
  if (preface !== undefined) {
    raw.write(preface);
  }
  if (tls === undefined) {
    return { socket: raw, raw };
  }
  const { serverName = "localhost", alpnProtocols } = tls;
  const named = { socket: raw, servername: serverName, rejectUnauthorized: false };
  const socket = connectTls(alpnProtocols === undefined ? named : { ...named, ALPNProtocols: alpnProtocols });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve).once("error", reject);
    socket.once("close", () => reject(new Error("the connection was closed before TLS was there")));
  });
  socket.on("error", () => {});
  return { socket, raw };
}

/** Speaks the native protocol over a socket. */
export async function openTcp(target: Target): Promise<Link> {
  const { socket, raw } = await openSockets(target);
  return {
    start(receiver) {
      socket.on("data", (bytes: Buffer) => receiver.received(bytes));
      socket.on("close", () => receiver.ended({}));
    },
    send: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    destroy: () => void reset(raw),
    stopReading: () => void socket.pause(),
    readOn: () => void socket.resume(),
    get unsentBytes() {
      return socket.writableLength;
    },
  };
}

/** As when the cable is cut; a Unix socket knows no reset. */
function reset(raw: Socket): void {
  if (raw.remoteAddress === undefined) {
    raw.destroy();
  } else {
    raw.resetAndDestroy();
  }
}

async function openMemory(transport: MemoryTransport): Promise<Link> {
  const socket = await transport.dial(new AbortController().signal);
  let receiver: LinkReceiver | undefined;
  return {
    start(given) {
      receiver = given;
      socket.start({
        receive: (bytes) => given.received(bytes),
        closed: () => given.ended({}),
      });
    },
    send: (bytes) => socket.send(bytes),
    end() {
      socket.close();
      receiver?.ended({});
    },
    destroy() {
      socket.close();
      receiver?.ended({});
    },
    stopReading() {
      throw new Error("memory is always read");
    },
    readOn() {},
    unsentBytes: 0,
  };
}

/** A frame of RFC 6455 as it came. */
export interface Frame {
  readonly final: boolean;
  /** Whether the payload came compressed. */
  readonly compressed: boolean;
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** The bytes before the payload. */
  readonly header: Uint8Array;
}

/** A WebSocket, written by hand: any frame can be sent, in any pieces. */
export interface WebSocketLink extends Link {
  readonly socket: Socket;
  /** The head of the response to the upgrade. */
  readonly head: string;
  /** Every frame that came, control frames too. */
  readonly frames: Frame[];
  /** Sends one frame. */
  frame(opcode: number, payload: Uint8Array, final?: boolean): void;
  /** Sends a binary frame that says that it is compressed. */
  compressed(payload: Uint8Array): void;
}

/**
 * The bytes of an upgrade request.
 *
 * @param headers further lines
 */
export function upgradeRequest(path: string, headers: readonly string[] = []): string {
  const key = randomBytes(16).toString("base64");
  return [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    ...headers,
    "",
    "",
  ].join("\r\n");
}

/** A client's frame: masked, as it must be. */
export function clientFrame(opcode: number, payload: Uint8Array, final = true): Buffer {
  const length = payload.length;
  const mask = randomBytes(4);
  const header = Buffer.alloc(length < 126 ? 2 : length < 0x10000 ? 4 : 10);
  header[0] = (final ? 0x80 : 0) | opcode;
  if (length < 126) {
    header[1] = 0x80 | length;
  } else if (length < 0x10000) {
    header[1] = 0x80 | 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 0x80 | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ (mask[index % 4] as number))]);
}

/** Connects and upgrades. Rejected with the status line when the server does not. */
export async function openWebSocket(
  target: Target,
  path = "/",
  headers: readonly string[] = [],
): Promise<WebSocketLink> {
  const { socket, raw } = await openSockets(target);
  socket.write(upgradeRequest(path, headers));
  const { head, rest } = await readHead(socket);
  if (!head.startsWith("HTTP/1.1 101 ")) {
    socket.destroy();
    throw new Error(head.split("\r\n")[0]);
  }
  const frames: Frame[] = [];
  let receiver: LinkReceiver | undefined;
  let ending: Ending = {};
  let sentClose = false;
  let pending: Buffer = rest;
  const take = (): void => {
    for (let next = readFrame(pending); next !== undefined; next = readFrame(pending)) {
      const { frame, bytes } = next;
      pending = pending.subarray(bytes);
      frames.push(frame);
      if (frame.opcode === 0x8) {
        const body = Buffer.from(frame.payload);
        ending = body.length < 2 ? {} : { code: body.readUInt16BE(0), reason: body.toString("utf8", 2) };
        if (!sentClose) {
          sentClose = true;
          socket.write(clientFrame(0x8, body.subarray(0, 2)));
        }
        socket.end();
      } else if (frame.opcode === 0x2) {
        receiver?.received(frame.payload);
      }
    }
  };
  return {
    socket,
    head,
    frames,
    frame: (opcode, payload, final) => void socket.write(clientFrame(opcode, payload, final)),
    compressed: (payload) => void socket.write(clientFrame(0x42, payload)),
    start(given) {
      receiver = given;
      socket.on("data", (bytes: Buffer) => {
        pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
        take();
      });
      socket.on("close", () => given.ended(ending));
      take();
      socket.resume();
    },
    send: (bytes) => void socket.write(clientFrame(0x2, bytes)),
    end() {
      sentClose = true;
      socket.write(clientFrame(0x8, Buffer.from([0x03, 0xe8])));
    },
    destroy: () => void reset(raw),
    stopReading: () => void socket.pause(),
    readOn: () => void socket.resume(),
    get unsentBytes() {
      return socket.writableLength;
    },
  };
}

/** Reads the head of an HTTP response. */
export function readHead(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      read = Buffer.concat([read, bytes]);
      const end = read.indexOf("\r\n\r\n");
      if (end >= 0) {
        socket.off("data", onData);
        socket.off("close", onClose);
        socket.pause();
        resolve({ head: read.toString("latin1", 0, end), rest: read.subarray(end + 4) });
      }
    };
    const onClose = (): void => reject(new Error("the connection was closed before the head of a response"));
    socket.on("data", onData);
    socket.on("close", onClose);
  });
}

function readFrame(bytes: Buffer): { frame: Frame; bytes: number } | undefined {
  if (bytes.length < 2) {
    return undefined;
  }
  const first = bytes[0] as number;
  const second = bytes[1] as number;
  if ((second & 0x80) !== 0) {
    throw new Error("a server's frame is masked");
  }
  const short = second & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) {
    return undefined;
  }
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = start + length;
  if (bytes.length < end) {
    return undefined;
  }
  const body = bytes.subarray(start, end);
  const compressed = (first & 0x40) !== 0;
  const frame = {
    final: (first & 0x80) !== 0,
    compressed,
    opcode: first & 0x0f,
    // RFC 7692, 7.2.2.
    payload: new Uint8Array(
      compressed ? inflateRawSync(Buffer.concat([body, Buffer.from([0, 0, 0xff, 0xff])]), flushed) : body,
    ),
    header: new Uint8Array(bytes.subarray(0, start)),
  };
  return { frame, bytes: end };
}

const flushed = { finishFlush: constants.Z_SYNC_FLUSH };
