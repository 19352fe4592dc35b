import cluster from "node:cluster";
import { assertOptions } from "../base/assert-options.js";
import type { Awaitable } from "../base/awaitable.js";
import { type Clock, systemClock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { type Crash, Slot } from "./slot.js";
import { type ResolvedUpConfig, type ResolvedUpRole, resolveUpConfig, type UpConfig } from "./up-config.js";
import type { UpEnd, UpEvent, UpLine, UpProcess, UpState } from "./up-events.js";

/** How {@link up} tells what happens. */
export interface UpOptions {
  /** What `entry` is relative to. Default: the working directory */
  readonly directory?: string;
  /** Told of what happens. What it throws is an uncaught error. Default: nobody */
  readonly onEvent?: (event: UpEvent) => void;
  /** Told of what the processes print. A process's next line comes when the promise is kept: what nobody takes waits there. What it throws is an uncaught error. Default: nobody, and it is dropped */
  readonly onLine?: (line: UpLine) => Awaitable<void>;
  /** Default: the machine's own time */
  readonly clock?: Clock;
}

/**
 * Starts the processes of a configuration, and sees to it that they are there until it is stopped: `up({ roles: [{ name: "gate", entry: "dist/gate.js", instances: 2 }] })`.
 * The processes of a role listen on one port. They end with this one, whatever ends it. docs/up.md tells more.
 *
 * It is for a process that has nothing else to do, and makes no use of node:cluster.
 *
 * @throws NanowireError `invalid_option`, with everything that is wrong in the configuration; `invalid_state` in a worker of node:cluster
 */
export function up(config: UpConfig, options: UpOptions = {}): Up {
  assertOptions("up", options, { directory: "string", onEvent: "function", onLine: "function", clock: "object" });
  if (!cluster.isPrimary) {
    throw new NanowireError(
      "invalid_state",
      "this process is a worker of node:cluster: it cannot start any of its own",
    );
  }
  return new Up(resolveUpConfig(config, options.directory ?? process.cwd()), options);
}

/** The processes of {@link up}. */
export class Up {
  /** Resolved when every process is ready, with true; with false when it was stopped before, or could not be started: a role's first process has crashed the first time. */
  readonly started: Promise<boolean>;
  /** Resolved when every process has ended: with how it came to that. */
  readonly finished: Promise<UpEnd>;
  readonly #roles: readonly Role[];
  readonly #options: UpOptions;
  readonly #finish: (end: UpEnd) => void;
  /** While all processes wait for their next start, nothing else keeps this one alive. */
  readonly #keepAlive = setInterval(() => {}, 0x7fffffff);
  #state: UpState = "starting";
  #problem: string | undefined;
  #lastLines: readonly string[] = [];
  #wasKilled = false;

  /** @internal {@link up} makes it. */
  constructor(config: ResolvedUpConfig, options: UpOptions) {
    this.#options = options;
    this.#roles = config.roles.map((role, index) => ({
      role,
      slots: [],
      newSlot: this.#slotMaker(config, role, index),
    }));
    let finish: (end: UpEnd) => void = () => {};
    this.finished = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
    this.started = this.#start();
  }

  /** What it is at. */
  get state(): UpState {
    return this.#state;
  }

  /** The processes, in the order of the roles: a copy. While they are rolled there is one more than there are instances. */
  get processes(): readonly UpProcess[] {
    return this.#roles.flatMap(({ slots }) => slots.flatMap(({ process }) => process ?? []));
  }

  /**
   * Puts a new process in the place of each, one after the other: the old one is asked to end when the new one is ready, so that there are never fewer than `instances`; in a role whose
   * processes are `alone` it ends first. When a new one crashes before it is ready, the roll ends, and the processes that are left stay.
   *
   * @returns undefined when all are new; else why they are not
   * @throws NanowireError `invalid_state` when it does not run
   */
  async roll(): Promise<string | undefined> {
    if (this.#state !== "running") {
      throw new NanowireError("invalid_state", `up is ${this.#state}: it cannot roll`);
    }
    this.#enter("rolling");
    for (const role of this.#roles) {
      for (const old of [...role.slots]) {
        const problem = await this.#replace(role, old);
        // Whoever stopped it meanwhile goes on with that.
        if (this.state !== "rolling") {
          return "up was stopped";
        }
        if (problem !== undefined) {
          this.#enter("running", problem);
          return problem;
        }
      }
    }
    this.#enter("running");
    return undefined;
  }

  /**
   * Stops the roles in the reverse order of their start: each process gets SIGTERM, and SIGKILL when it does not end in time. Resolved when the last has ended. Calling it
   * again waits for the same.
   */
  async stop(): Promise<void> {
    if (this.#state !== "stopping" && this.#state !== "stopped") {
      this.#enter("stopping");
      for (const { slots } of [...this.#roles].reverse()) {
        await Promise.all(slots.map((slot) => this.#stopSlot(slot)));
      }
      clearInterval(this.#keepAlive);
      this.#enter("stopped");
      const orderly = this.#problem === undefined && !this.#wasKilled;
      this.#finish({ orderly, problem: this.#problem, lastLines: this.#lastLines });
    }
    await this.finished;
  }

  /** Stops without waiting for anybody: each process gets SIGKILL. Resolved when the last has ended. */
  async kill(): Promise<void> {
    const stopped = this.stop();
    for (const slot of this.#roles.flatMap(({ slots }) => slots)) {
      void this.#stopSlot(slot);
      slot.kill();
    }
    await stopped;
  }

  async #start(): Promise<boolean> {
    // Whoever called is to have this in hand before he is told of anything.
    await undefined;
    for (const { slots, newSlot, role } of this.#roles) {
      for (let instance = 1; instance <= role.instances && this.#state === "starting"; instance++) {
        slots.push(newSlot(instance));
      }
      // The first one alone: what it does for all, nobody else does at the same time, and what it cannot do need not be tried by all.
      const [first, ...others] = slots;
      const crash = this.#state === "starting" ? await first?.start({ isTrial: true }) : undefined;
      if (crash !== undefined) {
        await this.#giveUp(`${first?.node} ${crash.reason}`, crash);
      }
      if (this.#state !== "starting") {
        return false;
      }
      await Promise.all(others.map((slot) => slot.start({ isTrial: false })));
    }
    if (this.#state !== "starting") {
      return false;
    }
    this.#enter("running");
    return true;
  }

  #giveUp(problem: string, { lastLines }: Crash): Promise<void> {
    this.#problem = problem;
    this.#lastLines = lastLines;
    return this.stop();
  }

  /** @returns why it could not be done */
  async #replace(role: Role, old: Slot): Promise<string | undefined> {
    const { slots, newSlot } = role;
    const isAlone = role.role.alone;
    if (isAlone) {
      await this.#retire(role, old);
      if (this.#state !== "rolling") {
        return undefined;
      }
    }
    const next = newSlot(lowestBut(slots.map(({ instance }) => instance)));
    slots.push(next);
    const crash = await next.start({ isTrial: true });
    if (this.#state !== "rolling") {
      return undefined;
    }
    if (crash === undefined) {
      await (isAlone ? undefined : this.#retire(role, old));
      return undefined;
    }
    slots.splice(slots.indexOf(next), 1);
    if (isAlone) {
      // Nobody is there in its place: it is tried on, as after any crash.
      const again = newSlot(next.instance);
      slots.push(again);
      void again.start({ isTrial: false });
    }
    return `${next.node}, a new process of ${role.role.name}, ${crash.reason}`;
  }

  async #retire({ slots }: Role, slot: Slot): Promise<void> {
    await slot.stop();
    slots.splice(slots.indexOf(slot), 1);
  }

  async #stopSlot(slot: Slot): Promise<void> {
    await slot.stop();
    this.#wasKilled ||= slot.wasKilled;
  }

  #slotMaker({ graceMs, readyTimeoutMs }: ResolvedUpConfig, role: ResolvedUpRole, roleIndex: number): Role["newSlot"] {
    const { clock = systemClock, onLine } = this.#options;
    return (instance) =>
      new Slot({
        role,
        instance,
        clock,
        graceMs,
        readyTimeoutMs,
        onEvent: (event) => this.#tell(event),
        onLine: (node, stream, text) => onLine?.({ node, roleIndex, stream, text }),
        onListen: (place) => this.#refusePlace(role, place),
      });
  }

  /** Clients that come to a port are shared out among all who listen there: they are to find the same program. */
  #refusePlace(role: ResolvedUpRole, place: string): string | undefined {
    const other = this.#roles.find(
      (candidate) => candidate.role !== role && candidate.slots.some((slot) => slot.listensOn(place)),
    );
    return other && `listens on ${place}, as role ${other.role.name} does: a place belongs to one role`;
  }

  #enter(state: UpState, problem?: string): void {
    this.#state = state;
    this.#tell({ type: "state", state, ...(problem === undefined ? {} : { problem }) });
  }

  #tell(event: UpEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** A role and its processes. */
interface Role {
  readonly role: ResolvedUpRole;
  readonly slots: Slot[];
  readonly newSlot: (instance: number) => Slot;
}

/** The lowest number from 1 that is not taken. */
function lowestBut(taken: readonly number[]): number {
  let lowest = 1;
  while (taken.includes(lowest)) {
    lowest++;
  }
  return lowest;
}
