// nano: a service with a scheduler of its own drops the messages of every session that does not carry that scheduler, or carries
// one that is gone; the client waits for ever.

import { expect, it } from "vitest";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

it("a session without a queue, or with one that was closed, is answered", async () => {
  const { server, enter } = await startServer();
  const client = await enter();
  await until(() => server.sessions().length === 1);
  const [session] = server.sessions();
  expect((await client.call(1, "Echo.Say", "no queue")).text).toBe("no queue");
  const queue = server.scheduler.queue("table 7");
  session?.schedule(queue);
  expect((await client.call(2, "Echo.Say", "a queue")).text).toBe("a queue");
  queue.close();
  expect((await client.call(3, "Echo.Say", "closed")).text).toBe("closed");
});
