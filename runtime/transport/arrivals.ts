import type { Socket } from "node:net";
import { NanowireError } from "../base/error.js";
import { endSocket } from "./socket.js";
import type { TransportHost } from "./transport.js";

/** A client that is no connection yet. */
export interface Arriving {
  destroy(reason: NanowireError | undefined): void;
}

/** The clients of a listener that are no connections yet, and those that were sent away and may still read why. */
export class Arrivals {
  readonly host: TransportHost;
  readonly #arrivals = new Set<Arriving>();
  readonly #refused = new Set<Socket>();

  constructor(host: TransportHost) {
    this.host = host;
  }

  add(arrival: Arriving): void {
    this.#arrivals.add(arrival);
  }

  delete(arrival: Arriving): void {
    this.#arrivals.delete(arrival);
  }

  /**
   * Says why, and hangs up when the client has read it, or had time to. Where there is nothing to say, or too many are
   * told already, it is cut off at once: those who may not be here must not fill the house.
   */
  refuse(socket: Socket, why: Uint8Array | string | undefined): void {
    if (why === undefined || this.#refused.size >= mostRefused) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    socket.once("close", () => this.#refused.delete(socket));
    socket.write(why);
    endSocket(socket);
  }

  /** Sends everybody away. */
  close(): void {
    const stopped = new NanowireError("server_stopped", "the listener was closed");
    for (const arrival of this.#arrivals) {
      arrival.destroy(stopped);
    }
    for (const socket of this.#refused) {
      socket.destroy();
    }
  }
}

/** How many at once are told why they are refused. */
const mostRefused = 128;
