import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { NanowireError } from "../base/error.js";
import type { Face } from "./approach.js";
import type { Arrival, ArrivingSocket } from "./arrival.js";
import { httpRefusal } from "./http-refusal.js";
import type { TransportHost } from "./transport.js";
import { pathOf } from "./upgrade-routes.js";
import { Upgrades } from "./upgrades.js";
import type { ResolvedUpgradeOptions } from "./ws-options.js";

/** WebSocket on a socket: an HTTP server that never listens itself, and answers everything but upgrades with 426. */
export class WsFace implements Face {
  readonly kind = "ws";
  readonly #http: Server;

  /** @param transport what its wires are called */
  constructor(options: ResolvedUpgradeOptions, transport: string, host: TransportHost) {
    const upgrades = new Upgrades(options, transport, host);
    // The handshake's time bounds how long a request may take: these would only be a second clock.
    const settings = { maxHeaderSize: maxHeaderBytes, headersTimeout: 0, requestTimeout: 0, requireHostHeader: false };
    this.#http = createServer(settings, refuseRequest);
    this.#http.maxHeadersCount = maxHeaders;
    this.#http.on("checkContinue", refuseRequest);
    this.#http.on("checkExpectation", refuseRequest);
    this.#http.on("clientError", refuseGarbage);
    this.#http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (pathOf(request) === options.path) {
        upgrades.take(request, socket as ArrivingSocket, head);
      } else {
        refuse(socket as ArrivingSocket, "no listener has the path", 404);
      }
    });
  }

  take(arrival: Arrival): void {
    const socket: ArrivingSocket = arrival.socket;
    socket.nanowireArrival = arrival;
    this.#http.emit("connection", socket);
  }

  refusal(error: NanowireError): string {
    return httpRefusal(error);
  }
}

/** What a request's head may have, in bytes and in lines: a browser's has some 600 bytes, and cookies. */
const maxHeaderBytes = 8_192;
const maxHeaders = 100;

function refuseRequest(request: IncomingMessage, _response: ServerResponse): void {
  refuse(request.socket, "the request is no upgrade", 426);
}

function refuseGarbage(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === "HPE_INVALID_EOF_STATE" || error.code?.startsWith("HPE_") !== true) {
    // The client went in its midst, or the network broke: nobody is there to be told.
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  refuse(socket as ArrivingSocket, `the request cannot be read: ${error.code}`, status);
}

function refuse(socket: ArrivingSocket, message: string, status: number): void {
  const error = new NanowireError("upgrade_refused", message);
  socket.nanowireArrival?.sendAway(error, httpRefusal(error, status));
}
