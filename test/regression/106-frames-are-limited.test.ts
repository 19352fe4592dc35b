// nano and pitaya set no read limit on WebSocket: one frame may have the server hold whatever its header says.

import { expect, it } from "vitest";
import { hex } from "../protocol/hex.js";
import { Client } from "../support/client.js";
import { openWebSocket } from "../support/link.js";
import { startServer } from "../support/server.js";

it("a frame that says that it is a gigabyte is refused by its header", async () => {
  const { server } = await startServer({ transport: "ws" });
  const link = await openWebSocket({ port: server.addresses[0]?.port as number });
  const client = new Client(link);
  link.socket.write(hex("82 ff 00 00 00 00 40 00 00 00 00 00 00 00"));
  expect(await client.ended).toMatchObject({ code: 1009 });
  expect(server.counters.closed).toEqual({ packet_too_large: 1 });
});
