// pitaya: a kick is written straight to the socket, past the queue: it overtakes what was pushed before, and over WebSocket two
// writers at once end the process (pitaya#258). It has no reason. (pkg/agent/agent.go) nano never sends one.
// (session/session.go)

import { expect, it } from "vitest";
import { textOf } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { until } from "../support/wait.js";

it.each(transportNames)(
  "a kick comes after all that was pushed before it, and nothing after it, over %s",
  async (transport) => {
    const test = await startServer({ transport });
    const client = await test.enter();
    await until(() => test.server.sessions().length === 1);
    const [session] = test.server.sessions();
    for (let index = 0; index < 200; index++) {
      session?.push(pushOf("E.X", 0), `${index}`);
    }
    session?.kick("enough");
    expect(session?.push(pushOf("E.X", 0), "too late")).toBe(0);
    const texts = (await client.messages(200)).map(({ text }) => text);
    expect(texts).toEqual(Array.from({ length: 200 }, (_, index) => `${index}`));
    const { type, body } = await client.packet();
    expect([type, JSON.parse(textOf(body)) as unknown]).toEqual([5, { reason: "enough" }]);
    await client.ended;
    expect(client.packets.length).toBe(0);
  },
);
