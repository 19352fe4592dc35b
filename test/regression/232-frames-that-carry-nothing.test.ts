// Pings, pongs and empty frames of a WebSocket are no messages, and none of them counted: one client that sent them without end held up the
// event loop for half a second at a time, and was never closed.

import { describe, expect, it } from "vitest";
import { packet, plainHandshake } from "../support/client.js";
import { openWebSocket } from "../support/link.js";
import { startServer } from "../support/server.js";

describe.each([
  ["pings", 0x9],
  ["pongs that nobody asked for", 0xa],
  ["empty frames", 0x2],
])("a client that sends %s without end", (_, opcode) => {
  it.each([
    ["in its session", true],
    ["before its handshake", false],
  ])("is closed %s, as one that sends heartbeats is", async (_, inSession) => {
    const { server } = await startServer({ transport: "ws", maxMessagesPerSecond: 100 });
    const link = await openWebSocket({ port: server.addresses[0]?.port as number });
    const ended = new Promise<{ readonly code?: number }>((resolve) => link.start({ received() {}, ended: resolve }));
    for (const bytes of inSession ? [packet(1, plainHandshake), packet(2)] : []) {
      link.send(bytes);
    }
    for (let index = 0; index < 1_000; index++) {
      link.frame(opcode, new Uint8Array(0));
    }
    expect(await ended).toMatchObject({ code: 1008 });
    expect(server.counters.closed).toEqual({ too_many_messages: 1 });
  });
});
