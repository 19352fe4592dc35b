import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { NanowireError } from "../../../runtime/base/error.js";
import { ws } from "../../../runtime/transport/ws.js";
import { toHex } from "../../protocol/hex.js";
import { type AcceptedWire, KeptHost } from "../../support/host.js";
import { openSocket, readHead, upgradeRequest } from "../../support/link.js";
import { Arrivals, until } from "../../support/wait.js";
import { maxFrameBytes } from "./vectors.js";

/** What came of a connection. */
export interface Outcome {
  /** The messages that were handed on, in hex. */
  readonly messages: readonly string[];
  /** How many pings, pongs and empty messages were told of. */
  readonly idles: number;
  /** What was broken: errors' codes. */
  readonly violations: readonly string[];
  /** Every byte that the server sent after the upgrade, in hex. */
  readonly answer: string;
}

/** A server's WebSocket, and what it can be told to do. */
export interface Commands {
  pause(): void;
  resume(): void;
  /** Closes with 1000, for the reason `closed`. */
  close(): void;
}

/** What a server does with a message, besides keeping it. */
export type Reaction = (commands: Commands, message: Uint8Array) => void;

/** A server that keeps what it is sent, on an HTTP server whose sockets can be seen. */
export interface Side {
  /** Upgrades a connection. One after the other: they are told apart by their order. */
  open(): Promise<Opened>;
}

/** A client that is a bare socket, and the server's end. */
export class Opened {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #kept: Kept;
  readonly #answer: Buffer[];

  constructor(client: Socket, rest: Buffer, server: Socket, kept: Kept) {
    this.#client = client;
    this.#server = server;
    this.#kept = kept;
    this.#answer = [rest];
    client.on("data", (bytes: Buffer) => this.#answer.push(bytes));
    client.resume();
  }

  /**
   * Sends pieces, each when the one before was read, hangs up, and tells what came of it once both ends are closed.
   *
   * @param reset whether it is gone as when the cable is cut
   */
  async feed(pieces: readonly Uint8Array[], reset = false): Promise<Outcome> {
    let sent = this.#server.bytesRead;
    for (const piece of pieces) {
      sent += piece.length;
      this.#client.write(piece);
      await until(() => this.#server.bytesRead >= sent || this.#server.destroyed);
    }
    if (reset) {
      this.#client.resetAndDestroy();
    } else {
      this.#client.end();
    }
    await until(() => this.#client.closed && this.#server.closed && this.#kept.closed);
    const { messages, idles, violations } = this.#kept;
    return { messages, idles, violations, answer: toHex(Buffer.concat(this.#answer)) };
  }
}

/** What a server keeps of one connection. */
interface Kept {
  readonly messages: readonly string[];
  readonly idles: number;
  readonly violations: readonly string[];
  readonly closed: boolean;
}

/**
 * Our listener.
 *
 * @param shared whether somebody else listens to the sockets, too: then ws reads all of it
 */
export async function ourSide(react: Reaction = () => {}, shared = false): Promise<Side> {
  const http = await listening();
  if (shared) {
    http.on("upgrade", (_request, socket: Socket) => void socket.on("data", () => {}));
  }
  const host = new KeptHost();
  host.onReceive = (wire, message) => {
    const close = () => wire.close(new NanowireError("closed", "enough"));
    react({ pause: () => wire.pause(), resume: () => wire.resume(), close }, message);
  };
  const transport = ws({ server: http, maxFrameBytes });
  await transport.listen(host);
  onTestFinished(() => transport.close());
  return side(http, async () => keptBy(await host.accepted.next()));
}

function keptBy(end: AcceptedWire): Kept {
  return {
    get messages() {
      return end.pieces.map(toHex);
    },
    get idles() {
      return end.idles;
    },
    get violations() {
      return end.violations.map(({ code }) => code);
    },
    get closed() {
      return end.closings > 0;
    },
  };
}

/** ws and nothing else, with the options that our listener gives it. */
export async function oracleSide(react: Reaction = () => {}): Promise<Side> {
  const http = await listening();
  // closeTimeout is not among the options' types.
  const options = {
    clientTracking: false,
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    maxFragments: 1_024,
    maxBufferedChunks: 1_024,
    closeTimeout: 2_000,
  };
  const server = new WebSocketServer({ server: http, ...options });
  const opened = new Arrivals<Kept>();
  server.on("connection", (websocket) => opened.push(keepOf(websocket, react)));
  return side(http, () => opened.next());
}

/** Does with a WebSocket what our transport is to do. */
function keepOf(websocket: WebSocket, react: Reaction): Kept {
  const kept = { messages: [] as string[], idles: 0, violations: [] as string[], closed: false };
  let closing = false;
  const close = (code: number, reason: string): void => {
    closing = true;
    websocket.resume();
    websocket.close(code, reason);
  };
  const commands: Commands = {
    pause: () => websocket.pause(),
    resume: () => websocket.resume(),
    close: () => close(1000, "closed"),
  };
  const idled = (): void => {
    kept.idles += closing ? 0 : 1;
  };
  websocket.on("message", (data: Buffer, binary) => {
    if (binary && data.length === 0) {
      idled();
    } else if (!closing && binary) {
      kept.messages.push(toHex(data));
      react(commands, data);
    } else if (!closing) {
      kept.violations.push("text_frame");
      close(1003, "text_frame");
    }
  });
  websocket.on("pong", idled);
  websocket.on("ping", (data) => {
    idled();
    if (websocket.readyState === WebSocket.OPEN) {
      websocket.pong(data);
    }
  });
  websocket.on("error", (error: Error & { code?: string }) => {
    if (!closing) {
      closing = true;
      const tooLarge = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
      kept.violations.push(tooLarge ? "packet_too_large" : "invalid_frame");
    }
  });
  websocket.on("close", () => {
    kept.closed = true;
  });
  return kept;
}

async function listening(): Promise<Server> {
  const http = createServer();
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return http;
}

function side(http: Server, nextKept: () => Promise<Kept>): Side {
  const sockets = new Arrivals<Socket>();
  http.on("connection", (socket) => sockets.push(socket));
  return {
    async open() {
      const client = await openSocket({ port: (http.address() as AddressInfo).port });
      client.write(upgradeRequest("/"));
      const { rest } = await readHead(client);
      return new Opened(client, rest, await sockets.next(), await nextKept());
    },
  };
}
