import { systemClock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { ClusterDriver, ClusterHost, Joined } from "./driver.js";
import type { Job } from "./job-queue.js";
import { MemoryJobs } from "./memory-jobs.js";
import type { NodeInfo } from "./node-info.js";

/**
 * A cluster in one process, for tests: `new MemoryNetwork()`, and `network.driver()` for each node. Frames cross in order, each in a microtask of its own. It can be
 * cut and mended, and nodes can be killed.
 */
export class MemoryNetwork {
  readonly #nodes = new Map<string, MemoryDriver>();
  readonly #numbers = new Set<number>();
  readonly #cuts = new Set<string>();
  readonly #jobs = new MemoryJobs();
  #listener: ((from: string, to: string, frame: Uint8Array) => void) | undefined;

  /** Told of each frame that is sent, whether it arrives or not. Default: nobody is. */
  onFrame(listener: (from: string, to: string, frame: Uint8Array) => void): void {
    this.#listener = listener;
  }

  /** A driver for one node. */
  driver(): ClusterDriver {
    return new MemoryDriver(this, this.#jobs);
  }

  /** The jobs that failed in all their attempts, the oldest first. */
  get failedJobs(): readonly Job[] {
    return this.#jobs.failed;
  }

  /** The ids of the nodes that are there, in the order in which they came. */
  get nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** No frame crosses between two nodes any more, either way. Both still see each other. */
  cut(one: string, other: string): void {
    this.#cuts.add(wayBetween(one, other));
  }

  /** Frames cross between two nodes again. What was sent meanwhile is lost. */
  mend(one: string, other: string): void {
    this.#cuts.delete(wayBetween(one, other));
  }

  /** A node is gone without a word, as a process that was killed. The others are told at once. */
  kill(id: string): void {
    this.#nodes.get(id)?.killed();
    this.remove(id, new NanowireError("unavailable", `node ${id} is gone`));
  }

  /** @internal */
  add(driver: MemoryDriver, info: NodeInfo): Joined {
    if (this.#nodes.has(info.id)) {
      throw new NanowireError("node_exists", `a node ${info.id} is in the cluster already`);
    }
    const others = [...this.#nodes.values()];
    this.#nodes.set(info.id, driver);
    for (const other of others) {
      other.host?.joined(info);
      driver.host?.joined(other.info as NodeInfo);
    }
    let number = 0;
    while (this.#numbers.has(number)) {
      number++;
    }
    this.#numbers.add(number);
    driver.number = number;
    return { number };
  }

  /** @internal */
  change(info: NodeInfo): void {
    for (const [id, other] of this.#nodes) {
      if (id !== info.id) {
        other.host?.changed(info);
      }
    }
  }

  /** @internal */
  remove(id: string, reason: NanowireError): void {
    const driver = this.#nodes.get(id);
    if (driver !== undefined) {
      this.#nodes.delete(id);
      this.#numbers.delete(driver.number);
      for (const other of this.#nodes.values()) {
        other.host?.left(id, reason);
      }
    }
  }

  /** @internal */
  carry(from: string, to: string, frame: Uint8Array): void {
    this.#listener?.(from, to, frame);
    const { incarnation } = this.#nodes.get(to)?.info ?? {};
    queueMicrotask(() => {
      const receiver = this.#nodes.get(to);
      // What was under way to a node that is gone is not for its successor.
      if (receiver?.info?.incarnation === incarnation && !this.#cuts.has(wayBetween(from, to))) {
        receiver?.host?.received(from, frame);
      }
    });
  }
}

class MemoryDriver implements ClusterDriver {
  readonly name = "memory";
  readonly jobs: ReturnType<MemoryJobs["queue"]>;
  readonly #network: MemoryNetwork;
  host: ClusterHost | undefined;
  info: NodeInfo | undefined;
  number = 0;

  constructor(network: MemoryNetwork, jobs: MemoryJobs) {
    this.#network = network;
    this.jobs = jobs.queue(() => this.host?.clock ?? systemClock);
  }

  async join(node: NodeInfo, host: ClusterHost): Promise<Joined> {
    this.info = node;
    this.host = host;
    try {
      return this.#network.add(this, node);
    } catch (error) {
      this.killed();
      throw error;
    }
  }

  async update(node: NodeInfo): Promise<void> {
    this.info = node;
    this.#network.change(node);
  }

  send(to: string, frame: Uint8Array): void {
    if (this.info !== undefined) {
      this.#network.carry(this.info.id, to, frame);
    }
  }

  async leave(): Promise<void> {
    const { info } = this;
    if (info !== undefined) {
      this.killed();
      // What was sent before arrives before the others are told.
      await Promise.resolve();
      this.#network.remove(info.id, new NanowireError("unavailable", `node ${info.id} left the cluster`));
    }
  }

  killed(): void {
    this.jobs.killed();
    this.host = undefined;
    this.info = undefined;
  }
}

function wayBetween(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
