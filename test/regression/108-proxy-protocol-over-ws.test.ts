// pitaya: the switch for the PROXY protocol does nothing on a WebSocket acceptor.

import { expect, it } from "vitest";
import { Client } from "../support/client.js";
import { openWebSocket } from "../support/link.js";
import { startServer } from "../support/server.js";

it("a WebSocket listener reads the PROXY header", async () => {
  const { server } = await startServer({
    transport: "ws",
    proxy: { trusted: ["loopback"], ws: "proxy-protocol" },
  });
  const preface = "PROXY TCP4 203.0.113.5 198.51.100.9 4711 3250\r\n";
  const client = new Client(await openWebSocket({ port: server.addresses[0]?.port as number, preface }));
  await client.enter();
  await client.call(1, "Echo.Say");
  expect(server.sessions().map(({ remoteAddress, proxyAddress }) => [remoteAddress, proxyAddress])).toEqual([
    ["203.0.113.5", "127.0.0.1"],
  ]);
  client.link.destroy();
});
