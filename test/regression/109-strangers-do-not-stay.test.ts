// nano and pitaya have no time for the handshake: a stranger who says nothing stays for two heartbeats, a minute and more,
// and there may be any number of them.

import { expect, it } from "vitest";
import { startServer, transportNames } from "../support/server.js";
import { until } from "../support/wait.js";

it.each(transportNames)(
  "strangers who say nothing are gone in time, and are not too many, over %s",
  async (transport) => {
    const test = await startServer({ transport, heartbeatIntervalMs: 30_000, maxConnections: 5 });
    const strangers = await Promise.all(Array.from({ length: 5 }, () => test.open()));
    await until(() => test.server.counters.open === 5);
    test.clock.step(12_500);
    await Promise.all(strangers.map(({ ended }) => ended));
    await until(() => test.server.counters.open === 0);
    expect(test.server.counters.closed).toEqual({ handshake_timeout: 5 });
    const client = await test.enter();
    expect((await client.call(1, "Echo.Say", "room again")).text).toBe("room again");
  },
);
