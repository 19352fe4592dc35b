import { describe, expect, it } from "vitest";
import { SessionIds } from "../../runtime/server/session-ids.js";
import { SteppedClock } from "../support/clock.js";
import { startServer } from "../support/server.js";

const epochMs = Date.UTC(2024, 0, 1);

function parts(id: string): { ms: number; node: number; sequence: number } {
  const bits = BigInt(id);
  return { ms: Number(bits >> 22n), node: Number((bits >> 12n) & 0x3ffn), sequence: Number(bits & 0xfffn) };
}

describe("session ids", () => {
  it("hold the time, the node and a sequence", () => {
    const clock = new SteppedClock(epochMs + 1_000);
    const ids = new SessionIds(clock, 5);
    expect([ids.next(), ids.next()].map(parts)).toEqual([
      { ms: 1_000, node: 5, sequence: 0 },
      { ms: 1_000, node: 5, sequence: 1 },
    ]);
    clock.step(1);
    expect(parts(ids.next())).toEqual({ ms: 1_001, node: 5, sequence: 0 });
  });

  it("are 4,096 in a millisecond, and go on into the next by themselves", () => {
    const ids = new SessionIds(new SteppedClock(epochMs + 1_000), 1_023);
    const made = Array.from({ length: 10_000 }, () => ids.next());
    expect(new Set(made).size).toBe(10_000);
    expect(parts(made[4_095] as string)).toEqual({ ms: 1_000, node: 1_023, sequence: 4_095 });
    expect(parts(made[4_096] as string)).toEqual({ ms: 1_001, node: 1_023, sequence: 0 });
    expect(made.map(BigInt)).toEqual(made.map(BigInt).sort((a, b) => (a < b ? -1 : 1)));
  });

  it("never go back, though the clock does", () => {
    let now = epochMs + 10_000;
    const clock = Object.assign(new SteppedClock(), { now: () => now });
    const ids = new SessionIds(clock, 0);
    const made = [10_000, 9_000, 10_000, 5, 10_001].map((ms) => {
      now = epochMs + ms;
      return BigInt(ids.next());
    });
    expect(made).toEqual([...made].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(made).size).toBe(5);
  });

  it("keep their 64 bits, and are never negative", () => {
    const late = new SessionIds(new SteppedClock(epochMs + 2 ** 41 - 1), 1_023);
    expect(BigInt(late.next())).toBeLessThan(2n ** 63n);
    expect(parts(late.next()).ms).toBe(2 ** 41 - 1);
  });

  it("are of different nodes where servers have different numbers", async () => {
    const servers = [await startServer({ nodeId: 1 }), await startServer({ nodeId: 2 })];
    const nodes: number[] = [];
    for (const test of servers) {
      const client = await test.enter();
      await client.call(1, "Echo.Say");
      nodes.push(parts(test.server.sessions()[0]?.id as string).node);
    }
    expect(nodes).toEqual([1, 2]);
  });
});
