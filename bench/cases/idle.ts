import { setTimeout as wait } from "node:timers/promises";
import type { FigureKind, FootprintCase, FootprintComparison, FootprintSide } from "../footprint/footprint.js";
import type { LoadQuestion } from "../load/load.js";
import { type LoadedServer, mostConnections, patienceMs, startProcesses } from "../side.js";
import { echoServers, position } from "./ping-pong.js";

/** So many connections for each of the other cases: 10,000 by default. */
const connectionsAConnection = 10;

/** Heartbeats are measured with a shorter interval than the default, and reckoned up. */
const heartbeatMs = 2_000;
const defaultHeartbeatsAMinute = 2;

const figures: readonly FigureKind[] = [
  { key: "connectedKb", heading: "KB a connection", digits: 2, ratio: "resident" },
  { key: "usedKb", heading: "after a message", digits: 2, ratio: "after a message" },
  { key: "heartbeatMicros", heading: "CPU µs a minute", digits: 1 },
];

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
        return {
          connectedKb,
          usedKb,
          heartbeatMicros: hasHeartbeats ? (cpu / count) * defaultHeartbeatsAMinute : 0,
        };
      } finally {
        await processes.stop();
      }
    },
  };
}
