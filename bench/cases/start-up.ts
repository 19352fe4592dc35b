import { Child } from "../child-process.js";
import type { FigureKind, FootprintCase, FootprintComparison, FootprintSide } from "../footprint/footprint.js";
import type { ServerQuestion } from "../servers/serve.js";
import { patienceMs } from "../side.js";

const figures: readonly FigureKind[] = [
  { key: "startMs", heading: "ms to listen", digits: 0, ratio: "time" },
  { key: "cpuMs", heading: "CPU ms", digits: 0, ratio: "CPU" },
  { key: "residentMb", heading: "resident MB", digits: 1, ratio: "resident" },
];

/** What a server costs before anybody comes. */
export const startUp: FootprintCase = {
  name: "start-up",
  kind: "footprint",
  summary: "an empty server: from the start of its process until it listens, and what it has resident",
  comparisons: [
    comparisonOf("tcp", "TCP, beside a process that does nothing", side("empty process", "empty.js")),
    comparisonOf("tcp-net", "TCP, beside a server of node:net", side("node:net server", "raw-net.js")),
    comparisonOf("ws", "WebSocket, beside a server of ws", side("ws server", "raw-ws.js")),
  ],
};

function comparisonOf(name: string, title: string, baseline: FootprintSide): FootprintComparison {
  const transport = name === "ws" ? "ws" : "tcp";
  return { name, title, figures, baseline, subject: side("nanowire", "nanowire.js", transport) };
}

function side(name: string, server: string, ...args: string[]): FootprintSide {
  return {
    name,
    async measure({ pinning }) {
      const begin = performance.now();
      const process = new Child(new URL(`../servers/${server}`, import.meta.url), {
        args,
        launcher: pinning.server,
        nodeFlags: ["--expose-gc"],
      });
      const ask = (question: ServerQuestion["ask"]): Promise<number> =>
        process.ask<ServerQuestion, number>({ ask: question }, patienceMs);
      try {
        await ask("port");
        const startMs = performance.now() - begin;
        const cpuMs = (await ask("cpu")) / 1_000;
        return { startMs, cpuMs, residentMb: (await ask("resident")) / 1_048_576 };
      } finally {
        await process.stop();
      }
    },
  };
}
