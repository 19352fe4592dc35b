import type { BenchCase, Comparison } from "../comparison.js";
import { loadedServer } from "../side.js";
import { echoServers, position } from "./ping-pong.js";

/** What it costs that every message is counted. */
export const metrics: BenchCase = {
  name: "metrics",
  summary: "ping-pong with metrics on, which are read every five seconds; against the same with metrics off",
  comparisons: (["tcp", "ws"] as const).flatMap((transport) =>
    [1, 16].map((inFlight) => comparisonOf(transport, inFlight)),
  ),
};

function comparisonOf(transport: "tcp" | "ws", inFlight: number): Comparison {
  const { subject } = echoServers(position, transport, inFlight);
  return {
    name: `${transport}-${inFlight}`,
    title: `${transport === "tcp" ? "TCP" : "WebSocket"}, ${inFlight} in flight`,
    baseline: loadedServer({ ...subject, name: "metrics off" }),
    subject: loadedServer({ ...subject, name: "metrics on", server: "nanowire-metrics.js" }),
  };
}
