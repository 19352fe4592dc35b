// nano: at SIGTERM sessions are not closed and their OnClosed is not called; Shutdown called twice ends the process with a
// panic. (nano: cluster/node.go, session/lifetime.go)

import { expect, it } from "vitest";
import { textOf } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";
import { until } from "../support/wait.js";

it.each(transportNames)(
  "a signal closes every session, tells it and its listeners once, over %s",
  async (transport) => {
    const test = await startServer({ transport });
    const clients = [await test.enter(), await test.enter()];
    await until(() => test.server.sessions().length === 2);
    const told: string[] = [];
    for (const session of test.server.sessions()) {
      session.onClose(({ code }) => told.push(code));
    }
    test.server.onSessionClose(({ reason }) => told.push(`all: ${reason.code}`));
    const stopped: string[] = [];
    // The clients take their time: whoever is left when it is over is kicked.
    test.server.stopOnSignals({
      signals: ["SIGUSR2"],
      graceMs: 1_000,
      reason: "maintenance",
      onStopped: (signal) => stopped.push(signal),
    });
    process.emit("SIGUSR2");
    await until(() => test.server.state === "stopped");
    await Promise.all(clients.map(({ ended }) => ended));
    expect(told.sort()).toEqual(["all: server_stopped", "all: server_stopped", "server_stopped", "server_stopped"]);
    await until(() => stopped.length === 1);
    for (const client of clients) {
      const { type, body } = await client.packet();
      expect([type, JSON.parse(textOf(body)) as unknown]).toEqual([5, { reason: "maintenance" }]);
    }
  },
);

it("a second stop is refused, and does no harm", async () => {
  const { server } = await startServer();
  const first = server.stop();
  await expect(server.stop()).rejects.toMatchObject({ code: "invalid_state" });
  await first;
  await expect(server.stop()).rejects.toMatchObject({ code: "invalid_state" });
  expect(server.state).toBe("stopped");
});
