// A client that sent pings and never read had its pongs gather in the server's memory: nothing was written to it besides, so
// nobody looked at how much waited.

import { expect, it } from "vitest";
import { packet, plainHandshake } from "../support/client.js";
import { openWebSocket } from "../support/link.js";
import { startServer } from "../support/server.js";
import { turn, until } from "../support/wait.js";

it("a client that pings and does not read is closed when its outbox is full", async () => {
  const { server } = await startServer({ transport: "ws", maxOutboxBytes: 65_536 });
  const link = await openWebSocket({ port: server.addresses[0]?.port as number });
  await until(() => server.counters.open === 1);
  link.send(packet(1, plainHandshake));
  link.send(packet(2));
  await until(() => server.counters.sessions === 1);
  link.stopReading();
  const ping = new Uint8Array(125);
  while ((server.counters.closed["outbox_overflow"] ?? 0) === 0) {
    for (let index = 0; index < 200; index++) {
      link.frame(0x9, ping);
    }
    await turn();
  }
  expect(server.counters.closed).toEqual({ outbox_overflow: 1 });
  link.destroy();
});
