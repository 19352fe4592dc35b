import type { Awaitable } from "../base/awaitable.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import type { ResolvedUpRole } from "./up-config.js";
import type { UpEvent, UpLine, UpProcess, UpProcessState } from "./up-events.js";
import { WorkerProcess } from "./worker-process.js";

/** What a {@link Slot} is made with. */
export interface SlotOptions {
  readonly role: ResolvedUpRole;
  readonly instance: number;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly readyTimeoutMs: number;
  readonly onEvent: (event: UpEvent) => void;
  readonly onLine: (node: string, stream: UpLine["stream"], text: string) => Awaitable<void>;
  /** @returns why it must not listen there */
  readonly onListen: (place: string) => string | undefined;
}

/** Why a slot has no process that is ready. */
export interface Crash {
  readonly reason: string;
  readonly lastLines: readonly string[];
}

/** The place of one process of a role: whoever dies there is followed by another, until it is stopped. */
export class Slot {
  readonly node: string;
  readonly instance: number;
  readonly #options: SlotOptions;
  #state: UpProcessState | "new" | "gone" = "new";
  #process: WorkerProcess | undefined;
  #startedAtMs = 0;
  #readyAtMs: number | undefined;
  /** Crashes, each soon after the one before. */
  #crashes = 0;
  #cancelRestart: CancelTimer = () => {};
  /** Whether a crash is the end of it. */
  #isTrial = false;
  #wasKilled = false;
  /** Those who wait until it is ready, or gone. */
  readonly #waiting: ((crash: Crash | undefined) => void)[] = [];
  readonly #whenGone: (() => void)[] = [];

  constructor(options: SlotOptions) {
    this.#options = options;
    this.instance = options.instance;
    this.node = `${options.role.name}-${options.instance}`;
  }

  /** Whether somebody is to be there: it is neither stopped nor given up. */
  get isGone(): boolean {
    return this.#state === "gone";
  }

  /** Whether a process of it had to be killed when it was to stop. */
  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  get process(): UpProcess | undefined {
    const state = this.#state;
    if (state === "new" || state === "gone") {
      return undefined;
    }
    const { node, instance } = this;
    const pid = state === "waiting" ? undefined : this.#process?.pid;
    return { node, role: this.#options.role.name, instance, pid, state };
  }

  /** Whether its process listens there, together with others. */
  listensOn(place: string): boolean {
    return this.#process?.places.has(place) === true;
  }

  /**
   * Starts its first process. One that crashes is followed by another, after a pause; as a trial it is given up.
   *
   * @returns resolved when one is ready, or it is gone: with the crash that it was given up for
   */
  start({ isTrial }: { readonly isTrial: boolean }): Promise<Crash | undefined> {
    this.#isTrial = isTrial;
    const ready = new Promise<Crash | undefined>((resolve) => void this.#waiting.push(resolve));
    this.#run();
    return ready;
  }

  /** Asks its process to end, and ends it when it does not. Resolved when it is gone. */
  stop(): Promise<void> {
    const gone = new Promise<void>((resolve) => void this.#whenGone.push(resolve));
    const { clock, graceMs, onEvent } = this.#options;
    const { node } = this;
    const process = this.#process;
    if (this.#state === "gone" || this.#state === "new" || process?.pid === undefined || this.#state === "waiting") {
      this.#gone(undefined);
    } else if (this.#state !== "stopping") {
      this.#state = "stopping";
      onEvent({ type: "stopping", node, pid: process.pid });
      process.terminate();
      const patienceMs = graceMs + killAfterMs;
      const cancel = clock.after(patienceMs, () => {
        this.#wasKilled = true;
        onEvent({ type: "killed", node, afterMs: patienceMs });
        process.kill("did not end in time");
      });
      this.#whenGone.push(cancel);
    }
    return gone;
  }

  /** Ends its process at once. */
  kill(): void {
    if (this.#state === "stopping") {
      this.#wasKilled = true;
      this.#process?.kill("was ended at once");
    }
  }

  #run(): void {
    const { role, instance, clock, readyTimeoutMs, onEvent, onLine, onListen } = this.#options;
    const { node } = this;
    this.#state = "starting";
    this.#startedAtMs = clock.steady();
    this.#readyAtMs = undefined;
    try {
      const process = new WorkerProcess({
        role,
        instance,
        node,
        clock,
        readyTimeoutMs,
        onReady: () => this.#ready(process),
        onEnd: (reason) => this.#ended({ reason, lastLines: process.lastLines }),
        onListen,
        onLine: (stream, text) => onLine(node, stream, text),
      });
      this.#process = process;
      if (process.pid !== undefined) {
        onEvent({ type: "started", node, pid: process.pid });
      }
    } catch (error) {
      // What the system says at once: the arguments are too long, say.
      this.#ended({ reason: `could not be started: ${(error as Error).message}`, lastLines: [] });
    }
  }

  #ready({ pid }: WorkerProcess): void {
    if (this.#state === "starting" && pid !== undefined) {
      const { clock, onEvent } = this.#options;
      this.#state = "ready";
      this.#isTrial = false;
      this.#readyAtMs = clock.steady();
      onEvent({ type: "ready", node: this.node, pid, afterMs: this.#readyAtMs - this.#startedAtMs });
      this.#tell(undefined);
    }
  }

  #ended(crash: Crash): void {
    const { clock, onEvent } = this.#options;
    const { node } = this;
    this.#process = undefined;
    if (this.#state === "stopping") {
      onEvent({ type: "stopped", node });
      this.#gone(undefined);
    } else if (this.#isTrial) {
      onEvent({ type: "crashed", node, reason: crash.reason, restartInMs: undefined });
      this.#gone(crash);
    } else if (this.#state !== "gone") {
      if (this.#readyAtMs !== undefined && clock.steady() - this.#readyAtMs >= steadyAfterMs) {
        this.#crashes = 0;
      }
      const restartInMs = Math.min(leastPauseMs * 2 ** this.#crashes++, mostPauseMs);
      this.#state = "waiting";
      this.#cancelRestart = clock.after(restartInMs, () => this.#run());
      onEvent({ type: "crashed", node, reason: crash.reason, restartInMs });
    }
  }

  #gone(crash: Crash | undefined): void {
    this.#state = "gone";
    this.#cancelRestart();
    this.#tell(crash);
    for (const tell of this.#whenGone.splice(0)) {
      tell();
    }
  }

  #tell(crash: Crash | undefined): void {
    for (const tell of this.#waiting.splice(0)) {
      tell(crash);
    }
  }
}

/** The pause before a process that crashed is started anew: it doubles with each crash. */
const leastPauseMs = 100;
const mostPauseMs = 10_000;

/** When it was ready for so long, its next crash is a first one again. */
const steadyAfterMs = 60_000;

/** How long it has beyond the time that it has to end by itself. */
const killAfterMs = 5_000;
