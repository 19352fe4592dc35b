// A program of its own, which test/server/idle.test.ts runs: what a server holds is counted in a process that holds nothing else.

import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Socket } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { getHeapSnapshot } from "node:v8";
import { type WebSocket, WebSocketServer } from "ws";
import { silentLogger } from "../../../runtime/base/logger.js";
import { createServer } from "../../../runtime/server/server.js";
import { tcp } from "../../../runtime/transport/tcp.js";
import { ws } from "../../../runtime/transport/ws.js";
import { SteppedClock } from "../../support/clock.js";
import { components, echo } from "../../support/service.js";

/** Which server it is: ours, or one that listens as ours does and no more. */
export type IdleServer = "tcp" | "ws" | "bare tcp" | "bare ws";

/** Ours looks at its connections that often: a quarter of the time that a handshake may take. */
const sweepMs = 2_500;
const clock = new SteppedClock();

/** What is on the heap, by what it is: the name of its class, `string`, `closure`, `array`. */
export type HeapCount = Readonly<Record<string, { readonly count: number; readonly bytes: number }>>;

/** The parts of a heap snapshot that are read here. */
interface HeapSnapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: readonly string[]; readonly node_types: [string[]] } };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

const settings = { noDelay: true, allowHalfOpen: true, keepAlive: true };

function ignore(): void {}

function listenToSocket(socket: Socket): void {
  for (const event of ["data", "drain", "error", "end", "close"]) {
    socket.on(event, ignore);
  }
}

function listenToWebSocket(webSocket: WebSocket): void {
  for (const event of ["message", "error", "close"]) {
    webSocket.on(event, ignore);
  }
}

async function listenAs(kind: IdleServer): Promise<number> {
  if (kind === "tcp" || kind === "ws") {
    const listen = kind === "tcp" ? tcp : ws;
    const server = createServer({
      components: components(echo),
      // More of them, when the machine is busy, would be counted as the sessions'.
      listen: [listen({ host: "127.0.0.1", port: 0, ears: 1 })],
      maxConnectionsPerAddress: 10_000,
      handshakeTimeoutMs: 4 * sweepMs,
      clock,
      logger: silentLogger,
    });
    await server.start();
    return server.addresses[0]?.port ?? 0;
  }
  const server = kind === "bare tcp" ? createNetServer(settings, listenToSocket) : createHttpServer(settings);
  const upgrader = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("upgrade", (request, socket, head) => {
    upgrader.handleUpgrade(request, socket, head, listenToWebSocket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** @returns what is there after garbage was collected */
async function countHeap(): Promise<HeapCount> {
  for (let sweep = 0; sweep < 2; sweep++) {
    clock.step(sweepMs);
  }
  for (let collection = 0; collection < 3; collection++) {
    globalThis.gc?.();
    await wait(20);
  }
  const { snapshot, nodes, strings } = (await json(getHeapSnapshot())) as HeapSnapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ["type", "name", "self_size"].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ];
  const counts: Record<string, { count: number; bytes: number }> = {};
  for (let node = 0; node < nodes.length; node += fields.length) {
    const kind = types[0][nodes[node + type] as number] as string;
    const what = kind === "object" || kind === "native" ? (strings[nodes[node + name] as number] as string) : kind;
    const entry = counts[what] ?? { count: 0, bytes: 0 };
    entry.count++;
    entry.bytes += nodes[node + size] as number;
    counts[what] = entry;
  }
  return counts;
}

const port = await listenAs(process.argv[2] as IdleServer);
process.on("message", async () => process.send?.(await countHeap()));
process.on("disconnect", () => process.exit());
process.send?.(port);
