// nano and pitaya take an ack in any state: a client that sends nothing but an ack is past the validator.

import { expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { packet, request } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";

it.each(transportNames)("an ack without a handshake leads nowhere, over %s", async (transport) => {
  const asked: unknown[] = [];
  const handled: string[] = [];
  const Say = (_session: unknown, text: string): string => {
    handled.push(text);
    return text;
  };
  const test = await startServer({
    transport,
    services: { Echo: { Say } },
    onHandshake: (handshake) => void asked.push(handshake),
  });
  const client = await test.open();
  client.send(concat(packet(2), request(1, "Echo.Say", "let me in")));
  await client.ended;
  expect([asked, handled, test.server.counters.sessions]).toEqual([[], [], 0]);
  expect(test.server.counters.closed).toEqual({ unexpected_packet: 1 });
});
