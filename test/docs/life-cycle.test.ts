import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { DrainNotice } from "../../runtime/client/client-connection.js";
import { connect } from "../../runtime/client/connect-node.js";
import { resumption } from "../../runtime/client/resumption.js";
import { resolveDrainOptions } from "../../runtime/server/drain.js";
import { resolveResumeOptions } from "../../runtime/server/resume-options.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { ws } from "../../runtime/transport/ws.js";
import { packet } from "../support/client.js";
import { eventually } from "../support/wait.js";
import { expectNumbers } from "./support/option-table.js";
import { PageProgram } from "./support/page-program.js";
import { startProxy } from "./support/proxy.js";
import { printedLines, runServer } from "./support/running-program.js";

const page = new PageProgram("docs/life-cycle.md");
const text = readFileSync(new URL("../../docs/life-cycle.md", import.meta.url), "utf8");

test("each program is run here", () => {
  expect(page.count).toBe(5);
});

test("a signal lets the clients go, a second one ends the waiting, and then signals do what they did", async () => {
  printedLines();
  const before = process.listeners("SIGTERM");
  const { server, come } = await runServer(page, "stopOnSignals");
  const [terminate] = process.listeners("SIGTERM").filter((listener) => !before.includes(listener));
  const leaves = await come({ reconnect: true });
  const stays = await comeToStay(server.addresses[0]?.url as string);
  const closed = once(stays, "close");
  await eventually(() => expect(server.sessions()).toHaveLength(2));
  const url = server.addresses[0]?.url as string;
  const told: DrainNotice[] = [];
  leaves.onDrain((notice) => void told.push(notice));

  terminate?.("SIGTERM");
  expect(server.health).toMatchObject({ live: true, ready: false });
  await eventually(() => expect(leaves.state).toBe("reconnecting"));
  expect(told).toEqual([{ reason: "server_stopped", delayMs: expect.any(Number), url: undefined }]);
  expect(told[0]?.delayMs).toBeGreaterThanOrEqual(0);
  expect(told[0]?.delayMs).toBeLessThanOrEqual(5_000);
  await expect(connect(url)).rejects.toMatchObject({ code: "connect_failed" });
  // The other does not heed it, and would stay for 20 seconds.
  expect([stays.readyState, server.sessions().length]).toEqual([WebSocket.OPEN, 1]);
  terminate?.("SIGTERM");
  expect(String(await closed)).toBe("1001,server_stopped");
  await eventually(() => expect(server.state).toBe("stopped"));
  expect(process.listeners("SIGTERM")).toEqual(before);
});

/** A client that is told to go, and does not. */
async function comeToStay(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  socket.send(packet(1, JSON.stringify({ sys: { type: "test", version: "1", capabilities: ["drain"] } })));
  await once(socket, "message");
  socket.send(packet(2));
  return socket;
}

test("modules begin in the order that they need, and end in the reverse one; a server may start again", async () => {
  printedLines();
  const { server } = await runServer(page, "extends Module");
  const module = (name: string) => server.module(name as never) as unknown as Record<string, Map<string, string>>;
  const { rows } = module("db");
  const { years } = module("cache");
  expect([rows?.get("ada"), years?.get("ada")]).toEqual(["1815", "1815"]);
  years?.clear();
  await server.stop();
  expect(rows?.size).toBe(0);
  await server.start();
  expect([rows?.get("ada"), years?.get("ada")]).toEqual(["1815", "1815"]);
});

test("a rolling update sends the clients to a server that is there already", async () => {
  printedLines();
  const next = createServer({ components: [], listen: [ws({ host: "127.0.0.1", port: 0 })] });
  await next.start();
  onTestFinished(() => next.stop());
  const before = process.listeners("SIGUSR2");
  const { old, handOver } = await page.run<{ old: Server; handOver: () => Promise<void> }>(
    "handOver",
    ["old", "handOver"],
    {
      instead: { "3252": String(next.addresses[0]?.port), "spreadMs: 10_000": "spreadMs: 10" },
    },
  );
  onTestFinished(() => {
    for (const listener of process.listeners("SIGUSR2").filter((listener) => !before.includes(listener))) {
      process.off("SIGUSR2", listener);
    }
  });
  const ours = await connect(`ws://127.0.0.1:${old.addresses[0]?.port}`, { reconnect: true });
  onTestFinished(() => ours.close());
  await eventually(() => expect(old.sessions()).toHaveLength(1));
  const told: DrainNotice[] = [];
  ours.onDrain((notice) => void told.push(notice));
  await handOver();
  await eventually(() => expect(next.sessions()).toHaveLength(1));
  expect(told).toEqual([expect.objectContaining({ reason: "a new version", url: next.addresses[0]?.url })]);
  expect(old.state).toBe("stopped");
  await eventually(() => expect(ours.state).toBe("open"));
});

test("a session outlives its connection, until its client closes", async () => {
  const printed = printedLines();
  const { server } = await runServer(page, "resume:");
  const proxy = await startProxy(server.addresses[0]?.port as number);
  const ours = await connect(`ws://127.0.0.1:${proxy.port}`, {
    reconnect: { resume: resumption, minDelayMs: 1, jitter: 0 },
  });
  await eventually(() => expect(server.sessions()).toHaveLength(1));
  const [session] = server.sessions();
  await session?.bind("ada");
  proxy.cut();
  await eventually(() => expect(printed).toEqual(["ada is away: connection_lost", "ada is back"]));
  expect([session?.suspended, server.counters.resumed]).toEqual([false, 1]);
  ours.close();
  await eventually(() => expect(printed.at(-1)).toBe("ada is gone"));

  // Others are served as ever: a session ends with its connection.
  const other = await connect(`ws://127.0.0.1:${proxy.port}`);
  await eventually(() => expect(server.sessions()).toHaveLength(1));
  proxy.cut();
  await other.closed;
  await eventually(() => expect(printed.slice(3)).toEqual([" is gone"]));
});

test("probes are told whether the server is ready, and whether it lives", async () => {
  printedLines();
  const { server, probes, come } = await runServer<{ probes: HttpServer }>(page, "probes", ["probes"], {
    instead: { "9090": '0, "127.0.0.1"' },
  });
  onTestFinished(() => void probes.close().closeAllConnections());
  await eventually(() => expect(probes.listening).toBe(true));
  const { port } = probes.address() as AddressInfo;
  const ask = async () =>
    await Promise.all(["ready", "live"].map(async (path) => (await fetch(`http://127.0.0.1:${port}/${path}`)).status));
  expect(await ask()).toEqual([200, 200]);
  await come();
  await eventually(() => expect(server.sessions()).toHaveLength(1));
  const health = await (await fetch(`http://127.0.0.1:${port}/`)).json();
  expect(health).toEqual({
    live: true,
    ready: true,
    state: "running",
    connections: 1,
    sessions: 1,
    arriving: 0,
    full: false,
  });
  const draining = server.drain();
  expect(await ask()).toEqual([503, 200]);
  await server.stop();
  await draining;
  expect(await ask()).toEqual([503, 503]);
});

test("its options have the defaults and limits that are told", () => {
  const [drain = "", resume = ""] = text.split("## Sessions that outlive their connections");
  expectNumbers(drain, ["graceMs", "afterMs", "spreadMs"], (options) => resolveDrainOptions("drain", options, 10_000));
  expectNumbers(resume, ["graceMs", "maxMessages"], (options) => resolveResumeOptions(options, 1_048_576) ?? {});
});
