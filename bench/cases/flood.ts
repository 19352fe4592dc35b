import { Child } from "../child-process.js";
import type { BenchCase, Comparison } from "../comparison.js";
import type { LoadFigures, LoadOptions, LoadQuestion } from "../load/load.js";
import { requestPacket, responsePacket } from "../load/packets.js";
import { type LoadedServer, patienceMs, type Side, startProcesses } from "../side.js";
import { codeOf } from "./code-of.js";
import { echoServers, position } from "./ping-pong.js";

/** So many requests one client sends at once, and again when all are answered. */
const requestsAtOnce = 20_000;

/** What others notice of a client that floods the server. */
export const flood: BenchCase = {
  name: "flood",
  summary: "quiet clients, while one sends 20,000 requests at once, again and again; against the same without that one",
  comparisons: [comparisonOf("tcp"), comparisonOf("ws"), comparisonOf("net")],
};

function comparisonOf(name: "tcp" | "ws" | "net"): Comparison {
  const transport = name === "ws" ? "ws" : "tcp";
  const { baseline, subject } = echoServers(position, transport, 1);
  const server = name === "net" ? baseline : subject;
  return {
    name,
    title:
      name === "net"
        ? "an echo of node:net, for comparison"
        : `${name === "tcp" ? "TCP" : "WebSocket"}, two questions a second each`,
    measure: "p99",
    baseline: quietClients("without a flood", server, false),
    subject: quietClients("with a flood", server, true),
  };
}

function quietClients(name: string, server: LoadedServer, flooded: boolean): Side {
  return {
    name,
    async start(setting) {
      const quiet = await startProcesses({ ...server, load: { ...server.load, work: "quiet" } }, setting);
      const flooder = flooded
        ? new Child(new URL("../load/main.js", import.meta.url), { launcher: setting.pinning.load })
        : undefined;
      const stop = async (): Promise<void> => {
        await flooder?.stop();
        await quiet.stop();
      };
      try {
        await quiet.connect();
        const options = floodOptions(server, quiet.port);
        await flooder?.ask<LoadQuestion, void>({ ask: "connect", options }, patienceMs);
      } catch (error) {
        await stop();
        throw error;
      }
      return {
        async round(ms) {
          const before = await quiet.cpuMicros();
          const [figures, ofFlood] = await Promise.all([
            quiet.run(ms),
            flooder?.ask<LoadQuestion, LoadFigures>({ ask: "run", ms }, ms + patienceMs),
          ]);
          return {
            ...figures,
            cpuMicros: figures.cpuMicros + (ofFlood?.cpuMicros ?? 0),
            serverCpuMicros: (await quiet.cpuMicros()) - before,
          };
        },
        stop,
      };
    },
  };
}

/** One connection. Answers come in the order of the requests, so that a hundred ids will do. */
function floodOptions({ load }: LoadedServer, port: number): LoadOptions {
  const { payload, route } = position;
  const code = codeOf(route);
  const ids = Array.from({ length: 100 }, (_, index) => index + 1);
  const raw = load.format === "raw";
  return {
    ...load,
    work: "bursts",
    port,
    connections: 1,
    inFlight: requestsAtOnce,
    requests: ids.map((id) => (raw ? payload : requestPacket(id, code, payload))),
    answers: ids.map((id) => (raw ? payload : responsePacket(id, payload))),
  };
}
