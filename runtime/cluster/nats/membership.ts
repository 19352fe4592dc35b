import { NanowireError } from "../../base/error.js";
import type { ClusterHost, Joined } from "../driver.js";
import type { NodeInfo } from "../node-info.js";
import { connectNats, isRefusal, sayingWhy } from "./connect-nats.js";
import { FrameJoiner } from "./frame-joiner.js";
import { Lookout } from "./lookout.js";
import { MemberList } from "./member-list.js";
import type { NatsJobs } from "./nats-jobs.js";
import { type NatsSettings, parseServer, type ServerAddress, showServer } from "./nats-options.js";
import { Peers } from "./peers.js";
import { Stay, type StayHost } from "./stay.js";

/** How it stands with a membership: `away` is between two stays. */
type State = "joining" | "in" | "away" | "left";

/**
 * A node's membership, from the call of join to that of leave: it goes from one stay to the next as connections to NATS come and go, and tells the host what has
 * changed between them.
 */
export class Membership {
  readonly #settings: NatsSettings;
  readonly #host: ClusterHost;
  /** Told of each connection, and of its end. */
  readonly #jobs: NatsJobs;
  readonly #peers: Peers;
  readonly #list: MemberList;
  readonly #joiner: FrameJoiner;
  readonly #lookout: Lookout;
  readonly #stayHost: StayHost;
  /** Those that were given and those that NATS told of, the next to be tried first. */
  #servers: ServerAddress[];
  #node: NodeInfo;
  #state: State = "joining";
  #stay: Stay | undefined;
  #number: number | undefined;
  /** When JetStream was last told that the node is alive, on the steady clock. */
  #aliveAt: number;
  #lost = false;
  #leaving: Promise<void> | undefined;
  /** Wakes whoever pauses. */
  #wake: () => void = () => {};
  readonly #cancels: (() => void)[] = [];
  readonly #ignored = new Set<string>();

  constructor(node: NodeInfo, host: ClusterHost, settings: NatsSettings, jobs: NatsJobs) {
    this.#node = node;
    this.#host = host;
    this.#settings = settings;
    this.#servers = shuffled(settings.servers);
    this.#jobs = jobs;
    this.#peers = new Peers(settings.cluster);
    const ignored = (what: string): void => this.#ignore(what);
    this.#list = new MemberList(node.id, settings.memberTtlMs, settings.heartbeatMs, {
      joined: (other) => this.#joined(other),
      changed: (other) => this.#tell(() => host.changed(other)),
      left: (id, reason) => this.#left(id, reason),
      ignored,
    });
    this.#joiner = new FrameJoiner(host.maxFrameBytes, {
      received: (from, frame) => this.#tell(() => host.received(from, frame)),
      ignored,
    });
    this.#lookout = new Lookout(node.id, settings.probeMs, host.clock, {
      probe: (peer) => this.#stay?.probe(peer),
      answered: async () => this.#stay?.answered(),
      suspect: (peer) => this.#stay?.suspect(peer),
      unreachable: ({ id }) => {
        const reason = new NanowireError("unavailable", `nobody takes what is sent to node ${id}`);
        this.#tell(() => host.unreachable(id, reason));
      },
    });
    this.#aliveAt = host.clock.steady();
    this.#stayHost = {
      settings,
      clock: host.clock,
      logger: host.logger,
      list: this.#list,
      joiner: this.#joiner,
      refused: (index) => {
        const peer = this.#peers.at(index);
        if (peer !== undefined) {
          this.#lookout.refused(peer);
        }
      },
      suspected: (id, incarnation) => this.#lookout.suspected(id, incarnation),
      alive: (sentAt) => this.#alive(sentAt),
      dispossessed: (message) => this.#lose(message),
      lameDuck: () => this.#servers.length > 1,
      ignored,
    };
  }

  /**
   * Joins, when NATS is there or comes up in time.
   *
   * @throws NanowireError `cluster_failed`, `node_exists`
   */
  async join(): Promise<Joined> {
    const { clock } = this.#host;
    const deadline = clock.steady() + this.#settings.startTimeoutMs;
    for (let attempt = 0; ; attempt++) {
      try {
        const stay = await this.#enter();
        this.#begin(stay);
        return { number: stay.number };
      } catch (error) {
        if (this.#isLeft || isFinal(error) || clock.steady() >= deadline) {
          this.#state = "left";
          throw error;
        }
        if (attempt === 0) {
          this.#host.logger.warn({ error }, "cluster: there is no way in yet; it is tried again");
        }
      }
      await this.#pause(Math.min(retryMs, Math.max(1, deadline - clock.steady())));
    }
  }

  send(to: string, frame: Uint8Array): void {
    const peer = this.#peers.get(to);
    if (peer !== undefined && this.#state === "in") {
      this.#stay?.send(peer, frame);
    }
  }

  /** @throws NanowireError `cluster_failed` */
  async update(node: NodeInfo): Promise<void> {
    if (this.#stay === undefined || this.#state !== "in") {
      throw new NanowireError("cluster_failed", `node ${node.id} is cut off from NATS at this moment`);
    }
    try {
      await this.#stay.tell(node);
    } catch (error) {
      throw error instanceof NanowireError
        ? error
        : new NanowireError("cluster_failed", `NATS did not take what node ${node.id} says: ${sayingWhy(error)}`, {
            cause: error,
          });
    }
    this.#node = node;
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  get #isLeft(): boolean {
    return this.#state === "left";
  }

  async #leave(): Promise<void> {
    const { logger, clock } = this.#host;
    const stay = this.#state === "in" ? this.#stay : undefined;
    this.#state = "left";
    for (const cancel of this.#cancels.splice(0)) {
      cancel();
    }
    this.#wake();
    this.#jobs.disconnected();
    if (stay === undefined) {
      const { memberTtlMs } = this.#settings;
      logger.warn({ node: this.#node.id, memberTtlMs }, "cluster: the node left while cut off from NATS");
      this.#stay?.end("the node leaves");
      return;
    }
    let cancel = (): void => {};
    const late = new Promise<"late">((resolve) => {
      cancel = clock.after(leaveTimeoutMs, () => resolve("late"));
    });
    try {
      if ((await Promise.race([stay.leave(), late, stay.ended])) !== undefined) {
        logger.warn({ node: this.#node.id, leaveTimeoutMs }, "cluster: NATS does not take that the node leaves");
      }
    } catch (error) {
      logger.warn({ node: this.#node.id, error }, "cluster: NATS did not take that the node leaves");
    } finally {
      cancel();
      stay.end("the node leaves");
    }
  }

  /** Begins a stay at the first server that lets the node in. */
  async #enter(): Promise<Stay> {
    const { id } = this.#node;
    let failure: unknown;
    for (const server of [...this.#servers]) {
      if (this.#isLeft) {
        break;
      }
      try {
        const connection = await connectNats(server, `nanowire ${this.#settings.cluster} ${id}`, this.#settings);
        this.#learn(connection.info?.connect_urls ?? []);
        const stay = await Stay.begin(connection, this.#node, this.#number, this.#stayHost);
        if (this.#isLeft) {
          await stay.leave().catch(() => {});
          stay.end("the node leaves");
          break;
        }
        return stay;
      } catch (error) {
        failure = isFinal(failure) ? failure : error;
        this.#passOver(server);
      }
    }
    throw failure ?? new NanowireError("cluster_failed", `node ${id} left before it was part of the cluster`);
  }

  /** The first stay has begun. */
  #begin(stay: Stay): void {
    const { clock } = this.#host;
    this.#state = "in";
    this.#stay = stay;
    this.#number = stay.number;
    this.#list.settle(stay.writtenAt);
    this.#jobs.connected(stay.connection);
    const { memberTtlMs, probeMs } = this.#settings;
    this.#cancels.push(
      clock.every(Math.max(10, Math.floor(memberTtlMs / 16)), () => this.#checkLost()),
      clock.every(probeMs, () => void this.#lookout.look().catch(() => {})),
    );
    void this.#keepIn(stay);
  }

  /** Sees the stay end, and begins another, until the node leaves. */
  async #keepIn(first: Stay): Promise<void> {
    let stay = first;
    for (;;) {
      const reason = await stay.ended;
      if (this.#isLeft) {
        return;
      }
      this.#state = "away";
      this.#stay = undefined;
      this.#jobs.disconnected();
      const server = stay.connection.getServer();
      this.#host.logger.warn({ server, reason }, "cluster: the connection to NATS is over; another is made");
      this.#servers = [...this.#servers.slice(1), ...this.#servers.slice(0, 1)];
      const next = await this.#reenter();
      if (next === undefined) {
        return;
      }
      stay = next;
      this.#stay = stay;
      this.#state = "in";
      this.#resume(stay);
    }
  }

  async #reenter(): Promise<Stay | undefined> {
    const { logger } = this.#host;
    let told = "";
    for (let attempt = 0; !this.#isLeft; attempt++) {
      // Nodes that are all told at once do not come all at once.
      await this.#pause(Math.random() * spreadMs + (attempt === 0 ? 0 : Math.min(longestRetryMs, retryMs * attempt)));
      if (this.#isLeft) {
        break;
      }
      try {
        return await this.#enter();
      } catch (error) {
        const message = sayingWhy(error);
        if (error instanceof NanowireError && error.code === "node_exists") {
          this.#lose(message);
        }
        if (message !== told && !this.#isLeft) {
          told = message;
          logger.warn({ error }, "cluster: there is no way back in yet; it is tried on");
        }
      }
    }
    return undefined;
  }

  /** A stay has begun that is not the first: the host is told what is different now. */
  #resume(stay: Stay): void {
    const { logger } = this.#host;
    const { number } = stay;
    if (number !== this.#number) {
      this.#lose(`number ${this.#number} of node ${this.#node.id} is another node's now`);
    }
    this.#number = number;
    this.#lookout.grace(graceMs);
    this.#list.settle(stay.writtenAt);
    this.#jobs.connected(stay.connection);
    logger.info({ server: stay.connection.getServer(), number }, "cluster: NATS is back");
    if (this.#lost) {
      this.#lost = false;
      this.#tell(() => this.#host.rejoined({ number }));
    }
  }

  /** JetStream has taken a sign of life. */
  #alive(sentAt: number): void {
    this.#checkLost(sentAt);
    this.#aliveAt = sentAt;
    if (this.#lost && this.#state === "in") {
      // The others take it for dead perhaps: all is told anew, to them and to us.
      this.#stay?.end("the node was silent for too long");
    }
  }

  #checkLost(now = this.#host.clock.steady()): void {
    const silentMs = now - this.#aliveAt;
    if (silentMs > this.#settings.memberTtlMs) {
      this.#lose(`node ${this.#node.id} could not reach JetStream for ${Math.round(silentMs)} ms`);
    }
  }

  #lose(message: string): void {
    if (!this.#lost && this.#number !== undefined) {
      this.#lost = true;
      this.#tell(() => this.#host.lost(new NanowireError("unavailable", message)));
    }
  }

  #joined(node: NodeInfo): void {
    this.#lookout.add(this.#peers.add(node));
    this.#tell(() => this.#host.joined(node));
  }

  #left(id: string, reason: NanowireError): void {
    this.#peers.remove(id);
    this.#lookout.remove(id);
    this.#joiner.forget(id);
    this.#tell(() => this.#host.left(id, reason));
  }

  /** Nothing is called on the host once the node leaves. */
  #tell(task: () => void): void {
    if (!this.#isLeft) {
      task();
    }
  }

  /** What strangers write is told once of each kind, and not for ever. */
  #ignore(what: string): void {
    if (this.#ignored.size < mostComplaints && !this.#ignored.has(what)) {
      this.#ignored.add(what);
      this.#host.logger.warn({ what }, "cluster: something in NATS is ignored");
    }
  }

  /** Servers of NATS tell of each other. */
  #learn(urls: readonly string[]): void {
    for (const url of urls) {
      const server = parseServer(url);
      if (server !== undefined && this.#servers.length < mostServers) {
        const { host, port } = server;
        const address = showServer(server);
        if (!this.#servers.some((known) => showServer(known) === address)) {
          this.#servers.push({ host, port });
        }
      }
    }
  }

  #passOver(server: ServerAddress): void {
    this.#servers = [...this.#servers.filter((other) => other !== server), server];
  }

  /** Waits, unless the node leaves meanwhile. The process stays for it: a node that starts is to get in. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const retryMs = 250;
const longestRetryMs = 1_000;
/** Within this time nodes come back that lost NATS at the same moment. */
const spreadMs = 100;
/** For so long after a new connection nobody is suspected. */
const graceMs = 2_000;
/** How long NATS may take to hear that a node leaves. */
const leaveTimeoutMs = 2_000;
const mostServers = 64;
const mostComplaints = 16;

/** Whether trying again at once is of no use. */
function isFinal(error: unknown): boolean {
  return (
    isRefusal(error) || (error instanceof NanowireError && (error.code === "node_exists" || "reason" in error.details))
  );
}

function shuffled(servers: readonly ServerAddress[]): ServerAddress[] {
  const start = Math.floor(Math.random() * servers.length);
  return [...servers.slice(start), ...servers.slice(0, start)];
}
