import { assertOptions } from "../base/assert-options.js";
import { inRange, whole } from "../base/limits.js";
import type { OrderedMailbox } from "./mailbox.js";
import { Queue, type QueueOptions } from "./queue.js";
import type { SharedSchedule } from "./shared-schedule.js";
import { TaskRunner } from "./task-runner.js";

/**
 * The main loop of a server, or a component's part in it: `server.scheduler`, and in a component `this.scheduler`. Tasks begin
 * in the order in which they were posted; one that returns a promise does not keep the next from beginning. Where a component
 * has a method of the order `SERVICE`, its tasks and timers take their turn with those: one at a time.
 */
export class Scheduler extends TaskRunner {
  readonly #queues = new Set<Queue>();
  readonly #children = new Set<Scheduler>();

  /** @internal A server makes schedulers. */
  constructor(shared: SharedSchedule, name: string, mailbox?: OrderedMailbox) {
    super(shared, { kind: "scheduler", name, mailbox, maxLength: defaultMaxLength, timeoutMs: shared.taskTimeoutMs });
  }

  /**
   * Makes a queue: an order of its own for sessions, tasks and timers. It is closed with this scheduler.
   *
   * @param name for logs and errors; it need not be unique
   * @throws NanowireError `scheduler_closed`, `invalid_option`
   */
  queue(name: string, options: QueueOptions = {}): Queue {
    this.assertOpen();
    assertOptions("queue", options, { maxLength: "checked", taskTimeoutMs: "checked" });
    const maxLength = whole("maxLength", options.maxLength ?? defaultMaxLength, 1, 1_000_000);
    const timeoutMs = inRange("taskTimeoutMs", options.taskTimeoutMs ?? this.shared.taskTimeoutMs, 0, 2_147_483_647);
    const queue = new Queue(this.shared, name, maxLength, timeoutMs, (closed) => this.#queues.delete(closed));
    this.#queues.add(queue);
    return queue;
  }

  /** @internal A scheduler that is closed with this one: a component's. */
  child(name: string, mailbox?: OrderedMailbox): Scheduler {
    const child = new Scheduler(this.shared, name, mailbox);
    this.#children.add(child);
    return child;
  }

  /** @internal Stops every timer, takes nothing more, and resolves when what waits and runs is done, or has had its time. */
  async close(): Promise<void> {
    this.#close();
    await this.shared.idle();
  }

  /** @internal The server was told to stop: by the task or timer that is being called, if one is. */
  stopCalled(): void {
    this.shared.stopCalled = true;
  }

  /** @internal {@link close} waits no longer, now or when it is called. */
  endWait(): void {
    this.shared.endWait();
  }

  #close(): void {
    this.end();
    for (const queue of this.#queues) {
      queue.close();
    }
    for (const child of this.#children) {
      child.#close();
    }
    this.#children.clear();
  }
}

const defaultMaxLength = 10_000;
