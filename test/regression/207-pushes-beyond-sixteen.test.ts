// nano: a session takes 16 pushes at once; what is more is lost, with an error that nobody looks at. One goroutine fills and
// drains the queue before the socket: under sustained pushes it waits for itself, and the session stands still for ever.
// (cluster/agent.go:239-320) It makes a system call a message.

import { expect, it } from "vitest";
import { startServer, transportNames } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { turn, until } from "../support/wait.js";

const told = pushOf("E.Told", 0);

it.each(transportNames)("thousands of pushes in one turn arrive, in order and together, over %s", async (transport) => {
  const test = await startServer({ transport });
  const client = await test.enter();
  await until(() => test.server.sessions().length === 1);
  const [session] = test.server.sessions();
  for (let index = 0; index < 5_000; index++) {
    expect(session?.push(told, `${index}`)).toBe(1);
  }
  const texts = (await client.messages(5_000)).map(({ text }) => text);
  expect(texts).toEqual(Array.from({ length: 5_000 }, (_, index) => `${index}`));
  expect(client.deliveries.length).toBeLessThan(50);
});

it.each(transportNames)(
  "pushes that go on and on freeze nothing: requests are answered between, over %s",
  async (transport) => {
    const test = await startServer({ transport });
    const client = await test.enter();
    await until(() => test.server.sessions().length === 1);
    const [session] = test.server.sessions();
    let pushing = true;
    let pushed = 0;
    const flood = (async () => {
      while (pushing) {
        for (let index = 0; index < 100; index++) {
          pushed += session?.push(told, "x".repeat(100)) ?? 0;
        }
        await turn();
      }
    })();
    const answers: string[] = [];
    for (let id = 1; id <= 50; id++) {
      let message = await client.call(id, "Echo.Say", `${id}`);
      while (message.type === "push") {
        message = await client.message();
      }
      answers.push(message.text);
    }
    pushing = false;
    await flood;
    expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => `${index + 1}`));
    expect(pushed).toBeGreaterThan(1_000);
    expect(test.server.counters.closed).toEqual({});
  },
);
