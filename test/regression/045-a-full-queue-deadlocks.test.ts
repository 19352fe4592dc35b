// nano: PushTask waits while the scheduler's queue is full; a handler that pushes a task then waits for itself, and nothing is
// handled ever again.

import { expect, it } from "vitest";
import type { Queue } from "../../runtime/schedule/queue.js";
import { errorIn } from "../support/client.js";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

it("a handler that posts more than its queue takes is told so, its client too, and the queue goes on", async () => {
  let queue: Queue | undefined;
  let done = 0;
  const { server, enter } = await startServer({
    services: {
      A: {
        Flood() {
          for (;;) {
            queue?.run(() => done++);
          }
        },
        Do: (_session, text) => text,
      },
    },
  });
  queue = server.scheduler.queue("table 7", { maxLength: 256 });
  const client = await enter();
  await until(() => server.sessions().length === 1);
  server.sessions()[0]?.schedule(queue);
  const refused = errorIn((await client.call(1, "A.Flood")).payload);
  expect(refused.code).toBe("queue_full");
  expect((await client.call(2, "A.Do", "goes on")).text).toBe("goes on");
  await until(() => queue?.length === 0);
  expect(done).toBe(255);
});
