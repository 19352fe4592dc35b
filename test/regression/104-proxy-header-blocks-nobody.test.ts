// pitaya reads the PROXY header inside Accept: one peer that is slow with its header keeps everybody else out.

import { expect, it } from "vitest";
import { Client } from "../support/client.js";
import { openSocket, openTcp } from "../support/link.js";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

it("peers that do not finish their PROXY header keep nobody else waiting", async () => {
  const { server } = await startServer({ transport: "tcp", proxy: { trusted: ["loopback"] } });
  const port = server.addresses[0]?.port as number;
  const slow = await Promise.all(Array.from({ length: 30 }, () => openSocket({ port, preface: "PROXY TCP4 203." })));
  await until(() => server.counters.arriving === 30);

  const client = new Client(await openTcp({ port, preface: "PROXY TCP4 203.0.113.5 198.51.100.9 4711 3250\r\n" }));
  await client.enter();
  expect((await client.call(1, "Echo.Say", "served")).text).toBe("served");
  expect(server.sessions().map(({ remoteAddress }) => remoteAddress)).toEqual(["203.0.113.5"]);
  expect(server.counters.arriving).toBe(30);
  slow.map((socket) => socket.destroy());
  client.link.destroy();
});
