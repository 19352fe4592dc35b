import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../runtime/base/clock.js";

const days = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("systemClock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });

  /** What is called, at which milliseconds from the beginning. */
  function times(): { at: number[]; task: () => void } {
    const at: number[] = [];
    const begin = Date.now();
    return { at, task: () => void at.push(Date.now() - begin) };
  }

  it("tells the time", () => {
    expect(systemClock.now()).toBe(1_700_000_000_000);
    vi.advanceTimersByTime(5);
    expect(systemClock.now()).toBe(1_700_000_000_005);
  });

  it("after calls once", () => {
    const { at, task } = times();
    systemClock.after(100, task);
    vi.advanceTimersByTime(1_000);
    expect(at).toEqual([100]);
  });

  it("every calls again and again", () => {
    const { at, task } = times();
    systemClock.every(100, task);
    vi.advanceTimersByTime(350);
    expect(at).toEqual([100, 200, 300]);
  });

  it.each(["after", "every"] as const)("%s is cancelled, twice and too late as well", (name) => {
    const { at, task } = times();
    const cancel = systemClock[name](100, task);
    vi.advanceTimersByTime(150);
    cancel();
    cancel();
    vi.advanceTimersByTime(1_000);
    expect(at).toEqual([100]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(["after", "every"] as const)("%s is cancelled before its time", (name) => {
    const { at, task } = times();
    systemClock[name](100, task)();
    vi.advanceTimersByTime(1_000);
    expect(at).toEqual([]);
  });

  it("every may be cancelled by its own task", () => {
    const { at, task } = times();
    const cancel = systemClock.every(100, () => {
      task();
      cancel();
    });
    vi.advanceTimersByTime(1_000);
    expect(at).toEqual([100]);
  });

  describe("more milliseconds than a timer takes, 2^31-1, are waited for all the same", () => {
    it("after", () => {
      const { at, task } = times();
      systemClock.after(60 * days, task);
      vi.advanceTimersByTime(200 * days);
      expect(at).toEqual([60 * days]);
    });

    it("every", () => {
      const { at, task } = times();
      systemClock.every(60 * days, task);
      vi.advanceTimersByTime(200 * days);
      expect(at).toEqual([60 * days, 120 * days, 180 * days]);
    });

    it.each(["after", "every"] as const)("%s, for ever", (name) => {
      const { at, task } = times();
      systemClock[name](Number.POSITIVE_INFINITY, task);
      vi.advanceTimersByTime(200 * days);
      expect(at).toEqual([]);
    });

    it.each(["after", "every"] as const)("%s, and cancelled on the way", (name) => {
      const { at, task } = times();
      const cancel = systemClock[name](60 * days, task);
      vi.advanceTimersByTime(30 * days);
      cancel();
      expect(vi.getTimerCount()).toBe(0);
      vi.advanceTimersByTime(200 * days);
      expect(at).toEqual([]);
    });

    it("every, cancelled by its own task", () => {
      const { at, task } = times();
      const cancel = systemClock.every(60 * days, () => {
        task();
        cancel();
      });
      vi.advanceTimersByTime(200 * days);
      expect(at).toEqual([60 * days]);
    });
  });
});

describe("the machine's timers", () => {
  it.each([
    ["after", "setTimeout", 1_000],
    ["after", "setTimeout", 60 * days],
    ["every", "setInterval", 1_000],
    ["every", "setTimeout", 60 * days],
  ] as const)("%s does not keep the process alive (%s, %i ms)", (name, global, ms) => {
    const made = vi.spyOn(globalThis, global);
    const cancel = systemClock[name](ms, () => {});
    const timers = made.mock.results.map(({ value }) => value as NodeJS.Timeout);
    cancel();
    expect(timers).toHaveLength(1);
    expect(timers[0]?.hasRef()).toBe(false);
  });

  it.each(["setTimeout", "setInterval"] as const)("in a browser %s gives a number, which is left alone", (global) => {
    const made = vi.spyOn(globalThis, global).mockReturnValue(7 as unknown as NodeJS.Timeout);
    const cancel = systemClock[global === "setTimeout" ? "after" : "every"](1_000, () => {});
    cancel();
    expect(made).toHaveBeenCalledTimes(1);
  });
});
