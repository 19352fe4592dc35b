// nano: a gate never takes closed sessions out of its map, and so never gives up their memory. (cluster/handler.go,
// node.sessions) pomelo and colyseus: memory that grows with each client that came by. (pomelo#754, #599, colyseus#842)

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Group } from "../../runtime/session/group.js";
import { startServer, transportNames } from "../support/server.js";
import { turn, until } from "../support/wait.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

it.each(transportNames)("a session whose client has gone is held by nothing, over %s", async (transport) => {
  const test = await startServer({ transport });
  const group = new Group("room");
  const queue = test.server.scheduler.queue("room");
  const gone: WeakRef<object>[] = [];
  test.server.onSessionOpen((session) => {
    gone.push(new WeakRef(session));
    group.add(session);
    session.schedule(queue);
    session.onClose(() => {});
  });
  for (let index = 0; index < 20; index++) {
    const client = await test.enter();
    await client.call(1, "Echo.Say", "x");
    client.link.destroy();
  }
  await until(() => test.server.counters.open === 0);
  expect([test.server.sessions(), group.count, test.server.counters.sessions]).toEqual([[], 0, 0]);
  for (let round = 0; round < 5; round++) {
    await turn();
    collectGarbage();
  }
  // The last one may still be named by a frame of the machine's.
  expect(gone).toHaveLength(20);
  expect(gone.filter((session) => session.deref() !== undefined).length).toBeLessThanOrEqual(1);
});
