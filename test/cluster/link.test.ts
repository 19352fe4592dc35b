import { describe, expect, it } from "vitest";
import { SteppedClock } from "../support/clock.js";
import { LinkEnd } from "./support/link-end.js";

function pair(settings = {}) {
  const clock = new SteppedClock();
  const a = new LinkEnd("a", "b", clock, settings);
  const b = new LinkEnd("b", "a", clock, settings);
  return { a, b, clock };
}

/** Ends turns and carries frames until nothing moves any more; returns how many went each way. */
function settle(a: LinkEnd, b: LinkEnd): { fromA: number; fromB: number } {
  const counts = { fromA: 0, fromB: 0 };
  for (;;) {
    a.endTurn();
    b.endTurn();
    const fromA = a.takeOut();
    const fromB = b.takeOut();
    if (fromA.length + fromB.length === 0) {
      return counts;
    }
    counts.fromA += fromA.length;
    counts.fromB += fromB.length;
    for (const frame of fromA) {
      b.link.received(frame);
    }
    for (const frame of fromB) {
      a.link.received(frame);
    }
  }
}

describe("a link", () => {
  it("takes records to the other end", () => {
    const { a, b } = pair();
    a.write("one", "two");
    expect(settle(a, b)).toEqual({ fromA: 2, fromB: 1 });
    expect(b.told).toEqual(["one", "two"]);
    a.write("three");
    b.write("four");
    expect(settle(a, b)).toEqual({ fromA: 1, fromB: 1 });
    expect(b.told).toEqual(["one", "two", "three"]);
    expect(a.told).toEqual(["four"]);
  });
});
