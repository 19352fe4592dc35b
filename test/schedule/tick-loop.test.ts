import { describe, expect, it } from "vitest";
import type { TickLoop } from "../../runtime/schedule/tick-loop.js";
import { defer, turn } from "../support/wait.js";
import { steppedSchedule } from "./support/stepped-schedule.js";

describe("a loop", () => {
  it("steps at its times, each step told how long it is and which", () => {
    const { clock, scheduler } = steppedSchedule();
    const steps: [at: number, deltaMs: number, step: number][] = [];
    const loop = scheduler.loop(50, (deltaMs, step) => steps.push([clock.steady(), deltaMs, step]));
    clock.step(160);
    expect(steps).toEqual([
      [50, 50, 1],
      [100, 50, 2],
      [150, 50, 3],
    ]);
    expect([loop.stepMs, loop.calls, loop.overruns, loop.missed, loop.stopped]).toEqual([50, 3, 0, 0, false]);
  });

  it("steps sixty times a second for an hour, and is then where it should be", () => {
    const { clock, scheduler } = steppedSchedule();
    let worldMs = 0;
    let furthest = 0;
    const loop = scheduler.loop(1_000 / 60, (deltaMs) => {
      worldMs += deltaMs;
      furthest = Math.max(furthest, clock.steady() - worldMs);
    });
    clock.step(3_600_000);
    expect([loop.calls, loop.missed]).toEqual([216_000, 0]);
    expect(furthest).toBeLessThan(1.1);
  });

  it("makes up for a short stall with steps at once", () => {
    const { clock, scheduler } = steppedSchedule();
    const steps: number[] = [];
    const loop = scheduler.loop(50, () => steps.push(clock.steady()));
    clock.step(60);
    clock.stall(190);
    clock.step(60);
    expect(steps).toEqual([50, 250, 250, 250, 250, 300]);
    expect(loop.missed).toBe(0);
  });

  it("gives up what is lost beyond the bound, and counts it", () => {
    const { clock, scheduler } = steppedSchedule();
    const steps: number[] = [];
    const loop = scheduler.loop(50, (_, step) => steps.push(step), { maxCatchUpSteps: 3 });
    clock.stall(10_000);
    clock.step(0);
    expect(steps).toEqual([1, 2, 3]);
    expect([loop.calls, loop.missed]).toEqual([3, 197]);
    clock.step(50);
    expect(steps).toEqual([1, 2, 3, 4]);
  });

  it("whose steps take too long counts them, lets others in between, and never falls behind by more than the bound", () => {
    const { clock, scheduler } = steppedSchedule();
    let others = 0;
    clock.every(10, () => others++);
    const behind: number[] = [];
    const loop: TickLoop = scheduler.loop(
      50,
      () => {
        behind.push(clock.steady() - 50 * (loop.calls + loop.missed));
        clock.stall(80);
      },
      { maxCatchUpSteps: 4 },
    );
    clock.step(8_000);
    expect(loop.calls).toBeGreaterThan(90);
    expect(loop.overruns).toBe(loop.calls);
    expect(loop.missed).toBeGreaterThan(40);
    expect(Math.max(...behind)).toBeLessThanOrEqual(5 * 80 + 50);
    // After four steps at the most it is somebody else's turn.
    expect(others).toBeGreaterThanOrEqual(Math.floor(loop.calls / 4));
  });

  it("never overlaps itself, and its promise is what a step takes", async () => {
    const { clock, scheduler } = steppedSchedule();
    const work = defer();
    const steps: number[] = [];
    const loop = scheduler.loop(50, (_, step) => {
      steps.push(step);
      return step === 1 ? work.promise : undefined;
    });
    clock.step(180);
    expect(steps).toEqual([1]);
    work.resolve();
    await turn();
    expect(loop.overruns).toBe(1);
    clock.step(0);
    expect(steps).toEqual([1, 2, 3]);
  });

  it("goes on when a step throws", () => {
    const { clock, scheduler, failed } = steppedSchedule();
    const loop = scheduler.loop(50, () => {
      throw new Error("one bad step");
    });
    clock.step(200);
    expect([loop.calls, failed.count]).toEqual([4, 4]);
  });

  it("is stopped from outside, by itself, and with its queue", () => {
    const { clock, scheduler } = steppedSchedule();
    const queue = scheduler.queue("table 7");
    const loops = [
      scheduler.loop(50, () => {}),
      scheduler.loop(50, (_delta, step, loop) => step === 2 && loop.stop()),
      queue.loop(50, () => {}),
    ];
    clock.step(100);
    loops[0]?.stop();
    queue.close();
    clock.step(1_000);
    expect(loops.map(({ calls, stopped }) => [calls, stopped])).toEqual([
      [2, true],
      [2, true],
      [2, true],
    ]);
  });
});
