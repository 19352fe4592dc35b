import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { Turn } from "../base/turn.js";
import { Timekeeper } from "./timekeeper.js";

/** What tasks and timers need of the server that they run in. */
export interface ScheduleHost {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly logger: Logger;
  /** A task or a timer failed; it is logged already. */
  taskFailed(): void;
}

/** What all schedulers of a server share while it runs. Each start of the server makes a new one. */
export class SharedSchedule {
  readonly host: ScheduleHost;
  readonly timekeeper: Timekeeper;
  /** Milliseconds after which others need not wait for a task any more, unless a queue says otherwise; 0: they always do. */
  readonly taskTimeoutMs: number;
  /** Whether the server was told to stop, since this was last set to false: work that does so is not waited for. */
  stopCalled = false;
  #underWay = 0;
  /** Whether {@link idle} waits for what is under way. */
  #waits = true;
  #onWaited: ((isIdle: boolean) => void) | undefined;

  /** @param precisionMs how long a tick of the timers is */
  constructor(host: ScheduleHost, precisionMs: number, taskTimeoutMs: number) {
    this.host = host;
    this.timekeeper = new Timekeeper(host.clock, precisionMs);
    this.taskTimeoutMs = taskTimeoutMs;
  }

  /** How many tasks wait or run, and how many timers' promises are waited for. */
  get underWay(): number {
    return this.#underWay;
  }

  began(): void {
    this.#underWay++;
  }

  ended(): void {
    this.#underWay--;
    if (this.#underWay === 0) {
      this.#onWaited?.(true);
    }
  }

  /** Resolved when nothing is under way, after {@link taskTimeoutMs}, where there is such a limit, or by {@link endWait}. */
  async idle(): Promise<void> {
    const isIdle = this.#underWay === 0 || (this.#waits && (await this.#waited()));
    if (!isIdle) {
      this.host.logger.warn({ underWay: this.#underWay }, "tasks are not waited for any longer");
    }
  }

  /** {@link idle} waits no longer, now or when it is called. */
  endWait(): void {
    this.#waits = false;
    this.#onWaited?.(false);
  }

  /** Resolved with whether nothing is under way any more. */
  #waited(): Promise<boolean> {
    const { clock } = this.host;
    return new Promise((resolve) => {
      const cancel = this.taskTimeoutMs === 0 ? undefined : clock.after(this.taskTimeoutMs, () => this.endWait());
      this.#onWaited = (isIdle) => {
        cancel?.();
        resolve(isIdle);
      };
    });
  }
}
