// pitaya: timers are called on whichever of 25 goroutines has the tick, beside the handlers whose state they share; and the messages
// of one session run beside each other too.

import { expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { turn, until } from "../support/wait.js";

it("in a queue neither a timer, a task nor a message begins while another is at work", async () => {
  let atWork = 0;
  let most = 0;
  const order: string[] = [];
  const work = async (name: string): Promise<string> => {
    most = Math.max(most, ++atWork);
    await turn();
    order.push(name);
    atWork--;
    return name;
  };
  const { server, clock, enter } = await startServer({
    services: { A: { Do: (_session, text) => work(text) } },
  });
  const queue = server.scheduler.queue("table 7");
  const clients = [await enter(), await enter()];
  await until(() => server.sessions().length === 2);
  server.sessions().map((session) => session.schedule(queue));
  const timer = queue.every(10, () => work("timer"));
  for (const client of clients) {
    client.send(concat(...[1, 2, 3].map((id) => request(id, "A.Do", String(id)))));
  }
  queue.run(() => work("task"));
  for (let round = 0; round < 40; round++) {
    clock.step(5);
    await turn();
  }
  expect(most).toBe(1);
  expect(timer.calls).toBeGreaterThan(5);
  expect(order.filter((name) => name !== "timer").sort()).toEqual(["1", "1", "2", "2", "3", "3", "task"]);
  const answers = await Promise.all(clients.map(async (client) => (await client.messages(3)).map(({ text }) => text)));
  expect(answers).toEqual([
    ["1", "2", "3"],
    ["1", "2", "3"],
  ]);
});
