import fc from "fast-check";
import { startTestServer, type TestClient, type TestServer, type TestServerOptions } from "nanowire/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Overflow, type PushDefinition, sendPush } from "../../runtime/index.js";
import type { Session } from "../../runtime/session/session.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate } from "../support/certificate.js";
import { startServer } from "../support/server.js";
import { components, countingCodec, pushOf, pushWith, type Services, textCodec } from "../support/service.js";
import { turn, until } from "../support/wait.js";

/** Only the newest of each first letter waits. */
const byLetter: Overflow<string> = { policy: "conflate", key: (text) => text.slice(0, 1) };
const close = pushOf("Events.Close", 2);
const drop = pushWith({ policy: "drop" }, "Events.Drop", 3);
const letter = pushWith(byLetter, "Events.Letter", 4);
const newest = pushWith({ policy: "conflate" }, "Events.Newest", 5);
const routes = [close, drop, letter, newest].map(({ route }) => route);
const echo = { route: "Echo.Say", code: 1, request: textCodec.protobuf, response: textCodec.protobuf };

const loopback = { host: "127.0.0.1", port: 0 };
const tls = makeCertificate("localhost");

interface Reader {
  readonly client: TestClient;
  readonly session: Session;
  /** The texts of all pushes, in their order. */
  readonly heard: string[];
}

async function start(options: Partial<TestServerOptions> = {}): Promise<TestServer> {
  const services: Services = { Echo: { Say: (_session, text) => text } };
  const test = await startTestServer({
    components: components(services, routes),
    heartbeatIntervalMs: 0,
    ...options,
  });
  onTestFinished(() => (test.server.state === "running" ? test.stop() : undefined));
  return test;
}

/** A client that stops reading when it is told to, and of which nothing is on its way then. */
async function readerOf(test: TestServer): Promise<Reader> {
  const known = new Set(test.server.sessions());
  const client = await test.connect({ conditions: { windowBytes: 0 } });
  await test.settled();
  const heard: string[] = [];
  for (const { route, code } of [close, drop, letter, newest]) {
    client.connection.on({ route, code, message: textCodec.protobuf }, (text) => void heard.push(text));
  }
  const session = test.server.sessions().find((candidate) => !known.has(candidate)) as Session;
  return { client, session, heard };
}

/** Stops reading; what is sent from then on waits in the server. */
async function fallBehind(test: TestServer, { client, session }: Reader): Promise<void> {
  client.stopReading();
  session.push(close, "under way");
  await test.settled();
  session.push(close, "blocks");
  await test.settled();
}

async function readOn(test: TestServer, { client }: Reader): Promise<void> {
  client.startReading();
  await test.settled();
}

describe("a client that does not read", () => {
  it("fills its outbox: the sender sees how much waits, and when it drains", async () => {
    const test = await start();
    const reader = await readerOf(test);
    const { session } = reader;
    const drained: string[] = [];
    const stop = session.onUnblocked((told) => void drained.push(told.id));
    expect([session.blocked, session.waiting]).toEqual([false, { bytes: 0, messages: 0 }]);
    await fallBehind(test, reader);
    const first = session.waiting;
    expect(session.blocked).toBe(true);
    expect(first).toEqual({ bytes: 13, messages: 1 });
    expect(session.push(close, "waits")).toBe(1);
    expect(session.waiting).toEqual({ bytes: 13 + 12, messages: 2 });
    expect(drained).toEqual([]);
    await readOn(test, reader);
    expect([session.blocked, session.waiting]).toEqual([false, { bytes: 0, messages: 0 }]);
    expect(drained).toEqual([session.id]);
    expect(reader.heard).toEqual(["under way", "blocks", "waits"]);
    stop();
    await fallBehind(test, reader);
    await readOn(test, reader);
    expect(drained).toEqual([session.id]);
  });

  it("can still be heard, and is answered when it reads", async () => {
    const test = await start();
    const reader = await readerOf(test);
    await fallBehind(test, reader);
    const answer = reader.client.connection.request(echo, "hello");
    await test.settled();
    expect(test.server.counters.requests).toBe(1);
    await readOn(test, reader);
    expect(await answer).toBe("hello");
  });

  it("is closed when too many bytes wait", async () => {
    const test = await start({ maxOutboxBytes: 1_024 });
    const reader = await readerOf(test);
    await fallBehind(test, reader);
    expect(reader.session.push(close, "x".repeat(900))).toBe(1);
    expect(reader.session.push(close, "y".repeat(900))).toBe(0);
    await test.settled();
    expect(reader.session.closed).toBe(true);
    expect(reader.session.waiting).toEqual({ bytes: 0, messages: 0 });
    expect(test.server.counters.closed).toEqual({ outbox_overflow: 1 });
  });

  it("is closed when too many messages wait", async () => {
    const reasons: string[] = [];
    const test = await start({ maxOutboxMessages: 16 });
    const reader = await readerOf(test);
    reader.session.onClose(({ message }) => void reasons.push(message));
    await fallBehind(test, reader);
    const queued = Array.from({ length: 20 }, (_, index) => reader.session.push(close, String(index)));
    expect(queued.filter((count) => count === 1)).toHaveLength(15);
    await test.settled();
    expect(reasons).toEqual(["17 messages wait, more than maxOutboxMessages 16"]);
  });

  it("of no more bytes than it reads in a second keeps the rest waiting", async () => {
    const test = await start();
    const reader = await readerOf(test);
    reader.client.conditions({ readBytesPerSecond: 1_000, windowBytes: 0 });
    for (let index = 0; index < 5; index++) {
      reader.session.push(close, String(index).repeat(1_000 - 7));
      await test.settled();
    }
    expect(reader.heard).toHaveLength(0);
    expect(reader.session.waiting).toEqual({ bytes: 4_000, messages: 4 });
    await test.advance(1_000);
    expect(reader.heard.map((text) => text[0])).toEqual(["0"]);
    await test.advance(9_000);
    expect(reader.heard.map((text) => text[0])).toEqual(["0", "1", "2", "3", "4"]);
    expect(reader.session.waiting).toEqual({ bytes: 0, messages: 0 });
  });
});

describe("pushes that may be dropped", () => {
  it("are, where three quarters of the outbox are taken up; the sender knows, and the rest is for others", async () => {
    const test = await start({ maxOutboxBytes: 1_000 * 4 });
    const reader = await readerOf(test);
    await fallBehind(test, reader);
    const sent = Array.from({ length: 10 }, (_, index) => reader.session.push(drop, String(index).repeat(500)));
    expect(sent).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
    expect(reader.session.push(close, "must come".padEnd(900))).toBe(1);
    const answer = reader.client.connection.request(echo, "hello");
    await test.settled();
    await readOn(test, reader);
    expect(await answer).toBe("hello");
    expect(reader.heard.map((text) => text.slice(0, 9).trim())).toEqual([
      "under way",
      "blocks",
      ...["0", "1", "2", "3", "4"].map((digit) => digit.repeat(9)),
      "must come",
    ]);
    expect(test.server.counters).toMatchObject({ droppedPushes: 5, pushes: 2 + 5 + 1, closed: {} });
  });

  it("are sent to those who read", async () => {
    const test = await start({ maxOutboxBytes: 1_024 });
    const [slow, quick] = [await readerOf(test), await readerOf(test)];
    await fallBehind(test, slow);
    const counts: number[] = [];
    for (let index = 0; index < 20; index++) {
      counts.push(sendPush(test.server.everyone, drop, String(index).padEnd(100)));
      await test.settled();
    }
    expect(counts.slice(0, 2)).toEqual([2, 2]);
    expect(counts.at(-1)).toBe(1);
    expect(quick.heard.map(Number)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(slow.session.closed).toBe(false);
  });
});

describe("pushes of which only the newest waits", () => {
  it("by key: the newest of each, at the place of the newest among all that is sent", async () => {
    const test = await start();
    const reader = await readerOf(test);
    await fallBehind(test, reader);
    for (const text of ["a1", "b1", "-1", "a2", "-2", "b2", "c1", "a3"]) {
      expect(reader.session.push(text.startsWith("-") ? close : letter, text)).toBe(1);
    }
    expect(reader.session.push(newest, "n1") + reader.session.push(newest, "n2")).toBe(2);
    // "blocks", two that must come, three letters, and the newest.
    expect(reader.session.waiting.messages).toBe(1 + 2 + 3 + 1);
    await readOn(test, reader);
    expect(reader.heard).toEqual(["under way", "blocks", "-1", "-2", "b2", "c1", "a3", "n2"]);
    expect(test.server.counters).toMatchObject({ replacedPushes: 4, pushes: 12 });
  });

  it("all arrive at a client that reads, and at one that reads again", async () => {
    const test = await start();
    const reader = await readerOf(test);
    for (const text of ["a1", "a2", "a3"]) {
      reader.session.push(letter, text);
    }
    await test.settled();
    await fallBehind(test, reader);
    reader.session.push(letter, "a4");
    reader.session.push(letter, "a5");
    await readOn(test, reader);
    reader.session.push(letter, "a6");
    await test.settled();
    expect(reader.heard).toEqual(["a1", "a2", "a3", "under way", "blocks", "a5", "a6"]);
  });

  it("are encoded once for all, and asked for their key once", async () => {
    const { codec, encoded } = countingCodec();
    let asked = 0;
    const overflow: Overflow<string> = { policy: "conflate", key: () => asked++ };
    const counted: PushDefinition<string> = { ...letter, message: codec, overflow };
    const test = await start();
    const readers = [];
    for (let index = 0; index < 6; index++) {
      readers.push(await readerOf(test));
    }
    for (const reader of readers.slice(0, 4)) {
      await fallBehind(test, reader);
    }
    expect(sendPush(test.server.everyone, counted, "once")).toBe(6);
    await test.settled();
    expect([encoded, asked]).toEqual([{ protobuf: 1, json: 0 }, 1]);
    for (const reader of readers) {
      await readOn(test, reader);
      expect(reader.heard.at(-1)).toBe("once");
    }
  });

  it("go through the outbound steps, each client's its own", async () => {
    const test = await start();
    const readers = [await readerOf(test), await readerOf(test)] as const;
    test.server.outbound.pushBack((session, message) => {
      if (message.route === letter.route && session === readers[0].session) {
        message.payload = new TextEncoder().encode("changed");
      }
    });
    for (const reader of readers) {
      await fallBehind(test, reader);
    }
    sendPush(test.server.everyone, letter, "as sent");
    for (const reader of readers) {
      await readOn(test, reader);
    }
    expect(readers.map(({ heard }) => heard.at(-1))).toEqual(["changed", "as sent"]);
  });

  it("close a client when more keys wait than its outbox holds", async () => {
    const test = await start({ maxOutboxMessages: 16 });
    const reader = await readerOf(test);
    await fallBehind(test, reader);
    const letters = [..."abcdefghijklmnopqrst"];
    const queued = letters.map((text) => reader.session.push(letter, text));
    expect(queued.filter((count) => count === 1)).toHaveLength(15);
    await test.settled();
    expect(test.server.counters.closed).toEqual({ outbox_overflow: 1 });
  });
});

describe("a push that no outbox holds, while its client does not read", () => {
  it.each([["close", close] as const, ["drop", drop] as const, ["conflate", newest] as const])(
    "is the sender's error, and closes nobody: %s",
    async (_policy, method) => {
      const test = await start({ maxOutboxBytes: 1_024 });
      const reader = await readerOf(test);
      await fallBehind(test, reader);
      expect(() => reader.session.push(method, "x".repeat(1_100))).toThrow(/is larger than maxOutboxBytes 1024$/);
      expect(reader.session.waiting.messages).toBe(1);
      expect(reader.session.push(method, "small")).toBe(1);
      await readOn(test, reader);
      expect(reader.heard).toEqual(["under way", "blocks", "small"]);
    },
  );
});

describe.each<[string, () => Transport]>([
  ["tcp", () => tcp(loopback)],
  ["tls", () => tcp({ ...loopback, tls })],
  ["ws", () => ws(loopback)],
  ["wss", () => ws({ ...loopback, tls })],
])("a client that does not read, over %s", (_name, transport) => {
  it("is told all that must come, in order, and the newest of each key", async () => {
    const test = await startServer({ transport: transport(), maxOutboxBytes: 100_000_000 });
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    const [session] = test.server.sessions() as [Session];
    client.link.stopReading();
    let drained = 0;
    session.onUnblocked(() => void drained++);
    let fillers = 0;
    // A turn each: what the operating system takes for a client that does not read has an end.
    while (!session.blocked) {
      session.push(close, `${fillers++}`.padEnd(60_000));
      await turn();
    }
    const before = session.waiting.messages;
    for (let index = 0; index < 1_000; index++) {
      session.push(index % 100 === 0 ? close : letter, `${"abc"[index % 3]}${index}`);
    }
    expect(session.waiting.messages - before).toBe(10 + 3);
    expect(drained).toBe(0);
    client.link.readOn();
    const messages = await client.messages(fillers + 10 + 3);
    const texts = messages.map(({ text }) => text.trim());
    expect(texts.slice(0, fillers)).toEqual(Array.from({ length: fillers }, (_, index) => String(index)));
    expect(texts.slice(fillers)).toEqual([
      ...Array.from({ length: 10 }, (_, index) => `${"abc"[index % 3]}${index * 100}`),
      "b997",
      "c998",
      "a999",
    ]);
    await until(() => !session.blocked && session.waiting.messages === 0);
    expect(drained).toBeGreaterThan(0);
    expect(test.server.counters).toMatchObject({ replacedPushes: 990 - 3, closed: {} });
  });
});

describe("a client, however it reads and whatever is pushed", () => {
  it("hears what was sent in order, all of what must come, and at last the newest of each key; what waits is bounded", async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant("push" as const),
          kind: fc.constantFrom("close" as const, "drop" as const, "letter" as const, "newest" as const),
          letter: fc.constantFrom("a", "b", "c"),
          length: fc.nat(60),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constantFrom("stop" as const, "start" as const, "settle" as const) }),
      },
    );
    const pushes = { close, drop, letter, newest };
    const maxOutboxBytes = 2_000;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const test = await start({ maxOutboxBytes });
        const { client, session, heard } = await readerOf(test);
        const must: string[] = [];
        const last = new Map<string, string>();
        let number = 0;
        for (const each of steps) {
          switch (each.do) {
            case "stop":
              client.stopReading();
              break;
            case "start":
              client.startReading();
              break;
            case "settle":
              await test.settled();
              break;
            default: {
              const text = `${each.letter}${String(number++).padStart(4, "0")}${"x".repeat(each.length)}`;
              const isQueued = session.push(pushes[each.kind], text) === 1;
              if (isQueued && (each.kind === "close" || each.kind === "drop")) {
                must.push(text);
              } else if (isQueued) {
                last.set(each.kind === "letter" ? each.letter : "newest", text);
              }
            }
          }
          expect(session.waiting.bytes).toBeLessThanOrEqual(maxOutboxBytes);
        }
        const { closed } = session;
        client.startReading();
        await test.settled();
        const order = heard.map((text) => Number(text.slice(1, 5)));
        expect(order).toEqual([...order].sort((a, b) => a - b));
        expect(new Set(order).size).toBe(order.length);
        const missing = [...must, ...last.values()].filter((text) => !heard.includes(text));
        expect(closed || session.closed ? [] : missing).toEqual([]);
        await test.stop();
      }),
      { numRuns: 40 },
    );
  });
});
