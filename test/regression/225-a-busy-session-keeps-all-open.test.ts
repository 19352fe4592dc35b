// pitaya: CloseAll waits for sessions with requests under way, for ever, and at the first such one it stops closing the others.
// (pkg/session/session.go) While it drains it takes new clients, and tells nobody where to go. (pkg/app.go)

import { expect, it } from "vitest";
import { packet, request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

const never = () => new Promise<string>(() => {});

it("busy sessions have their time, and then all are closed; who comes meanwhile is refused", async () => {
  const test = await startServer({ transport: "tcp", services: { A: { Never: { handle: never, timeoutMs: 0 } } } });
  const busy = [await test.enter(), await test.enter()];
  const idle = [await test.enter(), await test.enter()];
  const late = await test.open();
  for (const client of busy) {
    client.send(request(1, "A.Never"));
  }
  await until(() => test.server.counters.requests === 2);
  const stopped = test.server.stop({ graceMs: 5_000, afterMs: 100, url: "tcp://127.0.0.1:9" });
  late.send(packet(1, "{}"));
  expect(await late.answer()).toMatchObject({
    error: "server_draining",
    retry: { afterMs: 100, url: "tcp://127.0.0.1:9" },
  });
  await until(() => test.server.addresses.length === 0);
  test.clock.step(4_900);
  expect(test.server.counters.closed).not.toHaveProperty("server_stopped");
  test.clock.step(200);
  await stopped;
  await Promise.all([...busy, ...idle].map(({ ended }) => ended));
  expect(test.server.counters).toMatchObject({ open: 0, sessions: 0 });
});
