import { createServer, type Server, type ServerOpts, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { handshakesATurn } from "./handshake-gate.js";
import { type ListeningSocket, listeningSocket, listenOn, SocketCopies } from "./socket-copies.js";

/** How a listener takes clients while the event loop is busy. */
export interface EarOptions {
  /**
   * How many sockets accept clients on the port once they have to wait because the event loop is busy: each takes one a turn. Until then there is
   * one. 1 to 64; 1: never more. For the others Node is started once more, and ends at once; where that cannot be (Windows, workers of
   * node:cluster) there stays one, as a Unix socket has. Default: 32; with TLS 4
   */
  readonly ears?: number;
}

/** What a listener is, as far as it matters to its ears. */
export interface ListenerKind {
  readonly isUnix: boolean;
  /** With TLS. */
  readonly isSecure: boolean;
}

/** What a listener's {@link Ears} are made like. */
export interface EarsSettings {
  /** The most that there are. */
  readonly most: number;
  /** What the listener is called in logs. */
  readonly transport: string;
  /** As those of the first one. */
  readonly serverOptions: ServerOpts;
  readonly onConnection: (socket: Socket) => void;
  readonly logger: Logger;
  readonly clock: Clock;
  /** What runs this program. Default: `process.execPath` */
  readonly program?: string;
}

/**
 * Fills in the default.
 *
 * @param ears as it was given
 * @throws NanowireError `invalid_option`
 */
export function resolveEars(ears: number | undefined, { isUnix, isSecure }: ListenerKind): number {
  if (ears !== undefined && !(Number.isInteger(ears) && ears >= 1 && ears <= 64)) {
    throw new NanowireError("invalid_option", `ears ${String(ears)} is not an integer from 1 to 64`);
  }
  if (!isUnix) {
    // Beyond those that the gate lets through a turn, clients with TLS would wait there, with their time running.
    return ears ?? (isSecure ? handshakesATurn : 32);
  }
  if (ears !== undefined && ears > 1) {
    throw new NanowireError("invalid_option", `ears ${ears} are more than the 1 of a Unix socket`);
  }
  return 1;
}

/**
 * Sees to it that new clients get in while those that are there keep the event loop busy.
 *
 * A listening socket gives away one connection a turn of the event loop, and a turn takes long where a thousand clients talk: after a restart at
 * peak the last of them would wait for minutes. When that is so the listener gets more ears: copies of its socket, each of which gives away one a
 * turn. When the storm is over it gives them up, for each looks whenever one client comes. Where there can be none everything stays as it was.
 */
export class Ears {
  readonly #server: Server;
  readonly #settings: EarsSettings;
  readonly #more: Server[] = [];
  #accepted = 0;
  #since = performance.eventLoopUtilization();
  #sinceMs: number;
  #grownAtMs = 0;
  #copies: SocketCopies | undefined;
  #state: "one" | "growing" | "many" | "settled" | "closed";

  /** @param server the first one, which listens already */
  constructor(server: Server, settings: EarsSettings) {
    this.#server = server;
    this.#settings = settings;
    this.#sinceMs = settings.clock.steady();
    this.#state = settings.most > 1 ? "one" : "settled";
  }

  /** How many there are. */
  get count(): number {
    return 1 + this.#more.length;
  }

  /** The listener has accepted a connection. */
  accepted(): void {
    if (++this.#accepted % sampleSize !== 0 || (this.#state !== "one" && this.#state !== "many")) {
      return;
    }
    const now = this.#settings.clock.steady();
    const passedMs = now - this.#sinceMs;
    const { utilization } = performance.eventLoopUtilization(this.#since);
    this.#since = performance.eventLoopUtilization();
    this.#sinceMs = now;
    if (this.#state === "many") {
      if (utilization < atLeisure && now - this.#grownAtMs >= leastMs) {
        this.#shed();
      }
    } else if (utilization > busy && passedMs > sampleSize * slowMs) {
      this.grow();
    }
  }

  /** Grows more ears, where there is one. */
  grow(): void {
    if (this.#state !== "one") {
      return;
    }
    this.#state = "growing";
    const socket = listeningSocket(this.#server);
    if (socket === undefined) {
      this.#grown("sockets cannot be copied here");
      return;
    }
    const { most, program = process.execPath, clock } = this.#settings;
    try {
      this.#copies = new SocketCopies(socket, {
        count: most - 1,
        program,
        clock,
        onCopy: (copy) => this.#add(copy),
        onEnd: (problem) => this.#grown(problem ?? (this.count === 1 ? "no copy came back" : undefined)),
      });
    } catch (error) {
      this.#grown((error as Error).message);
    }
  }

  /** Takes no more connections. Resolved when nothing of it keeps the port any more. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#closeMore();
    if ((await this.#copies?.close()) === false) {
      const { logger, transport } = this.#settings;
      logger.warn({ transport }, "the process that copies a listener's socket does not end: its port may stay taken");
    }
  }

  #add(copy: ListeningSocket): void {
    if (this.#state !== "growing") {
      copy.close();
      return;
    }
    const { serverOptions, onConnection, logger, transport } = this.#settings;
    const server = createServer(serverOptions, onConnection);
    server.on("error", (error) => logger.warn({ error, transport }, "an ear of a listener failed"));
    try {
      listenOn(server, copy);
      this.#more.push(server);
    } catch (error) {
      copy.close();
      this.#grown((error as Error).message);
    }
  }

  #grown(problem: string | undefined): void {
    if (this.#state !== "growing") {
      return;
    }
    const { logger, transport, clock } = this.#settings;
    if (problem === undefined) {
      this.#state = "many";
      this.#grownAtMs = clock.steady();
      logger.info({ transport, ears: this.count }, "the event loop is busy: new clients come by more ears");
    } else {
      // It would be no better the next time.
      this.#state = "settled";
      logger.warn({ transport, ears: this.count, problem }, "the event loop is busy: new clients wait");
    }
  }

  #shed(): void {
    this.#state = "one";
    this.#closeMore();
    const { logger, transport } = this.#settings;
    logger.info({ transport, ears: this.count }, "the event loop has time: one ear is enough for new clients");
  }

  #closeMore(): void {
    for (const server of this.#more.splice(0)) {
      server.close();
    }
  }
}

/** After so many connections it is looked at how they came. */
const sampleSize = 16;

/** When the event loop is busy for more of the time than this, and a connection comes no oftener, others wait. */
const busy = 0.9;
const slowMs = 2;

/** When it is busy for less of the time than this, and they have been there for so long, the others are given up. */
const atLeisure = 0.5;
const leastMs = 60_000;
