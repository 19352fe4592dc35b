// nano: the members of a group are uids, 0 for everybody who is not bound, in the order of a map; who leaves without being in
// it is not told; a group closed twice is an error.

import { expect, it } from "vitest";
import { Group } from "../../runtime/session/group.js";
import type { Session } from "../../runtime/session/session.js";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

it("members are sessions in the order in which they came, and each is told apart", async () => {
  const test = await startServer();
  for (let index = 0; index < 4; index++) {
    await test.enter();
  }
  await until(() => test.server.sessions().length === 4);
  const [a, b, c, d] = test.server.sessions() as [Session, Session, Session, Session];
  const group = new Group("room");
  [c, a, b].map((session) => group.add(session));
  await a.bind("ada");
  expect([group.members(), group.uids()]).toEqual([[c, a, b], ["ada"]]);
  expect([group.member(""), group.memberById(b.id)]).toEqual([undefined, b]);
  expect(() => group.leave(d)).toThrow(expect.objectContaining({ code: "not_a_member" }));
  group.close();
  group.close();
  expect(() => group.add(d)).toThrow(expect.objectContaining({ code: "group_closed" }));
});
