import { setTimeout as wait } from "node:timers/promises";
import { disagreements } from "./agreement.js";
import { Counting, type Failure } from "./chaos-client.js";
import { NatsProcess } from "./nats-process.js";
import { NodeProcess } from "./node-process.js";
import type { Carrier, NodeSettings, NodeView, Patience } from "./node-settings.js";

/** What a cluster is made of. */
export interface ChaosOptions {
  readonly carrier: Carrier["kind"];
  /** The program of a node: node.ts, as JavaScript. */
  readonly program: string;
  readonly gates: number;
  readonly members: number;
  readonly clients: number;
  readonly patience: Patience;
  /** How long nodes may take to agree, in milliseconds. */
  readonly agreeWithinMs: number;
  /** Where what carries the cluster listens. Default: `127.0.0.1` */
  readonly host?: string;
}

/** Where a node runs: a namespace of its own, perhaps. */
export interface Place {
  /** The address that it has for others. */
  readonly host: string;
  /** A command that it is started through. */
  readonly launcher: readonly string[];
}

/** How long it took nodes to agree after something was done to them. */
export interface Agreement {
  /** What was done: `SIGKILL`. */
  readonly after: string;
  readonly tookMs: number;
}

/** How often nodes are asked what they believe, in milliseconds. */
const askEveryMs = 25;
/** So many answers of every client are a cluster under load. */
const answersUnderLoad = 5;

/** A cluster of processes with clients that never rest, and what can be done to it. */
export class ChaosCluster {
  readonly options: ChaosOptions;
  readonly clients: Counting[] = [];
  readonly agreements: Agreement[] = [];
  /** Those that are there, and answer. */
  #nodes: NodeProcess[] = [];
  #paused: NodeProcess[] = [];
  #master: NodeProcess | undefined;
  #nats: NatsProcess | undefined;
  #carrier: Carrier | undefined;

  private constructor(options: ChaosOptions) {
    this.options = options;
  }

  /** Starts one, with clients that are answered already. */
  static async start(options: ChaosOptions): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(options);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  get gates(): readonly NodeProcess[] {
    return this.#nodes.filter(({ role }) => role === "gate");
  }

  get members(): readonly NodeProcess[] {
    return this.#nodes.filter(({ role }) => role === "member");
  }

  /** What went wrong for clients, all together. */
  get failures(): readonly Failure[] {
    return this.clients.flatMap(({ failures }) => failures);
  }

  /** Starts a node. Resolved when it is in the cluster. */
  async startNode(role: "gate" | "member", id: string, place: Partial<Place> = {}): Promise<NodeProcess> {
    const { program, patience } = this.options;
    const { host = this.#host, launcher = [] } = place;
    const settings: NodeSettings = { role, id, carrier: this.#carrier as Carrier, patience, host };
    const node = await NodeProcess.start({ program, settings, launcher });
    this.#nodes.push(node);
    return node;
  }

  /** Kills a node without a word. */
  async kill(node: NodeProcess): Promise<void> {
    this.#forget(node);
    await node.kill();
  }

  /** Has a node leave. Clients of a gate are told to go to another. */
  async drain(node: NodeProcess, graceMs: number): Promise<void> {
    this.#forget(node);
    await node.stop(graceMs, node.role === "gate" ? this.gates[0]?.url : undefined);
  }

  /** Lets a node stand still: it is not counted among those that are there. */
  pause(node: NodeProcess): void {
    this.#forget(node);
    this.#paused.push(node);
    node.pause();
  }

  /** Lets it go on. */
  resume(node: NodeProcess): void {
    this.#paused = this.#paused.filter((other) => other !== node);
    this.#nodes.push(node);
    node.resume();
  }

  /** A node that others cannot reach is none of those that have to agree. */
  exclude(node: NodeProcess): void {
    this.#forget(node);
    this.#paused.push(node);
  }

  /** It can be reached again. */
  include(node: NodeProcess): void {
    this.#paused = this.#paused.filter((other) => other !== node);
    this.#nodes.push(node);
  }

  /** Kills the master, and starts it again where it was. */
  async restartMaster(): Promise<void> {
    const address = this.#master?.address ?? "";
    await this.#master?.kill();
    await this.#startMaster(address);
  }

  /** Kills NATS, and starts it again where it was. */
  async restartNats(loseStore: boolean): Promise<void> {
    await this.#nats?.kill();
    if (loseStore) {
      this.#nats?.loseStore();
    }
    await this.#nats?.start();
  }

  /** Resolved when every client was answered a few times from now on, and heard its member's heart beat. */
  async load(): Promise<void> {
    const before = this.clients.map((client) => ({ client, answered: client.answered, beats: client.beats }));
    const limit = this.#limit();
    for (const { client, answered, beats } of before) {
      while (client.answered < answered + answersUnderLoad || client.beats === beats) {
        if (performance.now() > limit) {
          throw new Error(
            `${client.uid} gets no answers any more, or no beats: ${client.state}; ${showLast(client.failures)}`,
          );
        }
        await wait(askEveryMs);
      }
    }
  }

  /**
   * Resolved when all nodes that are there agree, with what they believe. Clients rest then, and go on behind it.
   *
   * @param after what was done to them
   * @param since when, as `performance.now()` tells it
   * @throws Error that tells what they do not agree about, when they take longer than they may
   */
  async agreed(after: string, since: number): Promise<readonly NodeView[]> {
    const limit = this.#limit();
    await this.rest();
    for (;;) {
      const views = await this.views();
      const clients = new Map(this.clients.map(({ uid, gate }) => [uid, gate]));
      const found = disagreements(views, { clients });
      if (found.length === 0) {
        this.agreements.push({ after, tookMs: performance.now() - since });
        for (const client of this.clients) {
          client.goOn();
        }
        return views;
      }
      if (performance.now() > limit) {
        throw new Error(`the nodes do not agree ${this.options.agreeWithinMs} ms after ${after}:\n${found.join("\n")}`);
      }
      await wait(askEveryMs);
    }
  }

  /**
   * Resolved when every client has the outcome of its last request, is connected, and makes none.
   *
   * @throws Error when one has none in time
   */
  async rest(): Promise<void> {
    const rests = Promise.all(this.clients.map((client) => client.rest()));
    await Promise.race([rests, this.#outOfTime()]);
  }

  /** Has every client come anew, so that they are spread over gates and members. Resolved when they are answered again. */
  async spread(): Promise<void> {
    await this.rest();
    for (const client of this.clients) {
      client.comeAnew();
      client.goOn();
    }
    await this.load();
  }

  /** What every node that is there believes. */
  views(): Promise<NodeView[]> {
    return Promise.all(this.#nodes.map((node) => node.view()));
  }

  /** Ends every process. */
  async close(): Promise<void> {
    // Without nodes no client has anything to wait for.
    const nodes = [...this.#nodes, ...this.#paused, ...(this.#master === undefined ? [] : [this.#master])];
    this.#nodes = [];
    this.#paused = [];
    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(this.clients.map((client) => client.close()));
    await this.#nats?.close();
  }

  get #host(): string {
    return this.options.host ?? "127.0.0.1";
  }

  async #start(): Promise<void> {
    const { carrier, gates, members, clients } = this.options;
    if (carrier === "nats") {
      this.#nats = await NatsProcess.start(this.#host);
      this.#carrier = { kind: "nats", url: this.#nats.url };
    } else {
      await this.#startMaster(`${this.#host}:0`);
      this.#carrier = { kind: "grpc", join: this.#master?.address ?? "" };
    }
    await Promise.all([
      ...Array.from({ length: gates }, (_, index) => this.startNode("gate", `gate-${index + 1}`)),
      ...Array.from({ length: members }, (_, index) => this.startNode("member", `member-${index + 1}`)),
    ]);
    const addresses = () => this.gates.map(({ id, url }) => ({ id, url }));
    for (let index = 0; index < clients; index++) {
      this.clients.push(new Counting(`client-${index + 1}`, index, addresses));
    }
    await this.load();
    await this.agreed("the start", performance.now());
    await this.load();
  }

  async #startMaster(listen: string): Promise<void> {
    const { program, patience } = this.options;
    this.#master = await NodeProcess.start({ program, settings: { role: "master", listen, patience } });
  }

  #forget(node: NodeProcess): void {
    this.#nodes = this.#nodes.filter((other) => other !== node);
  }

  #limit(): number {
    return performance.now() + this.options.agreeWithinMs;
  }

  async #outOfTime(): Promise<never> {
    const { agreeWithinMs } = this.options;
    await wait(agreeWithinMs, undefined, { ref: false });
    const clients = this.clients.map(({ state }) => state).join("\n");
    throw new Error(`clients do not come to rest within ${agreeWithinMs} ms:\n${clients}`);
  }
}

function showLast(failures: readonly Failure[]): string {
  return failures
    .slice(-3)
    .map(({ message }) => message)
    .join("; ");
}
