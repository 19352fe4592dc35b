// nano: any number of sessions may be bound to a uid, none is found by it, and none is kicked. (session/session.go) pitaya: the
// older session is kicked, always, and without a reason. (pkg/session/session.go, modules/unique_session.go) pomelo:
// session.uid is null right after bind. (pomelo#721)

import { expect, it } from "vitest";
import { textOf } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";
import { pushOf, type Services } from "../support/service.js";

const services: Services = {
  Gate: {
    async Enter(session, uid) {
      await session.bind(uid);
      return session.uid;
    },
  },
};

it.each(transportNames)(
  "the older one is told why it goes, when that is what is wanted, over %s",
  async (transport) => {
    const test = await startServer({ services, transport, binding: { second: "kick", kickReason: "elsewhere" } });
    const [older, newer] = [await test.enter(), await test.enter()];
    expect((await older.call(1, "Gate.Enter", "ada")).text).toBe("ada");
    expect((await newer.call(1, "Gate.Enter", "ada")).text).toBe("ada");
    const { type, body } = await older.packet();
    expect([type, JSON.parse(textOf(body)) as unknown]).toEqual([5, { reason: "elsewhere" }]);
    await older.ended;
    expect(test.server.sessionsOf("ada")).toHaveLength(1);
    expect(test.server.users(["ada"]).push(pushOf("E.X", 0), "hello")).toBe(1);
    expect((await newer.message()).text).toBe("hello");
  },
);

it("both stay where nothing is said, and both are found, in their order", async () => {
  const test = await startServer({ services });
  const clients = [await test.enter(), await test.enter()];
  for (const client of clients) {
    await client.call(1, "Gate.Enter", "ada");
  }
  expect(test.server.sessionsOf("ada")).toEqual(test.server.sessions());
  expect(test.server.sessionsOf("ada")).toHaveLength(2);
});
