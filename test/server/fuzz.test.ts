import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorCodes } from "../../runtime/base/error.js";
import { concat, hex } from "../protocol/hex.js";
import { type Client, packet, plainHandshake, request } from "../support/client.js";
import { startServer, type TestServer } from "../support/server.js";
import { turn } from "../support/wait.js";

/** Packets as a client may send them, whole or damaged. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(packet(1, plainHandshake), packet(1, "{}"), packet(2), packet(3), packet(5, "{}")),
  fc.tuple(fc.nat(7), fc.uint8Array({ maxLength: 30 })).map(([type, body]) => packet(type, body)),
  fc.uint8Array({ maxLength: 30 }).map((body) => packet(4, body)),
  fc
    .record({
      flag: fc.nat(255),
      id: fc.uint8Array({ minLength: 1, maxLength: 11 }),
      route: fc.oneof(fc.constant(hex("08 'Echo.Say'")), fc.constant(hex("00 01")), fc.uint8Array({ maxLength: 5 })),
      payload: fc.uint8Array({ maxLength: 20 }),
    })
    .map(({ flag, id, route, payload }) => packet(4, concat(Uint8Array.of(flag), id, route, payload))),
  fc.jsonValue().map((value) => packet(1, JSON.stringify({ sys: value, user: value }))),
  fc.nat(100).map((id) => request(id, "Echo.Say", "fine")),
);

/** The states that the stranger begins in. */
const openings: Record<string, (test: TestServer) => Promise<Client>> = {
  handshake: (test) => test.open(),
  ack: async (test) => {
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    await client.answer();
    return client;
  },
  working: (test) => test.enter(),
};

describe.each(Object.keys(openings))("arbitrary bytes in the state %s", (state) => {
  let test: TestServer;
  let witness: Client;

  beforeAll(async () => {
    test = await startServer({ keepRunning: true, maxPacketBytes: 256, maxHandshakeBytes: 512 });
    witness = await test.enter();
  });
  afterAll(() => test.server.stop());

  it("leave the connection open, or closed with a reason that is counted; nobody else is touched", async () => {
    const open = openings[state] as (typeof openings)[string];
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(200)),
        async (pieces, cuts) => {
          const before = test.server.counters;
          const client = await open(test);
          const stream = concat(...pieces);
          const edges = [0, ...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b), stream.length];
          for (const [index, edge] of edges.slice(1).entries()) {
            client.send(stream.slice(edges[index], edge));
          }
          for (let turns = 0; turns < 3; turns++) {
            await turn();
          }
          expect((await witness.call(1, "Echo.Say", "served")).text).toBe("served");
          const after = test.server.counters;
          const reasons = Object.keys(after.closed).filter((code) => after.closed[code] !== before.closed[code]);
          expect(reasons).toHaveLength(client.endings);
          expect(reasons.every((code) => code in errorCodes && code !== "internal")).toBe(true);
          expect(after.open).toBe(before.open + 1 - client.endings);
          expect(test.log.at("error")).toEqual([]);
          client.link.destroy();
          await turn();
          expect(test.server.counters).toMatchObject({ open: 1, sessions: 1 });
        },
      ),
      { numRuns: 300 },
    );
    expect(witness.endings).toBe(0);
  });
});

it("a stream that is fine is taken however it is cut", async () => {
  const test = await startServer({ keepRunning: true });
  const count = 20;
  const stream = concat(
    packet(1, plainHandshake),
    packet(2),
    ...Array.from({ length: count }, (_, index) => request(index + 1, "Echo.Say", "x".repeat(index))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 40 }), async (cuts) => {
      const client = await test.open();
      const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
      for (const [index, edge] of edges.slice(1).entries()) {
        client.send(stream.slice(edges[index], edge));
      }
      expect((await client.answer()).code).toBe(200);
      expect((await client.messages(count)).map(({ text }) => text.length)).toEqual(
        Array.from({ length: count }, (_, index) => index),
      );
      client.link.end();
    }),
    { numRuns: 100 },
  );
  await test.server.stop();
});
