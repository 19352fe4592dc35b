import type { BenchCase, Comparison } from "../comparison.js";
import { Blob, Crowd, Position } from "../generated/bench/v1/echo.js";
import { requestPacket, responsePacket } from "../load/packets.js";
import { type LoadedServer, loadedServer } from "../side.js";
import { codeOf } from "./code-of.js";

/** What is sent and comes back. */
export interface EchoMessage {
  /** The route that echoes it. */
  readonly route: string;
  /** It, encoded. */
  readonly payload: Uint8Array;
}

const somewhere: Position = { atMs: 1_700_000_000_000n, x: 12.5, y: -3.25, name: "Thirteen long" };

/** Four fields of everyday kinds: 32 bytes. */
export const position: EchoMessage = { route: "Echo.Move", payload: Position.encode(somewhere).finish() };

/** The same thirty times, and a text: 1,024 bytes. */
export const crowd: EchoMessage = {
  route: "Crowds.Look",
  payload: Crowd.encode({ members: Array.from({ length: 30 }, () => somewhere), room: "K2" }).finish(),
};

/** Bytes: 32 as well. */
export const blob: EchoMessage = {
  route: "Echo.Ping",
  payload: Blob.encode({ data: Uint8Array.from({ length: 30 }, (_, index) => index) }).finish(),
};

/** A request and its answer, each way of the wire, with a message that is decoded and encoded. */
export const pingPong: BenchCase = {
  name: "ping-pong",
  summary: "request and answer, a message of four fields, 32 bytes as protobuf; against an echo of 32 bytes",
  comparisons: comparisonsOf(position),
};

/** The same, with a message of a kibibyte. */
export const pingPong1k: BenchCase = {
  name: "ping-pong-1k",
  summary: "the same with a message of 121 fields in all, 1 KiB as protobuf; against an echo of 1 KiB",
  comparisons: comparisonsOf(crowd),
};

/** The same, with a message that has no fields to speak of. */
export const pingPongBytes: BenchCase = {
  name: "ping-pong-bytes",
  summary: "the same with a message of one bytes field",
  comparisons: comparisonsOf(blob),
};

function comparisonsOf(message: EchoMessage): Comparison[] {
  return (["tcp", "ws"] as const).flatMap((transport) =>
    [1, 16].map((inFlight) => comparisonOf(message, transport, inFlight)),
  );
}

function comparisonOf(message: EchoMessage, transport: "tcp" | "ws", inFlight: number): Comparison {
  const { baseline, subject } = echoServers(message, transport, inFlight);
  return {
    name: `${transport}-${inFlight}`,
    title: `${transport === "tcp" ? "TCP" : "WebSocket"}, ${inFlight} in flight`,
    baseline: loadedServer(baseline),
    subject: loadedServer(subject),
  };
}

/** The two servers that echo a message, and their load. */
export function echoServers(
  { route, payload }: EchoMessage,
  transport: "tcp" | "ws",
  inFlight: number,
): { readonly baseline: LoadedServer; readonly subject: LoadedServer } {
  const code = codeOf(route);
  const ids = Array.from({ length: inFlight }, (_, index) => index + 1);
  const echoed = ids.map(() => payload);
  return {
    baseline: {
      name: transport === "tcp" ? "node:net echo" : "ws echo",
      server: `raw-${transport === "tcp" ? "net" : "ws"}.js`,
      load: { work: "ping-pong", transport, inFlight, format: "raw", requests: echoed, answers: echoed },
    },
    subject: {
      name: "nanowire",
      server: "nanowire.js",
      args: [transport],
      load: {
        work: "ping-pong",
        transport,
        inFlight,
        format: "packets",
        requests: ids.map((id) => requestPacket(id, code, payload)),
        answers: ids.map((id) => responsePacket(id, payload)),
      },
    },
  };
}
