import { describe, expect, it } from "vitest";
import type { NanowireError } from "../../runtime/base/error.js";
import { OrderedMailbox } from "../../runtime/schedule/mailbox.js";
import { type Deferred, defer, turn } from "../support/wait.js";
import { steppedSchedule } from "./support/stepped-schedule.js";

function errorOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code, scope, message } = error as NanowireError;
    return `${code} ${scope}: ${message}`;
  }
  return "nothing";
}

describe("what is no task", () => {
  const none = undefined as unknown as () => boolean;

  it("is refused where it is given, and not each time that it is to be called", () => {
    const { scheduler, failed } = steppedSchedule();
    const calls = [
      () => scheduler.run(none),
      () => scheduler.every(5, none),
      () => scheduler.after(5, none),
      () => scheduler.times(5, 2, none),
      () => scheduler.when(() => true, none),
      () => scheduler.loop(5, none),
      () => scheduler.queue("q").run(none),
    ];
    const refusal = "invalid_option startup: task undefined is not a function";
    expect(calls.map(errorOf)).toEqual(calls.map(() => refusal));
    expect(errorOf(() => scheduler.when(none, () => {}))).toBe(
      "invalid_option startup: condition undefined is not a function",
    );
    expect([scheduler.timerCount, failed.count]).toEqual([0, 0]);
  });

  it("is a slip in the name of an option, too", () => {
    const { scheduler } = steppedSchedule();
    const slip = (options: object) => options as Record<string, never>;
    const calls = [
      () => scheduler.every(5, () => {}, slip({ catchup: "each" })),
      () => scheduler.times(5, 2, () => {}, slip({ catchup: "each" })),
      () =>
        scheduler.when(
          () => true,
          () => {},
          slip({ check: 5 }),
        ),
      () => scheduler.loop(5, () => {}, slip({ maxSteps: 5 })),
      () => scheduler.queue("q", slip({ length: 5 })),
    ];
    expect(calls.map(errorOf)).toEqual([
      "invalid_option startup: there is no option catchup; there are catchUp",
      "invalid_option startup: there is no option catchup; there are catchUp",
      "invalid_option startup: there is no option check; there are checkMs",
      "invalid_option startup: there is no option maxSteps; there are maxCatchUpSteps",
      "invalid_option startup: there is no option queue.length; there are maxLength, taskTimeoutMs",
    ]);
    expect(scheduler.timerCount).toBe(0);
  });
});

/** Tasks that note when they begin, and end when the test says so. */
function tasks() {
  const begun: string[] = [];
  const running = new Map<string, Deferred<void>>();
  return {
    begun,
    now: (name: string, then?: () => void) => () => {
      begun.push(name);
      then?.();
    },
    later: (name: string) => () => {
      begun.push(name);
      const work = defer();
      running.set(name, work);
      return work.promise;
    },
    async end(name: string) {
      running.get(name)?.resolve();
      await turn();
    },
  };
}

describe("a scheduler", () => {
  it("begins tasks in their order, in the next turn, and never before run returns", () => {
    const { scheduler, endTurn } = steppedSchedule();
    const { begun, now } = tasks();
    scheduler.run(now("a", () => scheduler.run(now("c"))));
    scheduler.run(now("b"));
    expect(begun).toEqual([]);
    endTurn();
    expect(begun).toEqual(["a", "b"]);
    endTurn();
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("lets the next task begin while one waits for its promise", () => {
    const { scheduler, endTurn } = steppedSchedule();
    const { begun, now, later } = tasks();
    scheduler.run(later("slow"));
    scheduler.run(now("next"));
    endTurn();
    expect(begun).toEqual(["slow", "next"]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["is rejected", () => Promise.reject(new Error("no"))],
    [
      "returns what only looks like a promise, and throws when it is looked at",
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: what a task may return
        get then(): never {
          throw new Error("no");
        },
      }),
    ],
    [
      "returns what only looks like a promise, and throws when it is waited for",
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: what a task may return
        then() {
          throw new Error("no");
        },
      }),
    ],
    [
      "returns what only looks like a promise, and is rejected twice",
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: what a task may return
        then(_: unknown, reject: (error: Error) => void) {
          reject(new Error("no"));
          reject(new Error("no"));
        },
      }),
    ],
  ])("logs and counts a task that %s, and goes on", async (_what, task) => {
    const { scheduler, endTurns, log, failed, shared } = steppedSchedule();
    const { begun, now } = tasks();
    scheduler.run(task);
    scheduler.run(now("next"));
    endTurns();
    await turn();
    expect([begun, failed.count, shared.underWay]).toEqual([["next"], 1, 0]);
    expect(log.lines.map(({ level, message, fields }) => [level, message, fields["scheduler"]])).toEqual([
      ["error", "a task failed", "test"],
    ]);
  });

  it("that is a component's with an order runs its tasks and timers one at a time with its messages", async () => {
    const made: OrderedMailbox[] = [];
    const { scheduler, clock, endTurns } = steppedSchedule({
      mailbox(ofTurn) {
        const mailbox = new OrderedMailbox(ofTurn);
        made.push(mailbox);
        return mailbox;
      },
    });
    const { begun, now, later, end } = tasks();
    made[0]?.post({
      start() {
        begun.push("message");
        return false;
      },
    });
    scheduler.run(later("task"));
    scheduler.after(10, now("timer"));
    endTurns();
    clock.step(10);
    expect(begun).toEqual(["message"]);
    made[0]?.done();
    expect(begun).toEqual(["message", "task"]);
    await end("task");
    expect(begun).toEqual(["message", "task", "timer"]);
  });
});

describe("a queue", () => {
  it("runs its tasks one at a time, in their order, and never before run returns", async () => {
    const { scheduler, endTurns } = steppedSchedule();
    const { begun, now, later, end } = tasks();
    const queue = scheduler.queue("table 7");
    queue.run(later("a"));
    queue.run(now("b", () => queue.run(now("d"))));
    queue.run(later("c"));
    expect([begun, queue.length]).toEqual([[], 3]);
    endTurns();
    expect([begun, queue.length]).toEqual([["a"], 3]);
    await end("a");
    expect(begun).toEqual(["a", "b", "c"]);
    await end("c");
    expect([begun, queue.length]).toEqual([["a", "b", "c", "d"], 0]);
  });

  it("does not hold up another, nor the main loop", () => {
    const { scheduler, endTurns } = steppedSchedule();
    const { begun, now, later } = tasks();
    const [one, other] = [scheduler.queue("one"), scheduler.queue("other")];
    one.run(later("slow"));
    one.run(now("waits"));
    other.run(now("other"));
    scheduler.run(now("main"));
    endTurns();
    expect(begun.sort()).toEqual(["main", "other", "slow"]);
  });

  it("calls its timers in their turn: none while something runs, and each once however often its time came", async () => {
    const { scheduler, clock, endTurns } = steppedSchedule();
    const { begun, now, later, end } = tasks();
    const queue = scheduler.queue("table 7");
    queue.run(later("task"));
    endTurns();
    const timer = queue.every(100, now("timer"));
    clock.step(1_050);
    expect([begun, queue.length]).toEqual([["task"], 2]);
    await end("task");
    expect([begun, timer.missed]).toEqual([["task", "timer"], 9]);
    clock.step(100);
    expect(begun).toEqual(["task", "timer", "timer"]);
  });

  it("does not call a timer that was stopped while it waited for its turn", async () => {
    const { scheduler, clock, endTurns } = steppedSchedule();
    const { begun, now, later, end } = tasks();
    const queue = scheduler.queue("table 7");
    queue.run(later("task"));
    endTurns();
    const timer = queue.every(100, now("timer"));
    clock.step(100);
    timer.stop();
    await end("task");
    expect([begun, queue.length, queue.timerCount]).toEqual([["task"], 0, 0]);
  });

  it("goes on when the time of what runs is over, and when that is settled later nothing more happens", async () => {
    const { scheduler, clock, endTurns, log, failed, shared } = steppedSchedule();
    const { begun, now, later, end } = tasks();
    const queue = scheduler.queue("table 7", { taskTimeoutMs: 50 });
    queue.run(later("hangs"));
    queue.run(later("next"));
    queue.run(now("last"));
    endTurns();
    clock.step(50);
    expect([begun, failed.count]).toEqual([["hangs", "next"], 1]);
    expect(log.at("error")[0]?.fields).toMatchObject({ scheduler: "table 7", error: { code: "deadline_exceeded" } });
    await end("hangs");
    expect([begun, queue.length]).toEqual([["hangs", "next"], 2]);
    await end("next");
    expect([begun, queue.length, shared.underWay, clock.waiting]).toEqual([["hangs", "next", "last"], 0, 0, 0]);
  });

  it("waits for ever where it is told to", async () => {
    const { scheduler, clock, endTurns } = steppedSchedule();
    const { begun, now, later, end } = tasks();
    const queue = scheduler.queue("table 7", { taskTimeoutMs: 0 });
    queue.run(later("long"));
    queue.run(now("next"));
    endTurns();
    clock.step(1_000_000_000);
    expect(begun).toEqual(["long"]);
    await end("long");
    expect(begun).toEqual(["long", "next"]);
  });

  it("refuses a task when as much waits as may, and takes tasks again when less does", () => {
    const { scheduler, endTurns } = steppedSchedule();
    const { begun, now } = tasks();
    const queue = scheduler.queue("table 7", { maxLength: 3 });
    for (const name of ["a", "b", "c"]) {
      queue.run(now(name));
    }
    expect(errorOf(() => queue.run(now("d")))).toBe(
      "queue_full request: queue table 7 is full: 3 wait in it, and maxLength is 3",
    );
    endTurns();
    queue.run(now("e"));
    endTurns();
    expect(begun).toEqual(["a", "b", "c", "e"]);
  });

  it("takes tasks that post tasks without end, and lets the event loop go round meanwhile", () => {
    const { scheduler, endTurn } = steppedSchedule();
    const queue = scheduler.queue("table 7");
    let calls = 0;
    const again = (): void => {
      calls++;
      queue.run(again);
    };
    queue.run(again);
    const counts: number[] = [];
    for (let turns = 0; turns < 4; turns++) {
      endTurn();
      counts.push(calls);
    }
    expect(counts).toEqual([64, 128, 192, 256]);
  });

  it("that is closed takes nothing more, stops its timers, and does what waits", async () => {
    const { scheduler, clock, endTurns } = steppedSchedule();
    const { begun, now, later, end } = tasks();
    const queue = scheduler.queue("table 7");
    queue.run(later("a"));
    queue.run(now("b"));
    const timer = queue.every(10, now("timer"));
    endTurns();
    clock.step(10);
    queue.close();
    queue.close();
    expect([queue.closed, queue.timerCount, timer.stopped]).toEqual([true, 0, true]);
    await end("a");
    expect([begun, queue.length]).toEqual([["a", "b"], 0]);
    const refused = "scheduler_closed request: queue table 7 is closed";
    expect([
      errorOf(() => queue.run(now("c"))),
      errorOf(() => queue.every(1, now("c"))),
      errorOf(() => queue.after(1, now("c"))),
      errorOf(() => queue.times(1, 1, now("c"))),
      errorOf(() => queue.when(() => true, now("c"))),
      errorOf(() => queue.loop(1, now("c"))),
    ]).toEqual(Array.from({ length: 6 }, () => refused));
    expect(clock.waiting).toBe(0);
  });

  it("has its limits", () => {
    const { scheduler } = steppedSchedule();
    expect([0, 1_000_001, 1.5].map((maxLength) => errorOf(() => scheduler.queue("x", { maxLength })))).toEqual(
      [0, 1_000_001, 1.5].map(
        (value) => `invalid_option startup: maxLength ${value} is not an integer from 1 to 1000000`,
      ),
    );
    expect([-1, 2 ** 31].map((taskTimeoutMs) => errorOf(() => scheduler.queue("x", { taskTimeoutMs })))).toEqual(
      [-1, 2 ** 31].map(
        (value) => `invalid_option startup: taskTimeoutMs ${value} is not a number from 0 to 2147483647`,
      ),
    );
  });
});

describe("a scheduler that is closed", () => {
  it("stops every timer of its own, of its queues and of its components, and takes nothing more", async () => {
    const { scheduler, clock } = steppedSchedule();
    const { begun, now } = tasks();
    const child = scheduler.child("Room");
    const queues = [scheduler.queue("one"), child.queue("two")];
    for (const runner of [scheduler, child, ...queues]) {
      runner.every(10, now("timer"));
    }
    await scheduler.close();
    clock.step(100);
    expect([begun, clock.waiting]).toEqual([[], 0]);
    expect([scheduler, child, ...queues].map((runner) => [runner.closed, runner.timerCount])).toEqual(
      Array.from({ length: 4 }, () => [true, 0]),
    );
    expect([errorOf(() => scheduler.run(now("x"))), errorOf(() => child.queue("x"))]).toEqual([
      "scheduler_closed request: scheduler test is closed",
      "scheduler_closed request: scheduler Room is closed",
    ]);
  });

  it("waits for what waits and runs: tasks, timers, queues", async () => {
    const { scheduler, clock, endTurns } = steppedSchedule();
    const { begun, now, later, end } = tasks();
    const queue = scheduler.queue("one");
    queue.run(later("a"));
    queue.run(later("b"));
    scheduler.run(now("main"));
    scheduler.every(10, later("timer"));
    clock.step(10);
    let closed = false;
    const closing = scheduler.close().then(() => {
      closed = true;
    });
    endTurns();
    for (const name of ["timer", "a", "b"]) {
      await turn();
      expect(closed).toBe(false);
      await end(name);
    }
    await closing;
    expect(begun.sort()).toEqual(["a", "b", "main", "timer"]);
  });

  it("does not wait for ever", async () => {
    const { scheduler, clock, endTurns, log } = steppedSchedule({ taskTimeoutMs: 500 });
    const { later } = tasks();
    scheduler.queue("slow", { taskTimeoutMs: 0 }).run(later("hangs"));
    endTurns();
    const closing = scheduler.close();
    clock.step(500);
    await closing;
    expect(log.at("warn")).toEqual([
      { level: "warn", message: "tasks are not waited for any longer", fields: { underWay: 1 } },
    ]);
  });

  it.each(["before", "while"])("waits no longer when it is told so %s it closes", async (when) => {
    const { scheduler, clock, endTurns, log } = steppedSchedule({ taskTimeoutMs: 500 });
    const { later } = tasks();
    scheduler.queue("slow", { taskTimeoutMs: 0 }).run(later("hangs"));
    endTurns();
    const steps = { end: () => scheduler.endWait(), close: () => scheduler.close() };
    const [first, second] = when === "before" ? [steps.end, steps.close] : [steps.close, steps.end];
    await Promise.all([first(), second()]);
    expect([clock.waiting, log.at("warn").map(({ fields }) => fields)]).toEqual([0, [{ underWay: 1 }]]);
  });

  it("forgets a queue that is closed before", async () => {
    const { scheduler } = steppedSchedule();
    for (let index = 0; index < 1_000; index++) {
      scheduler.queue(String(index)).close();
    }
    await scheduler.close();
    expect(scheduler.closed).toBe(true);
  });
});
