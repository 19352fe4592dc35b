import { NanowireError } from "../base/error.js";
import { type InboundStep, type OutboundStep, Pipeline } from "../pipeline/pipeline.js";
import type { Dictionary } from "../protocol/dictionary.js";
import type { Session } from "../session/session.js";
import type { ListenAddress } from "../transport/transport.js";
import type { ServerCounters } from "./counters.js";
import { type ResolvedOptions, resolveOptions, type ServerOptions } from "./options.js";
import { ServerHost } from "./server-host.js";

/** A server that is not started yet: `createServer({ components: [new Room()], listen: [ws({ port: 3250 })] })`. */
export function createServer(options: ServerOptions): Server {
  return new Server(resolveOptions(options));
}

/** Where a server is in its life. A server that is stopped can be started again. */
export type ServerState = "stopped" | "starting" | "running" | "stopping";

/** Components, the transports that clients reach them by, and the sessions of those clients. */
export class Server {
  /** What every message of a client goes through before its handler. */
  readonly inbound = new Pipeline<InboundStep>();
  /** What every response and push goes through on its way out. */
  readonly outbound = new Pipeline<OutboundStep>();
  readonly #options: ResolvedOptions;
  readonly #host: ServerHost;
  #state: ServerState = "stopped";

  /** @internal {@link createServer} makes servers. */
  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#host = new ServerHost(options, this.inbound, this.outbound);
  }

  /** Where the server is in its life. */
  get state(): ServerState {
    return this.#state;
  }

  /** Where clients connect, a transport each, in the order of `listen`; empty while the server does not run. */
  get addresses(): readonly ListenAddress[] {
    return this.#options.listen.flatMap((transport) => transport.address ?? []);
  }

  /** What was counted since the server was made: a copy. */
  get counters(): ServerCounters {
    return this.#host.counters.snapshot();
  }

  /** The routes of the server's components and their pushes. */
  get dictionary(): Dictionary {
    return this.#host.dictionary;
  }

  /** The open sessions. The array is the caller's. */
  sessions(): Session[] {
    return [...this.#host.sessions.values()];
  }

  /** The open session with that id, or undefined. */
  session(id: string): Session | undefined {
    return this.#host.sessions.get(id);
  }

  /**
   * Starts the components, then opens the listeners. Resolved when clients can connect. After an error everything
   * that was begun is undone, and the server is stopped.
   *
   * @throws NanowireError `invalid_state` when it is not stopped, `listen_failed`; and what a component's `init` or
   * `afterInit` throws
   */
  async start(): Promise<void> {
    this.#assertState("stopped", "start");
    this.#state = "starting";
    const undo: (() => unknown)[] = [];
    try {
      for (const component of this.#options.components) {
        undo.unshift(() => component.shutdown());
        await component.init();
      }
      for (const component of this.#options.components) {
        await component.afterInit();
      }
      // A client may have come by a listener that was opened before one that cannot be.
      undo.unshift(() => this.#host.closeAll(serverStopped()));
      for (const transport of this.#options.listen) {
        await transport.listen(this.#host);
        undo.unshift(() => transport.close());
      }
    } catch (error) {
      for (const step of undo) {
        await this.#attempt(step, "what was started could not be undone");
      }
      this.#state = "stopped";
      throw error;
    }
    this.#host.sweep.start();
    this.#state = "running";
    for (const { url } of this.addresses) {
      this.#options.logger.info({ url }, "listening");
    }
  }

  /**
   * Closes the listeners, lets the components prepare (`beforeShutdown`), closes the sessions, and shuts the components down: each in
   * the reverse order of its start. Resolved when everything is closed. A component that fails is logged, and the rest goes on.
   *
   * @throws NanowireError `invalid_state` when it does not run
   */
  async stop(): Promise<void> {
    this.#assertState("running", "stop");
    this.#state = "stopping";
    const components = [...this.#options.components].reverse();
    for (const transport of [...this.#options.listen].reverse()) {
      await this.#attempt(() => transport.close(), "a listener could not be closed");
    }
    for (const component of components) {
      await this.#attempt(() => component.beforeShutdown(), "a component failed before its shutdown");
    }
    await this.#host.closeAll(serverStopped());
    this.#host.sweep.stop();
    for (const component of components) {
      await this.#attempt(() => component.shutdown(), "a component failed in its shutdown");
    }
    this.#state = "stopped";
  }

  /**
   * Reads the certificates of every listener anew that has them in files: who connects from then on gets the new ones,
   * connections that are open stay. `process.on("SIGHUP", () => server.reloadCertificates())`
   *
   * @throws NanowireError `invalid_state` when it does not run, `invalid_certificate` when one cannot be read: that listener
   * keeps its old one
   */
  async reloadCertificates(): Promise<void> {
    this.#assertState("running", "reload certificates");
    const reloads = await Promise.allSettled(this.#options.listen.map((transport) => transport.reloadCertificates?.()));
    const failed = reloads.find(({ status }) => status === "rejected");
    if (failed !== undefined) {
      throw (failed as PromiseRejectedResult).reason;
    }
  }

  #assertState(expected: ServerState, verb: string): void {
    if (this.#state !== expected) {
      throw new NanowireError("invalid_state", `the server is ${this.#state}: it cannot ${verb}`);
    }
  }

  async #attempt(task: () => unknown, complaint: string): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#options.logger.error({ error }, complaint);
    }
  }
}

function serverStopped(): NanowireError {
  return new NanowireError("server_stopped", "the server stopped");
}
