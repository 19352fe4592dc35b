import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NanowireError } from "../../runtime/base/error.js";
import type { TaskRunner } from "../../runtime/schedule/task-runner.js";
import type { Timer } from "../../runtime/schedule/timer.js";
import { type Deferred, defer, turn } from "../support/wait.js";
import { steppedSchedule, timeline } from "./support/stepped-schedule.js";

function errorOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code, message } = error as NanowireError;
    return `${code}: ${message}`;
  }
  return "nothing";
}

/** A scheduler, and a queue of it: what timers are made by. */
function both() {
  const test = steppedSchedule();
  return { ...test, runners: { scheduler: test.scheduler, queue: test.scheduler.queue("table 7") } };
}

const runnerNames = ["scheduler", "queue"] as const;

describe.each(runnerNames)("timers of a %s", (runnerName) => {
  function made() {
    const test = both();
    return { ...test, runner: test.runners[runnerName] as TaskRunner, ...timeline(test.clock) };
  }

  it("every: again and again, for the first time after its time", () => {
    const { clock, runner, at, note } = made();
    const timer = runner.every(100, note);
    clock.step(99);
    expect([at, timer.calls]).toEqual([[], 0]);
    clock.step(350);
    expect(at).toEqual([100, 200, 300, 400]);
    expect([timer.calls, timer.missed, timer.stopped]).toEqual([4, 0, false]);
  });

  it("after: once", () => {
    const { clock, runner, at, note } = made();
    const timer = runner.after(100, note);
    clock.step(1_000);
    expect([at, timer.calls, timer.stopped, runner.timerCount]).toEqual([[100], 1, true, 0]);
  });

  it("after nothing: soon, and not before the caller goes on", () => {
    const { clock, runner, at, note } = made();
    clock.step(7);
    runner.after(0, note);
    expect(at).toEqual([]);
    clock.step(1);
    expect(at).toHaveLength(1);
  });

  it("times: so often, and then no more", () => {
    const { clock, runner, at, note } = made();
    const timer = runner.times(50, 3, note);
    clock.step(1_000);
    expect([at, timer.calls, timer.stopped, runner.timerCount]).toEqual([[50, 100, 150], 3, true, 0]);
  });

  it("when: each time that the condition has come to hold", () => {
    const { clock, runner, at, note } = made();
    let holds = false;
    const timer = runner.when(() => holds, note);
    clock.step(250);
    holds = true;
    clock.step(500);
    expect(at).toEqual([300]);
    holds = false;
    clock.step(100);
    holds = true;
    clock.step(1_000);
    expect([at, timer.calls]).toEqual([[300, 900], 2]);
    timer.stop();
    expect(runner.timerCount).toBe(0);
  });

  it("when: as often as it is told to look", () => {
    const { clock, runner, at, note } = made();
    let looks = 0;
    runner.when(() => ++looks === 5, note, { checkMs: 3 });
    clock.step(20);
    expect([at, looks]).toEqual([[15], 6]);
  });

  it("when: a condition that throws is logged, and is looked at again", () => {
    const { clock, runner, at, note, log, failed } = made();
    const failure = new Error("not now");
    let looks = 0;
    runner.when(() => {
      if (++looks < 3) {
        throw failure;
      }
      return true;
    }, note);
    clock.step(1_000);
    expect([at, failed.count]).toEqual([[300], 2]);
    expect(log.at("error")[0]?.fields).toMatchObject({ error: failure, timer: 1 });
  });

  it("are stopped: from outside, by themselves, twice, and one by another", () => {
    const { clock, runner, at, note } = made();
    const first = runner.every(100, note);
    clock.step(250);
    first.stop();
    first.stop();
    runner.every(100, (timer) => {
      note();
      timer.stop();
    });
    const last = runner.every(100, note);
    runner.every(50, () => last.stop());
    clock.step(1_000);
    expect(at).toEqual([100, 200, 350]);
    expect([first.stopped, runner.timerCount]).toEqual([true, 1]);
  });

  it("have a number each, no two the same", () => {
    const { runner, scheduler } = made();
    const timers = [runner.every(1, () => {}), runner.after(1, () => {}), scheduler.after(1, () => {})];
    timers.push(
      runner.when(
        () => true,
        () => {},
      ),
      runner.loop(1, () => {}),
      scheduler.queue("other").after(1, () => {}),
    );
    expect(new Set(timers.map(({ id }) => id)).size).toBe(timers.length);
  });

  it("go on when they throw: it is logged and counted", () => {
    const { clock, runner, log, failed } = made();
    const failure = new Error("once more");
    const timer = runner.every(100, () => {
      throw failure;
    });
    clock.step(300);
    expect([timer.calls, failed.count]).toEqual([3, 3]);
    const name = runnerName === "queue" ? "table 7" : "test";
    expect(log.at("error")).toEqual(
      Array.from({ length: 3 }, () => ({
        level: "error",
        message: "a timer failed",
        fields: { scheduler: name, timer: timer.id, error: failure },
      })),
    );
  });

  it("go on when their promise is rejected", async () => {
    const { clock, runner, failed } = made();
    const timer = runner.every(100, () => Promise.reject(new Error("later")));
    for (let round = 0; round < 3; round++) {
      clock.step(100);
      await turn();
    }
    expect([timer.calls, failed.count]).toEqual([3, 3]);
  });

  it.each([["one"], ["each"]] as const)("never overlap themselves; what passed is made up for: %s", async (catchUp) => {
    const { clock, runner, at, note } = made();
    const works: Deferred<void>[] = [];
    const timer = runner.every(
      100,
      () => {
        note();
        const work = defer();
        works.push(work);
        return work.promise;
      },
      { catchUp },
    );
    clock.step(350);
    expect(at).toEqual([100]);
    // Ticks 200 and 300 have passed; from now on each call is done at once.
    for (const round of [0, 1, 2, 3]) {
      works[round]?.resolve();
      await turn();
      clock.step(1);
    }
    const expected = catchUp === "one" ? [100, 350] : [100, 350, 351];
    expect([at, timer.missed]).toEqual([expected, catchUp === "one" ? 1 : 0]);
    clock.step(46);
    expect(at.slice(expected.length)).toEqual([400]);
  });

  it("that are stopped while they run come to their end, and are not called again", async () => {
    const { clock, runner } = made();
    const work = defer();
    const timer = runner.every(100, () => work.promise);
    clock.step(100);
    timer.stop();
    work.resolve();
    await turn();
    clock.step(1_000);
    expect([timer.calls, runner.timerCount]).toEqual([1, 0]);
  });

  it("whose promise is settled late are logged when their time is over, and called again when it is settled", async () => {
    const { clock, runner, log, failed } = made();
    const work = defer();
    const timer = runner.every(10_000, () => (timer.calls === 1 ? work.promise : undefined));
    clock.step(10_000 + 29_999);
    expect(failed.count).toBe(0);
    clock.step(1);
    expect(log.at("error").map(({ fields }) => String(fields["error"]))).toEqual([
      "NanowireError: it took longer than 30000 ms",
    ]);
    clock.step(20_000);
    expect(timer.calls).toBe(1);
    work.resolve();
    await turn();
    clock.step(0);
    expect([timer.calls, timer.missed, failed.count]).toEqual([2, 4, 1]);
  });

  it.each([
    ["every", (runner: TaskRunner, ms: number) => runner.every(ms, () => {}), "ms", 1],
    ["after", (runner: TaskRunner, ms: number) => runner.after(ms, () => {}), "ms", 0],
    ["times", (runner: TaskRunner, ms: number) => runner.times(ms, 2, () => {}), "ms", 1],
    [
      "when",
      (runner: TaskRunner, ms: number) =>
        runner.when(
          () => true,
          () => {},
          { checkMs: ms },
        ),
      "checkMs",
      1,
    ],
    ["loop", (runner: TaskRunner, ms: number) => runner.loop(ms, () => {}), "stepMs", 1],
  ] as const)("%s take milliseconds within their limits", (_name, make, what, least) => {
    const { runner } = made();
    const most = 315_360_000_000;
    make(runner, least);
    make(runner, most);
    make(runner, 16.7);
    const outside = [least - 0.001, -1, most + 1, Number.NaN, Number.POSITIVE_INFINITY, "7" as unknown as number];
    expect(outside.map((ms) => errorOf(() => make(runner, ms)))).toEqual(
      outside.map((ms) => `invalid_option: ${what} ${ms} is not a number from ${least} to ${most}`),
    );
    expect(runner.timerCount).toBe(3);
  });

  it("take a count, a policy and a bound within their limits", () => {
    const { runner } = made();
    expect([0, 1.5, -1, Number.NaN].map((count) => errorOf(() => runner.times(1, count, () => {})))).toEqual(
      [0, 1.5, -1, Number.NaN].map(
        (count) => `invalid_option: count ${count} is not an integer from 1 to ${Number.MAX_SAFE_INTEGER}`,
      ),
    );
    expect(errorOf(() => runner.every(1, () => {}, { catchUp: "toString" as "one" }))).toBe(
      "invalid_option: catchUp toString is not one or each",
    );
    expect(errorOf(() => runner.loop(1, () => {}, { maxCatchUpSteps: 0 }))).toBe(
      "invalid_option: maxCatchUpSteps 0 is not an integer from 1 to 1000",
    );
    expect(runner.timerCount).toBe(0);
  });
});

describe("a stall", () => {
  it("is made up for with one call, and the ticks after it come at their own times", () => {
    const { clock, scheduler } = steppedSchedule();
    const { at, note } = timeline(clock);
    const timer = scheduler.every(100, note);
    clock.step(150);
    clock.stall(1_000);
    clock.step(200);
    expect(at).toEqual([100, 1_150, 1_200, 1_300]);
    // 200 to 1,100 are ten ticks: one call stands for them.
    expect(timer.missed).toBe(9);
  });

  it("is made up for with a call for each tick, in the order in which they would have come, where that is wanted", () => {
    const { clock, scheduler } = steppedSchedule();
    const called: string[] = [];
    scheduler.every(100, () => called.push("a"), { catchUp: "each" });
    scheduler.every(150, () => called.push("b"), { catchUp: "each" });
    const last = scheduler.times(40, 3, () => called.push("c"), { catchUp: "each" });
    clock.stall(460);
    clock.step(0);
    // c 40, 80; a 100; c 120; b 150; a 200; b and a 300, b set first; a 400; b 450
    expect(called.join("")).toBe("ccacbabaab");
    expect([last.calls, last.missed]).toEqual([3, 0]);
    clock.step(50);
    expect(called.slice(10)).toEqual(["a"]);
  });

  it("takes nothing from the calls of a timer that is called so many times", () => {
    const { clock, scheduler } = steppedSchedule();
    const { at, note } = timeline(clock);
    const timer = scheduler.times(100, 3, note);
    clock.stall(950);
    clock.step(1_000);
    expect([at, timer.missed]).toEqual([[950, 1_000, 1_100], 8]);
  });

  it("of the wall clock alone, or its being set, moves nothing", () => {
    const { clock, scheduler } = steppedSchedule();
    const { at, note } = timeline(clock);
    scheduler.every(100, note, { catchUp: "each" });
    clock.set(3_600_000);
    clock.step(250);
    clock.set(-7_200_000);
    clock.step(200);
    expect(at).toEqual([100, 200, 300, 400]);
  });
});

describe("time", () => {
  it.each([
    ["100 ms", 100, 1],
    ["16 2/3 ms", 1_000 / 60, 1],
    ["33 1/3 ms, with a precision of 10 ms", 100 / 3, 10],
    ["7 ms, with a precision of 10 ms", 7, 10],
    ["1 ms", 1, 1],
  ])("does not drift over an hour: every %s", (_name, ms, precisionMs) => {
    const { clock, scheduler } = steppedSchedule({ precisionMs });
    let calls = 0;
    let latest = 0;
    scheduler.every(
      ms,
      () => {
        calls++;
        latest = Math.max(latest, clock.steady() - calls * ms);
      },
      { catchUp: "each" },
    );
    const hour = 3_600_000;
    clock.step(hour + precisionMs);
    expect(Math.abs(calls - hour / ms)).toBeLessThanOrEqual(Math.ceil(precisionMs / ms));
    expect(latest).toBeLessThanOrEqual(precisionMs);
    expect(latest).toBeGreaterThanOrEqual(0);
  });

  it("is not asked for while nothing waits", () => {
    const { clock, scheduler } = steppedSchedule();
    expect(clock.waiting).toBe(0);
    const timers = [50, 20, 70].map((ms) => scheduler.every(ms, () => {}));
    expect(clock.waiting).toBe(1);
    clock.step(500);
    expect(clock.waiting).toBe(1);
    for (const timer of timers) {
      timer.stop();
    }
    expect(clock.waiting).toBe(0);
  });

  it("is divided as finely as was said: one is never early, and late by a piece at the most", () => {
    const { clock, scheduler } = steppedSchedule({ precisionMs: 50 });
    const { at, note } = timeline(clock);
    for (const ms of [1, 49, 50, 51, 99, 101]) {
      scheduler.after(ms, note);
    }
    clock.step(1_000);
    expect(at).toEqual([50, 50, 50, 100, 100, 150]);
  });

  it("is left to others after ten milliseconds of timers, and these go on where they were", () => {
    const { clock, scheduler } = steppedSchedule();
    const called: string[] = [];
    for (let index = 0; index < 1_000; index++) {
      scheduler.after(100, () => {
        clock.stall(0.1);
        called.push(String(index));
      });
    }
    let before = -1;
    clock.after(101, () => {
      before = called.length;
    });
    clock.step(100);
    expect(called.length).toBe(128);
    // Others, which were due in the meantime, come first.
    clock.step(2);
    expect(before).toBe(128);
    clock.step(200);
    expect(called).toEqual(Array.from({ length: 1_000 }, (_, index) => String(index)));
  });
});

describe("timers of every kind", () => {
  it("are called as the plainest reckoning says, whatever is made, stopped and stalled when", () => {
    const ms = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 500 }));
    const catchUp = fc.constantFrom("one" as const, "each" as const);
    const action = fc.oneof(
      fc.record({ what: fc.constant("every" as const), ms, catchUp }),
      fc.record({ what: fc.constant("times" as const), ms, catchUp, count: fc.integer({ min: 2, max: 5 }) }),
      fc.record({ what: fc.constant("after" as const), ms }),
      fc.record({ what: fc.constant("stop" as const), which: fc.nat(10) }),
      fc.record({ what: fc.constant("step" as const), ms }),
      fc.record({ what: fc.constant("stall" as const), ms }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const { clock, scheduler } = steppedSchedule();
        const called: string[] = [];
        const timers: Timer[] = [];
        const models: ModelTimer[] = [];
        const expected: string[] = [];
        const add = (periodMs: number, left: number, each: boolean, make: (note: () => void) => Timer): void => {
          const index = timers.length;
          timers.push(make(() => called.push(`${index}@${clock.steady()}`)));
          models.push({ madeAt: clock.steady(), periodMs, ticks: 0, left, each, missed: 0 });
        };
        for (const each of actions) {
          if (each.what === "every") {
            add(each.ms, Number.POSITIVE_INFINITY, each.catchUp === "each", (note) =>
              scheduler.every(each.ms, note, { catchUp: each.catchUp }),
            );
          } else if (each.what === "times") {
            add(each.ms, each.count, each.catchUp === "each", (note) =>
              scheduler.times(each.ms, each.count, note, { catchUp: each.catchUp }),
            );
          } else if (each.what === "after") {
            add(each.ms, 1, true, (note) => scheduler.after(each.ms, note));
          } else if (each.what === "stop") {
            timers[each.which]?.stop();
            const model = models[each.which];
            if (model !== undefined) {
              model.left = 0;
            }
          } else {
            const stalledAt = clock.steady() + (each.what === "stall" ? each.ms : 0);
            if (each.what === "stall") {
              clock.stall(each.ms);
              clock.step(0);
            } else {
              clock.step(each.ms);
            }
            expected.push(...runModels(models, stalledAt, clock.steady()));
          }
        }
        // Those of one moment may come in any order here; timing-wheel.test.ts holds it.
        expect(called.sort()).toEqual(expected.sort());
        expect(timers.map(({ missed }) => missed)).toEqual(models.map(({ missed }) => missed));
        expect(scheduler.timerCount).toBe(models.filter(({ left }) => left > 0).length);
      }),
      { numRuns: 500 },
    );
  });
});

interface ModelTimer {
  readonly madeAt: number;
  readonly periodMs: number;
  readonly each: boolean;
  ticks: number;
  left: number;
  missed: number;
}

/** What is called up to a time, when nothing could be called before `from`. */
function runModels(models: readonly ModelTimer[], from: number, to: number): string[] {
  const calls: string[] = [];
  for (const [index, model] of models.entries()) {
    const dueAt = (): number => model.madeAt + model.periodMs * (model.ticks + 1);
    while (model.left > 0 && dueAt() <= to) {
      const at = Math.max(from, dueAt());
      while (!model.each && dueAt() + model.periodMs <= at) {
        model.ticks++;
        model.missed++;
      }
      model.ticks++;
      model.left--;
      calls.push(`${index}@${at}`);
    }
  }
  return calls;
}
