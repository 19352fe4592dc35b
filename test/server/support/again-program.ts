// A program of its own, which test/server/again.test.ts runs: in the tests' process others keep timers, too.

import { connect } from "../../../runtime/client/connect-node.js";
import { createServer } from "../../../runtime/server/server.js";
import { memory } from "../../../runtime/transport/memory.js";
import { tcp } from "../../../runtime/transport/tcp.js";
import { ws } from "../../../runtime/transport/ws.js";
import { KeptLog } from "../../support/log.js";
import { componentCalled, TestModule, undeclared } from "../../support/module.js";
import { components, echo, type TestComponent, textCodec } from "../../support/service.js";

/** What the program tells when it is done. */
export interface AgainReport {
  readonly before: Held;
  readonly after: Held;
  /** Of all sessions, connections and servers that are over: how many are in memory still. */
  readonly kept: number;
  /** By how much the heap grew in that fifth of all lives in which it grew least. */
  readonly grownBytes: number;
  readonly answers: number;
  readonly complaints: readonly string[];
}

/** What keeps the process alive, and how many listen to its events. */
interface Held {
  readonly resources: readonly string[];
  readonly listeners: Readonly<Record<string, number>>;
}

const loopback = { host: "127.0.0.1", port: 0 };
const [, , mode = "", roundsText = ""] = process.argv;
const rounds = Number(roundsText);
const complaints: string[] = [];
const over: WeakRef<object>[] = [];
let answers = 0;

/** A server with all that lives: three listeners, components and modules with timers, tasks and queues, signals. */
function busyServer() {
  const pool: TestModule = new TestModule({
    init() {
      pool.scheduler.every(3_600_000, () => {});
      pool.scheduler.queue("pool").after(3_600_000, () => {});
    },
  });
  const clock: TestComponent = componentCalled("Clock", {
    init() {
      clock.scheduler.every(3_600_000, () => {});
      clock.scheduler.run(() => {});
    },
  });
  const inMemory = memory();
  const log = new KeptLog();
  const server = createServer({
    components: [...components(echo), clock],
    modules: undeclared({ name: "pool", module: pool }, { name: "other", module: new TestModule() }),
    listen: [ws(loopback), tcp(loopback), inMemory],
    logger: log,
  });
  return { server, inMemory, log };
}

/** One life: clients come by every listener, ask, and find the connection closed when the server stops. */
async function live({ server, inMemory, log }: ReturnType<typeof busyServer>): Promise<void> {
  await server.start();
  const forget = server.onSessionOpen((session) => void over.push(new WeakRef(session)));
  server.stopOnSignals();
  const urls = server.addresses.flatMap(({ url, transport }) => (transport === "memory" ? [] : [url]));
  for (const where of [...urls, inMemory.dial]) {
    const connection = await connect(where);
    over.push(new WeakRef(connection));
    const method = { route: "Echo.Say", code: 1, request: textCodec.protobuf, response: textCodec.protobuf };
    const answer = await connection.request(method, "hello");
    answers += answer === "hello" ? 1 : 0;
  }
  await server.stop();
  forget();
  complaints.push(...[...log.at("error"), ...log.at("warn")].map(({ message }) => message));
  log.lines.length = 0;
}

function held(): Held {
  // Standard input and output are the program's own.
  const resources = process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe)/.test(name));
  const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)] as const);
  return { resources: resources.sort(), listeners: Object.fromEntries(listeners.sort()) };
}

/** Sockets are closed over a few turns, and with them what listens for signals. */
async function quiet(): Promise<void> {
  for (let count = 0; count < 50; count++) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

async function heapBytes(): Promise<number> {
  for (let count = 0; count < 4; count++) {
    globalThis.gc?.();
    await quiet();
  }
  return process.memoryUsage().heapUsed;
}

/** Four at once, each of its own. */
async function liveApart(): Promise<void> {
  const servers = Array.from({ length: 4 }, busyServer);
  over.push(...servers.map(({ server }) => new WeakRef(server)));
  await Promise.all(servers.map(live));
}

const same = busyServer();
const round = mode === "same" ? () => live(same) : liveApart;

// Node's own listeners for signals stay, once there were any.
await quiet();
const before = held();
const sizes: number[] = [];
for (let count = 1; count <= rounds; count++) {
  await round();
  if (count % (rounds / 5) === 0) {
    sizes.push(await heapBytes());
  }
}
// What is kept of a life is kept of each; the machine makes code of its own now and then.
const grownBytes = Math.min(...sizes.slice(1).map((size, index) => size - (sizes[index] ?? 0)));
const kept = over.filter((reference) => reference.deref() !== undefined).length;
const report: AgainReport = { before, after: held(), kept, grownBytes, answers, complaints };
process.stdout.write(JSON.stringify(report));
