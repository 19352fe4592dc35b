// nano: the scheduler is the process's: after a Shutdown it never starts again, and every task is lost. pitaya: two apps in a process
// share their timers and their groups.

import { expect, it } from "vitest";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

it("each server has its own scheduler, and a new one for each start", async () => {
  const [one, other] = [await startServer({ keepRunning: true }), await startServer({ keepRunning: true })];
  const calls = { one: 0, other: 0 };
  for (let round = 1; round <= 3; round++) {
    one.server.scheduler.every(10, () => calls.one++);
    other.server.scheduler.run(() => calls.other++);
    one.clock.step(10);
    await until(() => calls.other === round);
    expect(calls).toEqual({ one: round, other: round });
    await one.server.stop();
    one.clock.step(1_000);
    expect(other.server.state).toBe("running");
    await one.server.start();
  }
  await one.server.stop();
  await other.server.stop();
});
