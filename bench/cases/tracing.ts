import type { BenchCase, Comparison } from "../comparison.js";
import { type LoadedServer, loadedServer } from "../side.js";
import { echoServers, position } from "./ping-pong.js";

/** What the server is given; with `idle` nobody has registered a provider, with `sdk` every message is traced and its spans go nowhere. */
const given = { off: "tracing off", idle: "no provider", sdk: "every message traced" } as const;

/** What it costs that every message could be traced, and that it is. */
export const tracing: BenchCase = {
  name: "tracing",
  summary:
    "ping-pong at a server with tracing: without a provider, and with OpenTelemetry's SDK; against the same with tracing off",
  comparisons: (["idle", "sdk"] as const).flatMap((tracing) =>
    (["tcp", "ws"] as const).flatMap((transport) =>
      [1, 16].map((inFlight) => comparisonOf(tracing, transport, inFlight)),
    ),
  ),
};

function comparisonOf(tracing: keyof typeof given, transport: "tcp" | "ws", inFlight: number): Comparison {
  const { subject } = echoServers(position, transport, inFlight);
  const serverWith = (what: keyof typeof given): LoadedServer => ({
    ...subject,
    name: given[what],
    server: "nanowire-tracing.js",
    args: [transport, what],
  });
  return {
    name: `${tracing}-${transport}-${inFlight}`,
    title: `${given[tracing]}, ${transport === "tcp" ? "TCP" : "WebSocket"}, ${inFlight} in flight`,
    baseline: loadedServer(serverWith("off")),
    subject: loadedServer(serverWith(tracing)),
  };
}
