import type { BenchCase, Comparison } from "../comparison.js";
import { PingText, PongText } from "../generated/bench/v1/nano.js";
import { notifyPacket, pushPacket } from "../load/packets.js";
import { loadedServer } from "../side.js";
import { codeOf } from "./code-of.js";

/** What nano measures itself by. */
export const nano: BenchCase = {
  name: "nano",
  summary: "nano's own benchmark: a notify that is answered by a push; against an echo of the text",
  comparisons: [comparisonOf("tcp", 1), comparisonOf("tcp", 16), comparisonOf("ws", 1), comparisonOf("ws", 16)],
};

function comparisonOf(transport: "tcp" | "ws", inFlight: number): Comparison {
  const content = "ping";
  const payload = PingText.encode({ content }).finish();
  const notify = notifyPacket(codeOf("TestHandler.Ping"), payload);
  const push = pushPacket(codeOf("TestEvents.Pong"), PongText.encode({ content }).finish());
  const each = (bytes: Uint8Array): Uint8Array[] => Array.from({ length: inFlight }, () => bytes);
  const load = { work: "ping-pong", transport, inFlight } as const;
  return {
    name: `${transport}-${inFlight}`,
    title: `${transport === "tcp" ? "TCP" : "WebSocket"}, ${inFlight} without an answer at any time`,
    baseline: loadedServer({
      name: transport === "tcp" ? "node:net echo" : "ws echo",
      server: transport === "tcp" ? "raw-net.js" : "raw-ws.js",
      load: { ...load, format: "raw", requests: each(payload), answers: each(payload) },
    }),
    subject: loadedServer({
      name: "nanowire",
      server: "nanowire-nano.js",
      args: [transport],
      load: { ...load, format: "packets", requests: each(notify), answers: each(push) },
    }),
  };
}
