import { setTimeout as wait } from "node:timers/promises";
import type { FigureKind, FootprintCase, FootprintComparison, FootprintSide } from "../footprint/footprint.js";
import type { LoadQuestion } from "../load/load.js";
import { type LoadedServer, mostConnections, patienceMs, type Setting, startProcesses } from "../side.js";
import { echoServers, position } from "./ping-pong.js";

/** So many connections for each of the other cases: 10,000 by default. */
const connectionsAConnection = 10;

/** Heartbeats are measured with a shorter interval than the default, and reckoned up. */
const heartbeatMs = 2_000;
const defaultHeartbeatsAMinute = 2;

const figures: readonly FigureKind[] = [
  { key: "connectedKb", heading: "KB a connection", digits: 2, ratio: "resident" },
  { key: "usedKb", heading: "after a message", digits: 2, ratio: "after a message" },
  { key: "smallNurseryKb", heading: "small nursery", digits: 2, ratio: "small nursery" },
  { key: "heartbeatMicros", heading: "CPU µs a minute", digits: 1 },
];

/** What docs/memory.md names for servers of many idle clients. */
const smallNursery = "--max-semi-space-size=1";

/** What a connection costs that does nothing. */
export const idle: FootprintCase = {
  name: "idle",
  kind: "footprint",
  summary:
    "10 idle connections a connection of other cases: resident memory above the empty process, CPU of heartbeats",
  comparisons: [comparisonOf("tcp"), comparisonOf("ws")],
};

function comparisonOf(transport: "tcp" | "ws"): FootprintComparison {
  const { baseline, subject } = echoServers(position, transport, 1);
  return {
    name: transport,
    title: `${transport === "tcp" ? "TCP" : "WebSocket"}, after a collection of garbage`,
    figures,
    baseline: sideOf({ ...baseline, name: transport === "tcp" ? "node:net sockets" : "ws sockets" }, false),
    subject: sideOf({ ...subject, args: [transport, String(heartbeatMs)] }, true),
  };
}

function sideOf(server: LoadedServer, hasHeartbeats: boolean): FootprintSide {
  return {
    name: server.name,
    async measure(setting) {
      const connections = Math.min(setting.connections * connectionsAConnection, mostConnections);
      const processes = await startProcesses(server, { ...setting, connections }, ["--expose-gc"]);
      try {
        const emptyBytes = await processes.residentBytes();
        const kbEach = async (): Promise<number> =>
          ((await processes.residentBytes()) - emptyBytes) / connections / 1_024;
        await processes.connect();
        const connectedKb = await kbEach();
        await processes.run(0);
        const usedKb = await kbEach();
        const heartbeats = (): Promise<number> =>
          processes.load.ask<LoadQuestion, number>({ ask: "heartbeats" }, patienceMs);
        const [cpuBefore, heartbeatsBefore] = [await processes.cpuMicros(), await heartbeats()];
        // Whatever the phase, each connection has had at least one by then.
        await wait(Math.max(setting.roundMs, 2 * heartbeatMs));
        const cpu = (await processes.cpuMicros()) - cpuBefore;
        const count = (await heartbeats()) - heartbeatsBefore;
        const heartbeatMicros = hasHeartbeats ? (cpu / count) * defaultHeartbeatsAMinute : 0;
        await processes.stop();
        return {
          connectedKb,
          usedKb,
          smallNurseryKb: await smallNurseryKb(server, setting, connections),
          heartbeatMicros,
        };
      } finally {
        await processes.stop();
      }
    },
  };
}

/** KB a connection in a process of its own whose young objects have little room: there garbage of the handshakes weighs little. */
async function smallNurseryKb(server: LoadedServer, setting: Setting, connections: number): Promise<number> {
  const processes = await startProcesses(server, { ...setting, connections }, ["--expose-gc", smallNursery]);
  try {
    const emptyBytes = await processes.residentBytes();
    await processes.connect();
    return ((await processes.residentBytes()) - emptyBytes) / connections / 1_024;
  } finally {
    await processes.stop();
  }
}
