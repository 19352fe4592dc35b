import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type ServerOptions, WebSocket, WebSocketServer } from "ws";
import type { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import { close, type ListenOptions, listen, listenAddress } from "./listen.js";
import { Outbox, type OutboxWriter, WriteOutcome } from "./outbox.js";
import { lingerMs, outboxOverflow, peerAddress, writeOut } from "./socket.js";
import type { ListenAddress, Transport, TransportHost, Wire, WireReceiver } from "./transport.js";
import { frameHeadroom, frameInPlace, framesOfPackets } from "./websocket-frame.js";

/** Where a WebSocket listener listens, and on what. */
export interface WsOptions extends ListenOptions {
  /** The path that clients connect to; a query after it is ignored. Default: `/` */
  readonly path?: string;
  /**
   * An HTTP server to share, which serves a page beside (`createServer` of node:http, Express, Fastify). It is listened
   * on `port` unless it listens already. Default: one of our own, which answers every other request with 426.
   */
  readonly server?: Server;
  /** The greatest length of a frame, which may hold several packets, in bytes. Default: `maxPacketBytes` and its header */
  readonly maxFrameBytes?: number;
}

/** Takes clients over WebSocket: browsers, and ours in Node (`ws://host:port`). */
export function ws(options: WsOptions): Transport {
  return new WsTransport(options);
}

/** What the reader of frames may hold of one connection, in pieces: a stranger decides how small they are. */
const mostPieces = 1_024;

/** How long an upgrade request may take to arrive. */
const upgradeTimeoutMs = 10_000;

class WsTransport implements Transport {
  readonly name = "ws";
  readonly #options: WsOptions;
  readonly #path: string;
  #http: Server | undefined;
  #upgrades: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined;
  #listensHere = false;

  constructor(options: WsOptions) {
    this.#options = options;
    this.#path = options.path ?? "/";
    if (!this.#path.startsWith("/")) {
      throw new NanowireError("invalid_option", `path ${this.#path} does not begin with /`);
    }
  }

  get address(): ListenAddress | undefined {
    return this.#http && listenAddress(this.#http, "ws", "ws", this.#path === "/" ? "" : this.#path);
  }

  async listen(host: TransportHost): Promise<void> {
    const http = this.#options.server ?? createUpgradeOnlyServer();
    const upgrader = new WebSocketServer(receiverOptions(this.#options.maxFrameBytes ?? host.maxFrameBytes));
    const upgrades = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (pathOf(request) !== this.#path) {
        // On a shared server the path may be somebody else's.
        if (http.listenerCount("upgrade") === 1) {
          refuseUpgrade(socket);
        }
        return;
      }
      upgrader.handleUpgrade(request, socket, head, (websocket) => {
        void new WsWire(websocket, socket as WiredSocket, host);
      });
    };
    http.on("upgrade", upgrades);
    this.#listensHere = !http.listening;
    if (this.#listensHere) {
      try {
        await listen(http, this.#options);
      } catch (error) {
        http.off("upgrade", upgrades);
        throw error;
      }
      http.on("error", (error) => host.logger.error({ error, transport: this.name }, "the listener failed"));
    }
    this.#upgrades = upgrades;
    this.#http = http;
  }

  async close(): Promise<void> {
    const http = this.#http;
    this.#http = undefined;
    if (http === undefined || this.#upgrades === undefined) {
      return;
    }
    http.off("upgrade", this.#upgrades);
    if (this.#listensHere) {
      if (http === this.#options.server) {
        http.closeIdleConnections();
      } else {
        // Those that have not upgraded: with the server goes the timer that would have ended them.
        http.closeAllConnections();
      }
      await close(http);
    }
  }
}

function createUpgradeOnlyServer(): Server {
  const settings = {
    headersTimeout: upgradeTimeoutMs,
    requestTimeout: upgradeTimeoutMs,
    connectionsCheckingInterval: 2_000,
  };
  return createServer(settings, (_request, response) => {
    response.writeHead(426, { Connection: "close", Upgrade: "websocket" }).end();
  });
}

/** Answers an upgrade that nobody takes. An upgrade's socket has nobody else who would hear of its errors. */
function refuseUpgrade(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

function receiverOptions(maxFrameBytes: number): ServerOptions {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    maxFragments: mostPieces,
    maxBufferedChunks: mostPieces,
    closeTimeout: lingerMs,
  };
  return options;
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? "/";
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** A socket that knows its wire: the listeners below are shared by all sockets, a connection makes no closure. */
interface WiredSocket extends Socket {
  nanowire?: WsWire;
}

/** The same of a WebSocket. */
interface WiredWebSocket extends WebSocket {
  nanowire?: WsWire;
}

/**
 * ws reads: it masks, joins fragments, answers pings and closes. Data goes round it: whole frames written straight to
 * the socket, all packets of a turn in one. Between two frames of ours it may write control frames of its own.
 */
class WsWire implements Wire, OutboxWriter {
  readonly transport = "ws";
  readonly remoteAddress: string;
  readonly outbox: Outbox;
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #receiver: WireReceiver;
  /** Makes frames of the packets of a turn. */
  #frames = frameInPlace;
  #closing = false;

  constructor(websocket: WiredWebSocket, socket: WiredSocket, host: TransportHost) {
    this.#websocket = websocket;
    this.#socket = socket;
    this.remoteAddress = peerAddress(socket);
    this.outbox = new Outbox(this, host.turn, host.maxOutboxBytes, frameHeadroom);
    this.#receiver = host.accept(this);
    socket.nanowire = this;
    websocket.nanowire = this;
    socket.on("drain", onDrain);
    websocket.on("message", onMessage);
    websocket.on("error", onError);
    websocket.on("close", onClose);
  }

  receive(data: RawData, binary: boolean): void {
    if (this.#closing) {
      return;
    }
    if (binary) {
      this.#receiver.receive(data as Buffer);
    } else {
      this.#receiver.violated(new NanowireError("text_frame", "a text frame came where only binary frames may"));
    }
  }

  failed(error: Error & { code?: string }): void {
    if (this.#closing) {
      return;
    }
    const code = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "packet_too_large" : "invalid_frame";
    this.#receiver.violated(
      new NanowireError(code, `a WebSocket frame was refused: ${error.message}`, { cause: error }),
    );
  }

  closed(): void {
    this.#closing = true;
    this.outbox.discard();
    this.#receiver.closed();
  }

  write(buffer: ByteBuffer): WriteOutcome {
    if (this.#websocket.readyState !== WebSocket.OPEN) {
      // ws has written the close frame, the last that may go: the client closed, or one of its frames was refused.
      return WriteOutcome.taken;
    }
    return writeOut(this.#socket, this.#frames(buffer));
  }

  framePackets(): void {
    this.#frames = framesOfPackets;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  overflowed(waitingBytes: number, maxBytes: number): void {
    this.#receiver.violated(outboxOverflow(waitingBytes, maxBytes));
  }

  pause(): void {
    this.#websocket.pause();
  }

  resume(): void {
    this.#websocket.resume();
  }

  close(reason: NanowireError): void {
    if (this.#closing) {
      return;
    }
    this.#closing = true;
    this.outbox.finish();
    this.#websocket.resume();
    this.#websocket.close(closeCodes[reason.code] ?? policyViolation, reason.code.slice(0, mostReasonUnits));
  }
}

/** A close frame has 123 bytes for a reason (RFC 6455, 5.5); a UTF-16 unit takes 3 of them at the most. */
const mostReasonUnits = 41;

/** RFC 6455, 7.4.1. */
const policyViolation = 1008;
const closeCodes: Readonly<Record<string, number>> = {
  closed: 1000,
  kicked: 1000,
  server_stopped: 1001,
  server_draining: 1001,
  heartbeat_timeout: 1001,
  invalid_packet_type: 1002,
  invalid_message: 1002,
  unknown_code: 1002,
  unexpected_packet: 1002,
  invalid_handshake: 1002,
  text_frame: 1003,
  packet_too_large: 1009,
};

function onDrain(this: WiredSocket): void {
  this.nanowire?.outbox.drained();
}

function onMessage(this: WiredWebSocket, data: RawData, binary: boolean): void {
  this.nanowire?.receive(data, binary);
}

function onError(this: WiredWebSocket, error: Error): void {
  this.nanowire?.failed(error);
}

function onClose(this: WiredWebSocket): void {
  this.nanowire?.closed();
}
