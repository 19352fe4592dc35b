// nano: a node listens on TCP or on WebSocket, never on both.

import { expect, it } from "vitest";
import { hybrid } from "../../runtime/transport/hybrid.js";
import { memory } from "../../runtime/transport/memory.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate } from "../support/certificate.js";
import { Client } from "../support/client.js";
import { startServer } from "../support/server.js";

it("one server listens on everything at once, and its sessions are one crowd", async () => {
  const loopback = { host: "127.0.0.1", port: 0 };
  const tls = makeCertificate("localhost");
  const listen = [
    tcp(loopback),
    tcp({ ...loopback, tls }),
    ws(loopback),
    ws({ ...loopback, tls }),
    hybrid(loopback),
    memory(),
  ];
  const { server } = await startServer({ listen });
  const clients: Client[] = [];
  for (const transport of listen) {
    const client = await Client.open(transport);
    await client.enter();
    expect((await client.call(1, "Echo.Say", transport.name)).text).toBe(transport.name);
    clients.push(client);
  }
  expect(server.sessions().map(({ transport }) => transport)).toEqual(["tcp", "tls", "ws", "wss", "ws", "memory"]);
  await server.stop();
  await Promise.all(clients.map(({ ended }) => ended));
});
