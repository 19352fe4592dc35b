import { OrderedMailbox } from "./mailbox.js";
import type { SharedSchedule } from "./shared-schedule.js";
import { TaskRunner } from "./task-runner.js";

/** What a queue may be told when it is made. */
export interface QueueOptions {
  /**
   * How much may wait in it before `run` refuses another task. Messages and timers are always taken: a session and a timer
   * have one waiting at the most. 1 to 1,000,000. Default: 10,000
   */
  readonly maxLength?: number;
  /**
   * Milliseconds that a task or a timer may take: then it is logged and counted as failed, and the next goes on without it. 0: for ever.
   * To 2,147,483,647. Default: the server's `requestTimeoutMs`
   */
  readonly taskTimeoutMs?: number;
}

/**
 * An order of its own: a table, a room, a match. Messages of the sessions that were handed to it (`session.schedule(queue)`, or
 * a group with the queue), tasks and timers are called one at a time, each after the one before is done, promise and all. Made by
 * {@link Scheduler.queue}, and closed with the scheduler that made it.
 */
export class Queue extends TaskRunner {
  /** @internal */
  declare readonly mailbox: OrderedMailbox;
  readonly #onClose: (queue: Queue) => void;

  /** @internal A scheduler makes queues. */
  constructor(
    shared: SharedSchedule,
    name: string,
    maxLength: number,
    timeoutMs: number,
    onClose: (queue: Queue) => void,
  ) {
    super(shared, { kind: "queue", name, mailbox: new OrderedMailbox(shared.host.turn), maxLength, timeoutMs });
    this.#onClose = onClose;
  }

  /** How many messages, tasks and timers wait or run. */
  get length(): number {
    return this.mailbox.length;
  }

  /**
   * Ends it: its timers are stopped, it takes no more tasks, and its sessions go back to their own order, each with its next
   * message. What waits in it is still done, in its order. Calling it again does nothing.
   */
  close(): void {
    if (!this.closed) {
      this.end();
      this.#onClose(this);
    }
  }
}
