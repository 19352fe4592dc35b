import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageRate } from "../../runtime/server/message-rate.js";
import { SteppedClock } from "../support/clock.js";

function take(rate: MessageRate, count: number): Record<string, number> {
  const outcomes = { within: 0, beyond: 0, flood: 0 };
  for (let index = 0; index < count; index++) {
    outcomes[rate.take()]++;
  }
  return outcomes;
}

describe("a message rate", () => {
  it("grants a second's messages at once, and tells of as many more before it calls them a flood", () => {
    const rate = new MessageRate(10, new SteppedClock());
    expect(take(rate, 25)).toEqual({ within: 10, beyond: 10, flood: 5 });
  });

  it("grants more as time passes, up to a second's", () => {
    const clock = new SteppedClock();
    const rate = new MessageRate(10, clock);
    take(rate, 10);
    clock.step(99);
    expect(take(rate, 1)).toEqual({ within: 0, beyond: 1, flood: 0 });
    clock.step(1);
    expect(take(rate, 2)).toEqual({ within: 1, beyond: 1, flood: 0 });
    clock.step(100_000);
    expect(take(rate, 11)).toEqual({ within: 10, beyond: 1, flood: 0 });
  });

  it("is full as it began, and again when what was sent, also beyond it, is made up for", () => {
    const clock = new SteppedClock();
    const rate = new MessageRate(10, clock);
    const full = [rate.isFull()];
    take(rate, 14);
    for (let step = 0; step < 4; step++) {
      full.push(rate.isFull());
      clock.step(300);
    }
    full.push(rate.isFull());
    expect(full).toEqual([true, false, false, false, false, true]);
  });

  it("does not mind that somebody sets the clock", () => {
    const clock = new SteppedClock(1_000_000);
    const rate = new MessageRate(10, clock);
    take(rate, 10);
    clock.set(-500_000);
    expect(take(rate, 1)).toEqual({ within: 0, beyond: 1, flood: 0 });
    clock.step(100);
    expect(take(rate, 2)).toEqual({ within: 1, beyond: 1, flood: 0 });
  });

  it("looks at the clock only when what was granted is used up", () => {
    let looks = 0;
    const rate = new MessageRate(1_000, {
      now: () => 0,
      steady: () => looks++,
      after: () => () => {},
      every: () => () => {},
    });
    take(rate, 1_000);
    expect(looks).toBe(1);
  });

  it("forgives a client that goes on at twice the rate or less, and no other", () => {
    for (const [factor, flooded] of [
      [1, false],
      [2, false],
      [2.5, true],
      [10, true],
    ] as const) {
      const clock = new SteppedClock();
      const rate = new MessageRate(100, clock);
      let floods = 0;
      for (let step = 0; step < 2_000; step++) {
        clock.step(10);
        floods += take(rate, step % 2 === 0 ? Math.floor(factor) : Math.ceil(factor))["flood"] as number;
      }
      expect([factor, floods > 0]).toEqual([factor, flooded]);
    }
  });

  it("never grants more than a second's and what has come since, whenever it is asked", () => {
    const steps = fc.array(fc.tuple(fc.nat(3_000), fc.nat(60)), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), steps, (perSecond, sequence) => {
        const clock = new SteppedClock(0);
        const rate = new MessageRate(perSecond, clock);
        let granted = 0;
        for (const [ms, count] of sequence) {
          clock.step(ms);
          granted += take(rate, count)["within"] as number;
          expect(granted).toBeLessThanOrEqual(perSecond + (clock.now() * perSecond) / 1_000 + 1e-6);
        }
      }),
    );
  });

  it("never refuses who keeps to it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.array(fc.nat(100), { maxLength: 100 }), (perSecond, waits) => {
        const clock = new SteppedClock(0);
        const rate = new MessageRate(perSecond, clock);
        for (const wait of waits) {
          clock.step(Math.ceil(1_000 / perSecond) + wait);
          expect(rate.take()).toBe("within");
        }
      }),
    );
  });
});
