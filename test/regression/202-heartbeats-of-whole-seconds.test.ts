// nano: the deadline of a heartbeat is reckoned in whole seconds: with an interval of less than a second, clients that are alive are
// closed, or dead ones stay. pitaya: SetHeartbeatTime is not read by whoever sends heartbeats. colyseus: patchRate 0 stops the
// clock. (nano: cluster/agent.go; pitaya: pkg/app.go; colyseus#869)

import { expect, it } from "vitest";
import { packet } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";
import { until } from "../support/wait.js";

it.each(transportNames)("an interval of 200 ms is 200 ms, over %s", async (transport) => {
  const test = await startServer({ transport, heartbeatIntervalMs: 200 });
  // One that can read a fraction of a second; others are told a whole one.
  const ours = { sys: { type: "nanowire" } };
  const [alive, silent] = [await test.enter(ours), await test.enter(ours)];
  expect(alive.answered.sys.heartbeat).toBe(0.2);
  await until(() => test.server.sessions().length === 2);
  for (let beat = 1; beat <= 4; beat++) {
    alive.send(packet(3));
    await alive.call(beat, "Echo.Say", "x");
    test.clock.step(200);
  }
  await silent.ended;
  expect(test.server.counters.closed).toEqual({ heartbeat_timeout: 1 });
  expect((await alive.call(9, "Echo.Say", "still here")).text).toBe("still here");
  await until(() => alive.heartbeats >= 4);
});

it("no heartbeats are no end of time: timers go on", async () => {
  const { server, clock } = await startServer({ heartbeatIntervalMs: 0 });
  const timer = server.scheduler.every(50, () => {});
  clock.step(1_000);
  expect(timer.calls).toBe(20);
});
