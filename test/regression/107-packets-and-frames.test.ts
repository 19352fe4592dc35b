// pitaya takes one whole packet a WebSocket frame: a client that sends two at once, or one in two frames, is closed.

import { expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { packet, request } from "../support/client.js";
import { startServer } from "../support/server.js";

it("packets and frames need not begin and end together", async () => {
  const test = await startServer({ transport: "ws" });
  const client = await test.open();
  const stream = concat(
    packet(1, "{}"),
    packet(2),
    request(1, "Echo.Say", "one"),
    request(2, "Echo.Say", "two"),
    request(3, "Echo.Say", "three"),
  );
  client.send(stream.slice(0, 30));
  client.send(stream.slice(30, 31));
  client.send(stream.slice(31));
  expect((await client.answer()).code).toBe(200);
  expect((await client.messages(3)).map(({ text }) => text)).toEqual(["one", "two", "three"]);
});
