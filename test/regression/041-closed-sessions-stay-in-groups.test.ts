// nano and pitaya: a session that closes stays in its groups until somebody takes it out; every broadcast goes on trying it.

import { expect, it } from "vitest";
import { Group } from "../../runtime/session/group.js";
import { startServer, transportNames } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { until } from "../support/wait.js";

it.each(transportNames)("a session whose client is gone is in no group, over %s", async (transport) => {
  const test = await startServer({ transport });
  const clients = [await test.enter(), await test.enter()];
  await until(() => test.server.sessions().length === 2);
  const groups = [new Group("one"), new Group("two")];
  for (const group of groups) {
    test.server.sessions().map((session) => group.add(session));
  }
  clients[0]?.link.destroy();
  await until(() => test.server.counters.open === 1);
  expect(groups.map(({ count }) => count)).toEqual([1, 1]);
  expect(groups.map((group) => group.push(pushOf("E.X", 0), "x"))).toEqual([1, 1]);
  expect((await clients[1]?.messages(2))?.map(({ text }) => text)).toEqual(["x", "x"]);
});
