import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../runtime/base/clock.js";
import { Ears } from "../../runtime/transport/ears.js";
import { hybrid } from "../../runtime/transport/hybrid.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { ListenAddress, Transport } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate, temporaryFolder } from "../support/certificate.js";
import { startServer, type TestServer } from "../support/server.js";
import { until } from "../support/wait.js";

const loopback = { host: "127.0.0.1", port: 0 };
const tls = makeCertificate("localhost");

/** A server, and more clients that connect to each of its listeners than one ear takes while it is busy. */
async function stormed(...listen: Transport[]): Promise<TestServer & { readonly ports: readonly number[] }> {
  const [transport] = listen as [Transport];
  const test = await startServer({
    transport,
    listen,
    clock: systemClock,
    maxConnections: 64 * listen.length + 8,
    // They say nothing, for as long as the machine takes.
    handshakeTimeoutMs: 600_000,
  });
  const addresses = listen.map(({ address }) => address as ListenAddress);
  for (const { port, socketPath } of addresses) {
    for (let count = 0; count < 64; count++) {
      open(socketPath === undefined ? { host: "127.0.0.1", port } : { path: socketPath });
    }
  }
  return { ...test, ports: addresses.map(({ port }) => port) };
}

function open(where: { host: string; port: number } | { path: string }): Socket {
  const socket = connect(where).on("error", () => {});
  onTestFinished(() => void socket.destroy());
  return socket.resume();
}

/** Keeps the event loop busy, as a thousand clients do, until something holds. */
function busyUntil(condition: () => boolean): Promise<void> {
  return until(() => {
    for (const end = performance.now() + 6; performance.now() < end; ) {
      // Nothing else is done.
    }
    return condition();
  });
}

/** Fails when somebody has it. */
async function takePort(port: number): Promise<void> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

describe("a listener whose clients wait", () => {
  it.each<[string, number, () => Transport]>([
    ["tcp", 32, () => tcp(loopback)],
    ["tls", 4, () => tcp({ ...loopback, tls })],
    ["ws", 32, () => ws(loopback)],
    ["wss", 4, () => ws({ ...loopback, tls })],
    ["hybrid", 32, () => hybrid(loopback)],
    ["hybrid", 4, () => hybrid({ ...loopback, tls })],
    ["tcp", 3, () => tcp({ ...loopback, ears: 3 })],
    ["tls", 5, () => tcp({ ...loopback, tls, ears: 5 })],
    ["ws", 2, () => ws({ ...loopback, ears: 2 })],
    ["hybrid", 2, () => hybrid({ ...loopback, ears: 2 })],
  ])(
    "of %s gets %d ears; limits hold, clients are served, and its port is free when it stops",
    async (transport, ears, create) => {
      const { server, log, ports, enter } = await stormed(create());
      await busyUntil(() => log.at("info").some(({ fields }) => fields["ears"] !== undefined));
      expect(log.at("info").find(({ fields }) => fields["ears"] !== undefined)?.fields).toEqual({ transport, ears });
      const [port] = ports as [number];
      await until(() => server.health.connections + server.counters.arriving === 64);
      const client = await enter();
      for (let count = 0; count < 20; count++) {
        open({ host: "127.0.0.1", port });
      }
      await until(() => server.counters.refused["server_full"] === 13);
      expect(server.health.connections + server.counters.arriving).toBe(72);
      client.link.destroy();
      await server.stop();
      await takePort(port);
    },
  );

  it.each<[string, () => Transport]>([
    ["with one ear", () => tcp({ ...loopback, ears: 1 })],
    ["on a Unix socket", () => tcp({ socketPath: join(temporaryFolder(), "socket") })],
  ])("%s takes them one by one", async (_where, create) => {
    const { server, log } = await stormed(create());
    await busyUntil(() => server.health.connections + server.counters.arriving === 64);
    expect(log.lines.filter(({ fields }) => "ears" in fields)).toEqual([]);
  });

  it("leaves its port at once when it stops meanwhile, as the others do", async () => {
    const grow = vi.spyOn(Ears.prototype, "grow");
    onTestFinished(() => grow.mockRestore());
    const { server, log, ports } = await stormed(tcp(loopback), ws(loopback), hybrid({ ...loopback, tls }));
    await busyUntil(() => grow.mock.calls.length > 0);
    await server.stop();
    for (const port of ports) {
      await takePort(port);
    }
    expect(log.lines.filter(({ message }) => message.includes("may stay taken"))).toEqual([]);
  });

  it("may drain: each of its ears is closed, who is connected stays", async () => {
    const { server, log, ports, enter } = await stormed(tcp(loopback));
    await busyUntil(() => log.lines.some(({ fields }) => fields["ears"] === 32));
    const client = await enter();
    const drained = server.drain({ graceMs: 600_000 });
    await until(() => server.addresses.length === 0);
    await takePort(ports[0] as number);
    expect(server.health.connections).toBeGreaterThan(0);
    client.link.destroy();
    await server.stop();
    await drained;
  });
});
