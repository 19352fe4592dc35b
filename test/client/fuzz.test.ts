import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import { data, FakeServer, handshakePacket, packet, settled } from "./support/fake-server.js";
import { join, left, said, say } from "./support/text-codec.js";

const stray: unknown[] = [];
const note = (error: unknown) => void stray.push(error);

beforeAll(() => {
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
});

afterAll(async () => {
  await settled();
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
  expect(stray).toEqual([]);
});

const bytes = fc.uint8Array({ maxLength: 64 });

/** Packets that are well-formed, more or less. */
const anyPacket = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 1, max: 5 }), bytes).map(([type, body]) => packet(type, body)) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(0x3f), bytes).map(([flag, rest]) => packet(4, Uint8Array.from([flag, ...rest]))),
  },
  fc
    .tuple(fc.integer({ min: 0, max: 6 }), bytes)
    .map(([id, payload]) => packet(4, Uint8Array.from([4, id, ...payload]))),
  fc
    .tuple(fc.integer({ min: 0, max: 6 }), bytes)
    .map(([id, payload]) => packet(4, Uint8Array.from([0x24, id, ...payload]))),
  bytes.map((payload) => packet(4, Uint8Array.from([0x14, 1, ...deflateSync(payload)]))),
  bytes.map((payload) => packet(4, Uint8Array.from([7, 0, 6, ...payload]))),
  bytes.map((payload) => packet(4, Uint8Array.from([6, 0x0f, ...Buffer.from("RoomEvents.Said"), ...payload]))),
  fc.constant(packet(3, "")),
  fc.constant(packet(5, '\'{"reason":"x"}\'')),
);

const stream = fc.oneof(
  bytes,
  fc.array(anyPacket, { maxLength: 12 }).map((packets) => new Uint8Array(Buffer.concat(packets))),
);

/** Cuts a stream into pieces. */
function cut(whole: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < whole.length; offset += size) {
    pieces.push(whole.slice(offset, offset + size));
  }
  return pieces;
}

/** What became of a promise: a value, or the NanowireError it was rejected with; anything else is told as it is. */
function outcomeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "value",
    (error: unknown) => (error instanceof NanowireError ? "error" : `stray ${String(error)}`),
  );
}

describe("whatever a server sends", () => {
  it("an open connection stays open or closes with a NanowireError, and every request is settled", async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.integer({ min: 1, max: 80 }), fc.boolean(), async (whole, size, generated) => {
        const server = new FakeServer();
        const connection = generated
          ? await server.connected({ sys: { dictVersion: "a", heartbeat: 1 } }, { dictVersion: "a" })
          : await server.connected({ sys: { dict: { "RoomEvents.Said": 6 } } });
        const answers = useIt(connection);
        // What is thrown in here fails the test.
        server.send(...cut(whole, size));
        await settled();
        server.clock.step(500);
        const reason = await ended(connection);
        expect(reason).toBeInstanceOf(NanowireError);
        expect(reason.code).not.toBe("internal");
        expect(connection.state).toBe("closed");
        const outcomes = await Promise.all(answers.map(outcomeOf));
        expect(outcomes.filter((outcome) => outcome !== "value" && outcome !== "error")).toEqual([]);
        expect(server.clock.timers).toBe(0);
      }),
      { numRuns: 1_500 },
    );
  });

  it("connecting ends with a connection or a NanowireError", async () => {
    const answer = fc.oneof(
      stream,
      bytes.map((body) => packet(1, body)),
      bytes.map((body) => packet(1, Uint8Array.from([0x78, 0x9c, ...body]))),
      fc.json({ maxDepth: 4 }).map((json) => packet(1, new TextEncoder().encode(json))),
      fc.json({ maxDepth: 4 }).map((json) => packet(1, deflateSync(json))),
      fc
        .dictionary(fc.constantFrom("heartbeat", "dict", "serializer", "servertime", "dictVersion"), fc.jsonValue())
        .map((sys) => handshakePacket({ sys })),
    );
    await fc.assert(
      fc.asyncProperty(answer, fc.integer({ min: 1, max: 80 }), async (whole, size) => {
        const server = new FakeServer();
        const { connecting } = await server.dialled();
        server.send(...cut(whole, size));
        await settled();
        const opened = connecting.then((connection) => ended(connection));
        server.clock.step(20_000);
        expect(await outcomeOf(opened)).not.toContain("stray");
        expect(server.closedByClient).toBe(true);
        expect(server.clock.timers).toBe(0);
      }),
      { numRuns: 1_500 },
    );
  });

  it("good messages come out the same, however they are cut", async () => {
    const message = fc.stringMatching(/^[a-z]{0,20}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 20 }),
        fc.integer({ min: 1, max: 60 }),
        async (messages, size) => {
          const server = new FakeServer();
          const connection = await server.connected();
          const heard: string[] = [];
          connection.on(said, (text) => heard.push(text));
          const whole = Buffer.concat(messages.map((text) => data(`06 0f 'RoomEvents.Said' '${text}'`)));
          server.send(...cut(new Uint8Array(whole), size));
          expect(heard).toEqual(messages);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Requests, listeners and a notify, as a program has them. */
function useIt(connection: ClientConnection): Promise<unknown>[] {
  connection.on(said, () => connection.notify(say, ""));
  connection.on(left, () => connection.close());
  const answers = [connection.request(join, "a"), connection.request(join, "b", { timeoutMs: 100 })];
  for (const answer of answers) {
    answer.catch(() => {});
  }
  return answers;
}

/** Closes the connection if nothing else has, and waits until it is. */
async function ended(connection: ClientConnection): Promise<NanowireError> {
  connection.close();
  return await connection.closed;
}
