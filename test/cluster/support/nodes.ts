import { onTestFinished } from "vitest";
import { MemoryNetwork } from "../../../runtime/cluster/memory-network.js";
import { Component } from "../../../runtime/component/component.js";
import type { ServerOptions } from "../../../runtime/server/options.js";
import { createServer, type Server } from "../../../runtime/server/server.js";
import type { Session } from "../../../runtime/session/session.js";
import { memory } from "../../../runtime/transport/memory.js";
import { Client } from "../../support/client.js";
import { SteppedClock } from "../../support/clock.js";
import { KeptLog } from "../../support/log.js";
import { components, type Services } from "../../support/service.js";

/** What a node is told beside the options. */
export interface NodeOptions extends Partial<Omit<ServerOptions, "cluster" | "forward">> {
  /** What it answers itself. Default: nothing */
  readonly hosts?: Services;
  /** The services whose messages it forwards; their handlers are never called. Default: none */
  readonly forwards?: Services;
  readonly extraRoutes?: readonly string[];
  readonly cluster?: Partial<NonNullable<ServerOptions["cluster"]>>;
  /** Called before the start: pipelines are filled here. */
  readonly prepare?: (server: Server) => void;
}

/** A node that runs. */
export interface Node {
  readonly id: string;
  readonly server: Server;
  readonly log: KeptLog;
  /** Connects a client whose handshake was taken. */
  enter(handshake?: string | object): Promise<Client>;
}

/** Nodes in one process, between which frames cross in memory. All share a clock that is stepped by hand. */
export class Nodes {
  readonly network = new MemoryNetwork();
  readonly clock = new SteppedClock();

  /** Starts a node that holds clients. */
  gate(id: string, options: NodeOptions = {}): Promise<Node> {
    return this.#start(id, options, true);
  }

  /** Starts a node that holds none. */
  member(id: string, hosts: Services, options: NodeOptions = {}): Promise<Node> {
    return this.#start(id, { hosts, ...options }, false);
  }

  async #start(id: string, options: NodeOptions, isGate: boolean): Promise<Node> {
    const { hosts = {}, forwards = {}, extraRoutes = [], cluster, prepare, ...rest } = options;
    const transport = memory();
    const log = new KeptLog();
    // One dictionary, as if all had been generated together.
    const all = components({ ...forwards, ...hosts }, extraRoutes);
    const named = (services: Services) => all.filter((one) => Component.serviceOf(one).name in services);
    const server = createServer({
      components: named(hosts),
      forward: named(forwards).map((one) => ({ service: Component.serviceOf(one) })),
      listen: isGate ? [transport] : [],
      logger: log,
      clock: this.clock,
      heartbeatIntervalMs: 0,
      // The clock stands still: nobody would ever be given a second second's messages.
      maxMessagesPerSecond: 1_000_000,
      cluster: { driver: this.network.driver(), id, ...cluster },
      ...rest,
    });
    prepare?.(server);
    await server.start();
    onTestFinished(() => (server.state === "running" ? server.stop() : undefined));
    return {
      id,
      server,
      log,
      async enter(handshake) {
        const client = await Client.open(transport);
        await client.enter(handshake);
        return client;
      },
    };
  }

  /** A node's process is gone without a word. */
  kill(id: string): void {
    this.network.kill(id);
  }
}

/** The one session that a node has. */
export function onlySession({ server }: Node): Session {
  const sessions = server.sessions();
  if (sessions.length !== 1) {
    throw new Error(`the node has ${sessions.length} sessions, and not one`);
  }
  return sessions[0] as Session;
}
