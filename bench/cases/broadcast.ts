import type { BenchCase, Comparison } from "../comparison.js";
import { Telling } from "../generated/bench/v1/broadcast.js";
import { Position } from "../generated/bench/v1/echo.js";
import { notifyPacket, pushPacket } from "../load/packets.js";
import { type LoadedServer, loadedServer } from "../side.js";
import { codeOf } from "./code-of.js";

/** Everybody is told the same. */
export const broadcast: BenchCase = {
  name: "broadcast",
  summary:
    "a message pushed to everybody; a message is one delivery; against the ready frame written to each raw socket",
  comparisons: (["tcp", "ws"] as const).flatMap((transport) => [1, 100].map((times) => comparisonOf(transport, times))),
};

function comparisonOf(transport: "tcp" | "ws", times: number): Comparison {
  const subject = broadcastServer(transport, times);
  const [push = new Uint8Array(0)] = subject.load.answers;
  return {
    name: `${transport}-${times}`,
    title: `${transport === "tcp" ? "TCP" : "WebSocket"}, ${times === 1 ? "a message" : `${times} messages`} at once`,
    baseline: loadedServer({
      name: "ready frames",
      server: "raw-broadcast.js",
      args: [transport, String(times), Buffer.from(push).toString("hex")],
      load: { ...subject.load, format: "raw", requests: [Uint8Array.of(1)] },
    }),
    subject: loadedServer(subject),
  };
}

/** The server that tells everybody, and its load. */
export function broadcastServer(transport: "tcp" | "ws", times: number): LoadedServer {
  const position: Position = { atMs: 1_700_000_000_000n, x: 12.5, y: -3.25, name: "Thirteen long" };
  return {
    name: "nanowire",
    server: "nanowire-broadcast.js",
    args: [transport],
    load: {
      work: "broadcast",
      transport,
      inFlight: times,
      format: "packets",
      requests: [notifyPacket(codeOf("Broadcast.Tell"), Telling.encode({ position, times }).finish())],
      answers: [pushPacket(codeOf("BroadcastEvents.Moved"), Position.encode(position).finish())],
    },
  };
}
