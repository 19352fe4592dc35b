// pitaya: 25 goroutines serve everybody: 25 handlers that wait, and nobody else is heard, heartbeats included. The messages of
// one player run beside each other, and out of order. (pkg/service/handler.go; pitaya#179, #261, #283, #312, #321) nano: one
// slow backend holds up all that a client says. (cluster/handler.go)

import { expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { request } from "../support/client.js";
import { startServer } from "../support/server.js";
import { defer, turn, until } from "../support/wait.js";

it("a hundred sessions whose handlers wait hold up no other, and each keeps its order", async () => {
  const slow = defer();
  const handled = new Map<string, string[]>();
  const test = await startServer({
    services: {
      A: {
        async Wait(session, text) {
          await slow.promise;
          handled.set(session.id, [...(handled.get(session.id) ?? []), text]);
          return text;
        },
        async Next(session, text) {
          // Were two messages of a session under way at once, the later would be done first.
          await turn();
          handled.set(session.id, [...(handled.get(session.id) ?? []), text]);
          return text;
        },
      },
    },
  });
  const waiting = await Promise.all(Array.from({ length: 100 }, () => test.enter()));
  for (const client of waiting) {
    client.send(concat(request(1, "A.Wait", "1"), request(2, "A.Next", "2"), request(3, "A.Next", "3")));
  }
  await until(() => test.server.counters.requests === 300);
  const quick = await test.enter();
  expect((await quick.call(1, "A.Next", "quick")).text).toBe("quick");
  expect(handled.size).toBe(1);
  slow.resolve();
  for (const client of waiting) {
    expect((await client.messages(3)).map(({ text }) => text)).toEqual(["1", "2", "3"]);
  }
  const orders = new Set([...handled.values()].map((texts) => texts.join(" ")));
  expect(orders).toEqual(new Set(["quick", "1 2 3"]));
});
