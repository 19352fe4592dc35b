// nano and pitaya: timers are looked at once a second unless somebody knows of an option; one of 100 ms runs once a second.

import { expect, it } from "vitest";
import { startServer } from "../support/server.js";

it("a timer of 100 ms is called ten times a second, and one of 1 ms a thousand times", async () => {
  const { server, clock } = await startServer();
  const timers = [100, 1].map((ms) => server.scheduler.every(ms, () => {}));
  clock.step(1_000);
  expect(timers.map(({ calls, missed }) => [calls, missed])).toEqual([
    [10, 0],
    [1_000, 0],
  ]);
});
