// nano and pitaya: a timer calls once a tick of the scheduler to make up for every tick that was missed: after a stall it bursts.
// With an interval shorter than the precision it never catches up, and is later and later.

import { expect, it } from "vitest";
import { startServer } from "../support/server.js";

it("a stall of a minute is one call, and the next comes when it should", async () => {
  const { server, clock } = await startServer();
  const at: number[] = [];
  const begin = clock.steady();
  server.scheduler.every(1_000, () => at.push(clock.steady() - begin));
  clock.step(2_500);
  clock.stall(60_000);
  clock.step(2_000);
  expect(at).toEqual([1_000, 2_000, 62_500, 63_000, 64_000]);
});

it("an interval shorter than the precision is not late for ever", async () => {
  const { server, clock } = await startServer({ timerPrecisionMs: 100 });
  const begin = clock.steady();
  let latest = 0;
  const timer = server.scheduler.every(
    30,
    () => {
      latest = Math.max(latest, clock.steady() - begin - 30 * (timer.calls + timer.missed));
    },
    { catchUp: "each" },
  );
  clock.step(60_000);
  expect(timer.calls).toBe(2_000);
  expect(latest).toBeLessThanOrEqual(100);
});
