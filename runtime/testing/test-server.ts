import { NanowireError } from "../base/error.js";
import { silentLogger } from "../base/logger.js";
import { connect } from "../client/connect-node.js";
import type { ConnectOptions } from "../client/connect-options.js";
import { MemoryNetwork } from "../cluster/memory-network.js";
import type { Cluster } from "../server/cluster.js";
import type { ServerOptions } from "../server/options.js";
import { createServer, type Server } from "../server/server.js";
import type { Dial } from "../transport/client-socket.js";
import { type MemoryTransport, memory } from "../transport/memory.js";
import { type LinkConditions, TestLink } from "./link.js";
import { SteppedClock } from "./stepped-clock.js";
import { TestClient } from "./test-client.js";

/**
 * What {@link startTestServer} takes: a server's options, but for where it listens and its clock. Default logger: silent. Where there are `remotes` and no `cluster`, the server is
 * the only node of one.
 */
export type TestServerOptions = Omit<ServerOptions, "listen" | "clock">;

/** What {@link TestServer.connect} takes: a client's options, and what its connection is like. */
export interface TestConnectOptions extends Omit<ConnectOptions, "clock"> {
  /** What its connection is like. Default: as fast as can be, and whole. */
  readonly conditions?: LinkConditions;
}

/**
 * Starts a server in this process, for tests: no port, no network, and time that passes only when the test says so. A test of a
 * component takes milliseconds.
 *
 * @throws NanowireError what `createServer` and `server.start` throw
 */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const clock = new SteppedClock();
  const transport = memory();
  const ownCluster = { driver: new MemoryNetwork().driver(), id: "test" };
  const server = createServer({
    logger: silentLogger,
    ...(options.remotes !== undefined && { cluster: ownCluster }),
    ...options,
    listen: [transport],
    clock,
  });
  await server.start();
  return new TestServer(server, transport, clock);
}

/** A server in this process, its clock, and its clients. */
export class TestServer {
  /** The server itself. */
  readonly server: Server;
  /** Time for the server and all of its clients. */
  readonly clock: SteppedClock;
  readonly #transport: MemoryTransport;
  readonly #clients: TestClient[] = [];
  #passed = 0;
  #reachable = true;

  /** @internal {@link startTestServer} makes it. */
  constructor(server: Server, transport: MemoryTransport, clock: SteppedClock) {
    this.server = server;
    this.clock = clock;
    this.#transport = transport;
  }

  /**
   * Connects a client.
   *
   * @throws NanowireError what `connect` rejects with
   */
  async connect({ conditions = {}, ...options }: TestConnectOptions = {}): Promise<TestClient> {
    const holder: { link: TestLink | undefined } = { link: undefined };
    const dial: Dial = async (signal) => {
      if (!this.#reachable) {
        throw new NanowireError("connect_failed", "the test's network is down");
      }
      const link = new TestLink(await this.#transport.dial(signal), this.clock, conditions, () => this.#passed++);
      holder.link = link;
      return link;
    };
    const client = new TestClient(await connect(dial, { ...options, clock: this.clock }), holder, this);
    this.#clients.push(client);
    return client;
  }

  /**
   * The cluster that the server is a node of: its remotes are called with it, `new LedgerRemoteClient(server.cluster)`.
   *
   * @throws NanowireError `invalid_state` when it is none: it was started without `remotes` and without `cluster`
   */
  get cluster(): Cluster {
    const { cluster } = this.server;
    if (cluster === undefined) {
      throw new NanowireError("invalid_state", "the server is in no cluster: it has neither remotes nor a cluster");
    }
    return cluster;
  }

  /** Whether clients can connect. Those that are connected are not touched. */
  set reachable(reachable: boolean) {
    this.#reachable = reachable;
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  /**
   * Lets time pass, for the server and its clients: timers, heartbeats, time-outs, delays. Each that falls due is called at its
   * own time, and what follows from it is done before the next. Resolved when all is quiet.
   */
  async advance(ms: number): Promise<void> {
    const { clock } = this;
    const until = clock.steady() + ms;
    await this.settled();
    while (clock.stepToNext(until)) {
      await this.settled();
    }
    clock.step(until - clock.steady());
  }

  /** Resolved when nothing passes between server and clients any more, and handlers that wait for nothing else are done. */
  async settled(): Promise<void> {
    for (let before = -1; before !== this.#passed; ) {
      before = this.#passed;
      for (let turn = 0; turn < turnsOfQuiet; turn++) {
        await new Promise((resolve) => void setImmediate(resolve));
      }
    }
  }

  /**
   * Stops the server; the clients find their connections closed. Those with `reconnect`, which would try for ever and keep the process
   * alive, are then closed for good. What is to come after a stop is tested with `server.server.stop()`.
   */
  async stop(): Promise<void> {
    await this.server.stop();
    await this.settled();
    for (const { connection } of this.#clients) {
      connection.close();
    }
    await this.settled();
  }
}

/** A message takes a turn of the event loop to be written, and one to be read and answered. */
const turnsOfQuiet = 3;
