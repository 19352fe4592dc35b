import { Turn } from "../../../runtime/base/turn.js";
import type { OrderedMailbox } from "../../../runtime/schedule/mailbox.js";
import { Scheduler } from "../../../runtime/schedule/scheduler.js";
import { SharedSchedule } from "../../../runtime/schedule/shared-schedule.js";
import { SteppedClock } from "../../support/clock.js";
import { KeptLog } from "../../support/log.js";

/** How the schedule of a test is made. */
export interface SteppedOptions {
  /** Default: 1 */
  readonly precisionMs?: number;
  /** Default: 30,000 */
  readonly taskTimeoutMs?: number;
  /** Default: none */
  readonly mailbox?: (turn: Turn) => OrderedMailbox;
}

/** A scheduler without a server: its time is stepped by hand, and so are the turns of the event loop. */
export function steppedSchedule({ precisionMs = 1, taskTimeoutMs = 30_000, mailbox }: SteppedOptions = {}) {
  const clock = new SteppedClock();
  const log = new KeptLog();
  const ends: (() => void)[] = [];
  const turn = new Turn((task) => void ends.push(task));
  const failed = { count: 0 };
  const host = { clock, turn, logger: log, taskFailed: () => void failed.count++ };
  const shared = new SharedSchedule(host, precisionMs, taskTimeoutMs);
  const scheduler = new Scheduler(shared, "test", mailbox?.(turn));
  return {
    clock,
    log,
    failed,
    shared,
    scheduler,
    /** Ends one turn. */
    endTurn: () => ends.shift()?.(),
    /** Ends turns until none is asked for. */
    endTurns() {
      while (ends.length > 0) {
        ends.shift()?.();
      }
    },
  };
}

/** What happened, each with the milliseconds that had passed. */
export function timeline(clock: SteppedClock): { readonly at: number[]; note(): void } {
  const at: number[] = [];
  return { at, note: () => void at.push(clock.steady()) };
}
