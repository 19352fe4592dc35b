import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateLimiter, RateLimiters } from "../../runtime/dispatch/rate-limiter.js";

describe("RateLimiter", () => {
  it("begins full: as many as the limit at once, and no more", () => {
    const limiter = new RateLimiter({ messages: 3, perMs: 1_000 }, 0);
    expect([0, 0, 0, 0, 0].map((now) => limiter.take(now))).toEqual([true, true, true, false, false]);
  });

  it("fills at its rate, a token as soon as it is whole", () => {
    const limiter = new RateLimiter({ messages: 4, perMs: 1_000 }, 0);
    expect([0, 0, 0, 0].map((now) => limiter.take(now))).toEqual([true, true, true, true]);
    expect([249, 250, 250, 499, 500, 750, 1_000, 1_001].map((now) => limiter.take(now))).toEqual([
      false,
      true,
      false,
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it("holds no more than the limit, however long nobody came", () => {
    const limiter = new RateLimiter({ messages: 2, perMs: 100 }, 0);
    expect([1e9, 1e9, 1e9].map((now) => limiter.take(now))).toEqual([true, true, false]);
  });

  it("takes no harm from a clock that goes back", () => {
    const limiter = new RateLimiter({ messages: 1, perMs: 100 }, 1_000);
    expect([1_000, 500, 599, 600].map((now) => limiter.take(now))).toEqual([true, false, false, true]);
  });

  it("gives no more than burst and rate allow, in any time, and no less", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 }),
        (messages, perMs, gaps) => {
          const limiter = new RateLimiter({ messages, perMs }, 0);
          let now = 0;
          let taken = 0;
          for (const gap of gaps) {
            now += gap;
            taken += limiter.take(now) ? 1 : 0;
          }
          expect(taken).toBeLessThanOrEqual(messages + (now * messages) / perMs + 1e-6);
          expect(taken).toBeGreaterThanOrEqual(Math.min(gaps.length, messages));
        },
      ),
    );
  });
});

describe("RateLimiters", () => {
  it("keep a bucket a limit, by the object and not by its numbers", () => {
    const [one, other] = [
      { messages: 1, perMs: 1_000 },
      { messages: 1, perMs: 1_000 },
    ];
    const limiters = new RateLimiters();
    expect([limiters.take(one, 0), limiters.take(one, 0), limiters.take(other, 0), limiters.take(other, 0)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
