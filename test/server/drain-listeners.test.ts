import { createServer as createHttpServer } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Server } from "../../runtime/server/server.js";
import { hybrid } from "../../runtime/transport/hybrid.js";
import { memory } from "../../runtime/transport/memory.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { ListenAddress, Transport } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate, temporaryFolder } from "../support/certificate.js";
import { Client, packet, textOf } from "../support/client.js";
import { openSocket } from "../support/link.js";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

const loopback = { host: "127.0.0.1", port: 0 };
const tls = makeCertificate("localhost");

/** One of each kind. */
function everyListener(): Transport[] {
  const folder = temporaryFolder();
  return [
    memory(),
    tcp(loopback),
    tcp({ ...loopback, tls }),
    tcp({ socketPath: join(folder, "tcp") }),
    ws(loopback),
    ws({ ...loopback, tls }),
    ws({ socketPath: join(folder, "ws") }),
    ws({ ...loopback, server: createHttpServer() }),
    hybrid(loopback),
    hybrid({ ...loopback, tls }),
  ];
}

/** A server with every listener, and a client at each that the server may tell to go. */
async function everywhere() {
  const listen = everyListener();
  const test = await startServer({ listen });
  const clients: Client[] = [];
  for (const transport of listen) {
    const client = await Client.open(transport);
    await client.enter({ sys: { type: "test", version: "1", capabilities: ["drain"] } });
    clients.push(client);
  }
  await until(() => test.server.counters.sessions === listen.length);
  return { ...test, listen, clients };
}

/** A client that has a socket and says nothing yet. */
async function arriveAtTls(server: Server): Promise<Socket> {
  const { port } = server.addresses.find(({ transport }) => transport === "tls") as ListenAddress;
  const socket = await openSocket({ port });
  await until(() => server.counters.arriving === 1);
  return socket;
}

describe("a server with a listener of every kind", () => {
  it("drains: none of them takes anybody, who is on his way is sent off, who is there is told at each", async () => {
    const { server, clock, listen, clients } = await everywhere();
    const found = listen.map(({ address }) => ({ ...address }));
    const arriving = await arriveAtTls(server);
    const gone = new Promise((resolve) => arriving.once("close", resolve).resume());
    expect(server.health).toMatchObject({ ready: true, connections: listen.length, arriving: 1 });
    const drained = server.drain({ graceMs: 60_000 });
    for (const client of clients) {
      expect(JSON.parse(textOf((await client.packet()).body))).toHaveProperty("drain");
    }
    await gone;
    expect(server.addresses).toEqual([]);
    expect(server.counters).toMatchObject({ arriving: 0, open: listen.length, refused: { server_stopped: 1 } });
    for (const [index, transport] of listen.entries()) {
      await expect(Client.open({ ...transport, address: found[index] } as Transport)).rejects.toThrow();
    }
    for (const client of clients) {
      client.send(packet(6, '{"leave":true}'));
    }
    await Promise.all(clients.map((client) => client.ended));
    clock.step(50);
    await drained;
    expect(server.counters).toMatchObject({ open: 0, closed: { server_draining: listen.length } });
    await server.stop();
  });

  it("stops, and begins again at each", async () => {
    const { server, listen, clients } = await everywhere();
    await server.stop();
    await Promise.all(clients.map((client) => client.ended));
    expect(server.counters).toMatchObject({ open: 0, sessions: 0, closed: { server_stopped: listen.length } });
    expect(server.addresses).toEqual([]);
    await server.start();
    for (const transport of listen) {
      const client = await Client.open(transport);
      await client.enter();
      expect((await client.call(1, "Echo.Say", "again")).text).toBe("again");
    }
  });
});
