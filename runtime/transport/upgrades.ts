import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type PerMessageDeflateOptions, type ServerOptions, WebSocketServer } from "ws";
import { type Awaitable, isPromise } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import type { Arrival, ArrivingSocket } from "./arrival.js";
import { ArrivingUpgrade } from "./arriving-upgrade.js";
import { httpRefusal } from "./http-refusal.js";
import { lingerMs } from "./socket.js";
import type { TransportHost } from "./transport.js";
import type { CompressionOptions, ResolvedUpgradeOptions } from "./ws-options.js";
import { WsWire } from "./ws-wire.js";

/** Why an upgrade is refused, and with which status; by default the code's own. */
interface Verdict {
  readonly error: NanowireError;
  readonly status?: number;
}

/** Judges the upgrades of a listener, and makes connections of those that it takes. */
export class Upgrades {
  readonly #options: ResolvedUpgradeOptions;
  readonly #transport: string;
  readonly #host: TransportHost;
  readonly #maxFrameBytes: number;
  readonly #upgrader: WebSocketServer;

  /** @param transport what the wires are called */
  constructor(options: ResolvedUpgradeOptions, transport: string, host: TransportHost) {
    this.#options = options;
    this.#transport = transport;
    this.#host = host;
    this.#maxFrameBytes = options.maxFrameBytes ?? host.maxFrameBytes;
    this.#upgrader = new WebSocketServer(upgraderOptions(options, this.#maxFrameBytes));
    this.#upgrader.on("wsClientError", ({ message }, socket) => {
      const error = new NanowireError("upgrade_refused", `the request is no upgrade to WebSocket: ${message}`);
      refuse((socket as ArrivingSocket).nanowireArrival, { error });
    });
  }

  /** A client asks to become a WebSocket; its arrival stands on the socket. */
  take(request: IncomingMessage, socket: ArrivingSocket, head: Buffer): void {
    const arrival = socket.nanowireArrival;
    if (arrival === undefined || arrival.over) {
      return;
    }
    const settle = (refusal: Verdict | undefined): void => {
      if (refusal !== undefined) {
        refuse(arrival, refusal);
      } else if (!arrival.over) {
        this.#complete(request, socket, head, arrival);
      }
    };
    const verdict = this.#judge(request, arrival);
    if (isPromise(verdict)) {
      const stopWatching = watchForEnd(socket, () => arrival.destroy(undefined));
      void verdict.then((refusal) => {
        stopWatching();
        settle(refusal);
      });
    } else {
      settle(verdict);
    }
  }

  #judge(request: IncomingMessage, arrival: Arrival): Awaitable<Verdict | undefined> {
    const { checkOrigin, subprotocols, verify } = this.#options;
    const { headers } = request;
    try {
      // A PROXY header has told it already; else a proxy's HTTP header may.
      const { address, proxy } = arrival.origin;
      arrival.comesFrom(proxy === undefined ? this.#host.proxies.originOf(address, headers) : arrival.origin);
      const upgrade = new ArrivingUpgrade(request, this.#transport, arrival);
      const page = headers.origin;
      if (page !== undefined && checkOrigin(page, upgrade) !== true) {
        throw new NanowireError("origin_refused", `the page's origin ${page} is not among origins`);
      }
      const asked = headers["sec-websocket-protocol"];
      if (asked !== undefined && subprotocols !== undefined && chosenOf(namesIn(asked), subprotocols) === undefined) {
        // Some pages put a token among them: what was asked for is not shown.
        throw new NanowireError(
          "upgrade_refused",
          `none of the subprotocols that were asked for is spoken; there are ${subprotocols.join(", ")}`,
        );
      }
      const verdict = verify === undefined ? true : verify(upgrade);
      return isPromise(verdict) ? verdict.then(refusalOf, (error: unknown) => this.#failed(error)) : refusalOf(verdict);
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** What was raised on purpose is the reason; anything else is a mistake of the application's. */
  #failed(error: unknown): Verdict {
    if (error instanceof NanowireError) {
      return { error };
    }
    this.#host.logger.error({ error }, "an upgrade could not be judged");
    const message = "the upgrade could not be judged";
    return { error: new NanowireError("upgrade_refused", message, { cause: error }), status: 500 };
  }

  #complete(request: IncomingMessage, socket: ArrivingSocket, head: Buffer, arrival: Arrival): void {
    leaveOutOffers(request, this.#options.compression);
    this.#upgrader.handleUpgrade(request, socket, head, (websocket) => {
      socket.nanowireArrival = undefined;
      void new WsWire(websocket, arrival, this.#transport, this.#maxFrameBytes);
    });
  }
}

/**
 * Calls `onEnd` when the client says nothing more, while nobody reads its socket: what it says before stays there, to be
 * read. Returns what ends the watch.
 */
function watchForEnd(socket: Socket, onEnd: () => void): () => void {
  const onReadable = (): void => {
    if (socket.readableLength === 0) {
      // There is nothing but the end: asked for, it is told.
      socket.read(0);
    }
  };
  socket.on("readable", onReadable).on("end", onEnd);
  return () => socket.off("readable", onReadable).off("end", onEnd);
}

function refuse(arrival: Arrival | undefined, { error, status }: Verdict): void {
  arrival?.sendAway(error, httpRefusal(error, status));
}

/** What `verify` says. */
function refusalOf(verdict: boolean | number): Verdict | undefined {
  if (verdict === true) {
    return undefined;
  }
  const status = typeof verdict === "number" && verdict >= 400 && verdict <= 599 ? verdict : 403;
  return { error: new NanowireError("upgrade_refused", `verify refused the upgrade with ${status}`), status };
}

function upgraderOptions(options: ResolvedUpgradeOptions, maxFrameBytes: number): ServerOptions {
  const { subprotocols, compression } = options;
  const settings = {
    noServer: true,
    clientTracking: false,
    autoPong: false,
    // The reader of plain messages relies on it: what ws tells is told in its place among them.
    allowSynchronousEvents: true,
    perMessageDeflate: compression === undefined ? false : deflateOptions(compression),
    maxPayload: maxFrameBytes,
    maxFragments: mostPieces,
    maxBufferedChunks: mostPieces,
    closeTimeout: lingerMs,
  };
  return subprotocols === undefined
    ? settings
    : { ...settings, handleProtocols: (asked) => chosenOf(asked, subprotocols) ?? false };
}

/** What the reader of frames may hold of one connection, in pieces: a stranger decides how small they are. */
const mostPieces = 1_024;

function deflateOptions({ thresholdBytes, level, windowBits }: Required<CompressionOptions>): PerMessageDeflateOptions {
  return {
    threshold: thresholdBytes,
    // Nothing is remembered from one frame to the next, so that a frame's memory is given back.
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: windowBits,
    zlibDeflateOptions: { level, memLevel: Math.max(1, windowBits - 8) },
  };
}

/** ws refuses a client that offers a smaller window than ours and nothing else; it is to be served without compression. */
function leaveOutOffers({ headers }: IncomingMessage, compression: CompressionOptions | undefined): void {
  const offered = /server_max_window_bits\s*=\s*"?(\d+)/.exec(headers["sec-websocket-extensions"] ?? "")?.[1];
  if (offered !== undefined && Number(offered) < (compression?.windowBits ?? 0)) {
    delete headers["sec-websocket-extensions"];
  }
}

function namesIn(header: string): string[] {
  return header.split(",").map((name) => name.trim());
}

/** The dearest of those that are spoken and asked for. */
function chosenOf(asked: Iterable<string>, spoken: readonly string[]): string | undefined {
  const wanted = new Set(asked);
  return spoken.find((name) => wanted.has(name));
}
