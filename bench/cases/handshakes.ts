import { Child } from "../child-process.js";
import type { BenchCase, Comparison } from "../comparison.js";
import type { LoadFigures, LoadQuestion } from "../load/load.js";
import { type LoadedServer, patienceMs, type Side, startProcesses } from "../side.js";
import { echoServers, position } from "./ping-pong.js";

/** So many clients are on their way in at any time. */
const visitorsAtOnce = 256;

/** A client that is not served in so long is not served. */
const visitorPatienceMs = 120_000;

/** New clients, while the old ones are busy: what a restart at the busiest hour is like. */
export const handshakes: BenchCase = {
  name: "handshakes",
  summary:
    "clients that come, ask once and go, while all connections are busy; a message is a client served; against an echo without a handshake",
  comparisons: [comparisonOf("tcp"), comparisonOf("ws")],
};

function comparisonOf(transport: "tcp" | "ws"): Comparison {
  const { baseline, subject } = echoServers(position, transport, 1);
  return {
    name: transport,
    title: `${transport === "tcp" ? "TCP" : "WebSocket"}, 256 at a time beside connections with 1 in flight`,
    measure: "rate",
    baseline: besideBusyConnections(baseline),
    subject: besideBusyConnections(subject),
  };
}

function besideBusyConnections(server: LoadedServer): Side {
  return {
    name: server.name,
    async start(setting) {
      const busy = await startProcesses(server, setting);
      const visitors = new Child(new URL("../load/main.js", import.meta.url), { launcher: setting.pinning.load });
      const stop = async (): Promise<void> => {
        await visitors.stop();
        await busy.stop();
      };
      try {
        await busy.connect();
        const options = { ...server.load, work: "visits", connections: visitorsAtOnce, port: busy.port } as const;
        await visitors.ask<LoadQuestion, void>({ ask: "connect", options }, patienceMs);
      } catch (error) {
        await stop();
        throw error;
      }
      return {
        async round(ms) {
          const before = await busy.cpuMicros();
          const [figures, ofBusy] = await Promise.all([
            visitors.ask<LoadQuestion, LoadFigures>({ ask: "run", ms }, ms + visitorPatienceMs),
            busy.run(ms),
          ]);
          return {
            ...figures,
            cpuMicros: figures.cpuMicros + ofBusy.cpuMicros,
            serverCpuMicros: (await busy.cpuMicros()) - before,
          };
        },
        stop,
      };
    },
  };
}
