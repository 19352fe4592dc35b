import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { concat, hex } from "../protocol/hex.js";
import { type Client, errorIn, notify, packet, request } from "../support/client.js";
import { startServer, type TestServer, transportNames } from "../support/server.js";
import type { Services } from "../support/service.js";
import { defer, turn, until } from "../support/wait.js";

/** What a stranger sends, and what it costs him. */
interface Bad {
  readonly name: string;
  /** Annotated hex, or bytes. */
  readonly bytes: string | Uint8Array;
  /** Sent before there was a handshake. */
  readonly fresh?: true;
  readonly code: string;
  readonly reason: string | RegExp;
}

const deep = `{"user":${"[".repeat(1_000)}${"]".repeat(1_000)}}`;

const badInputs: readonly Bad[] = [
  {
    name: "packet type 0",
    bytes: "00 00 00 00",
    code: "invalid_packet_type",
    reason: "packet type 0 is not one of 1 to 5",
  },
  { name: "packet type 6", bytes: "06", code: "invalid_packet_type", reason: "packet type 6 is not one of 1 to 5" },
  { name: "packet type 255", bytes: "ff ff ff ff", code: "invalid_packet_type", reason: /^packet type 255 / },
  {
    name: "packet type 71, which is an HTTP request's G",
    bytes: "'GET / HTTP/1.1' 0d 0a 0d 0a",
    fresh: true,
    code: "invalid_packet_type",
    reason: /^packet type 71 /,
  },
  {
    name: "a length over maxPacketBytes, of which only the header is there",
    bytes: "04 01 00 01",
    code: "packet_too_large",
    reason: "packet of 65537 bytes is larger than maxPacketBytes 65536",
  },
  {
    name: "a length over maxHandshakeBytes, of which only the header is there",
    bytes: "01 00 10 01",
    fresh: true,
    code: "packet_too_large",
    reason: "packet of 4097 bytes is larger than maxHandshakeBytes 4096",
  },
  {
    name: "data before the handshake",
    bytes: request(1, "Test.Echo", "x"),
    fresh: true,
    code: "unexpected_packet",
    reason: "a packet of type 4 came in the state handshake",
  },
  {
    name: "data before the ack",
    bytes: concat(packet(1, "{}"), request(1, "Test.Echo", "x")),
    fresh: true,
    code: "unexpected_packet",
    reason: "a packet of type 4 came in the state ack",
  },
  {
    name: "an ack without a handshake",
    bytes: packet(2),
    fresh: true,
    code: "unexpected_packet",
    reason: /handshake$/,
  },
  { name: "a second handshake", bytes: packet(1, "{}"), code: "unexpected_packet", reason: /working$/ },
  { name: "a second ack", bytes: packet(2), code: "unexpected_packet", reason: /working$/ },
  { name: "a kick", bytes: packet(5, "{}"), code: "unexpected_packet", reason: /type 5 .* working$/ },
  {
    name: "a message of nothing",
    bytes: packet(4),
    code: "invalid_message",
    reason: "a message of 0 bytes has no flag",
  },
  {
    name: "an id that does not end",
    bytes: "04 00 00 04  00 80 80 80",
    code: "invalid_message",
    reason: "the message's id does not end",
  },
  {
    name: "an id of 11 bytes",
    bytes: "04 00 00 0c  00 ff ff ff ff ff ff ff ff ff ff 01",
    code: "invalid_message",
    reason: "the message's id has more than 64 bits",
  },
  {
    name: "a compressed route with one byte left",
    bytes: "04 00 00 03  01 01 00 # a request, id 1, half a code",
    code: "invalid_message",
    reason: "a compressed route has 1 of its 2 bytes",
  },
  {
    name: "a notify whose compressed route has one byte left: the message that crashes nano",
    bytes: "04 00 00 02  03 00",
    code: "invalid_message",
    reason: "a compressed route has 1 of its 2 bytes",
  },
  {
    name: "a request that ends behind its id: the message that crashes pitaya",
    bytes: "04 00 00 02  00 01",
    code: "invalid_message",
    reason: "the message ends before its route",
  },
  {
    name: "a route that is shorter than it says",
    bytes: "04 00 00 05  02 0a 'abc'",
    code: "invalid_message",
    reason: "the route has 3 of its 10 bytes",
  },
  {
    name: "a route that is no UTF-8",
    bytes: "04 00 00 03 02 01 ff",
    code: "invalid_message",
    reason: "the route is not UTF-8",
  },
  {
    name: "a code that nobody knows",
    bytes: "04 00 00 04  01 01 03 e7",
    code: "unknown_code",
    reason: "route code 999 is not in the dictionary",
  },
  {
    name: "a code that nobody knows, in a notify",
    bytes: "04 00 00 03  03 ff ff",
    code: "unknown_code",
    reason: "route code 65535 is not in the dictionary",
  },
  { name: "the code 0", bytes: "04 00 00 03  03 00 00", code: "invalid_message", reason: "the route code is 0" },
  ...[4, 5, 6, 7].map((type) => ({
    name: `message type ${type}`,
    bytes: packet(4, Uint8Array.of(type << 1, 1, 1, 0x61)),
    code: "invalid_message",
    reason: `message flag 0b${(type << 1).toString(2)} has a type or a bit that does not exist`,
  })),
  {
    name: "a bit that is reserved",
    bytes: "04 00 00 03 42 01 61",
    code: "invalid_message",
    reason: /^message flag 0b1000010 /,
  },
  {
    name: "the other one",
    bytes: "04 00 00 03 82 01 61",
    code: "invalid_message",
    reason: /^message flag 0b10000010 /,
  },
  {
    name: "a response",
    bytes: "04 00 00 02 04 01",
    code: "invalid_message",
    reason: "a client sent a response or a push",
  },
  {
    name: "a push",
    bytes: "04 00 00 03 06 01 61",
    code: "invalid_message",
    reason: "a client sent a response or a push",
  },
  {
    name: "a request with the id 0",
    bytes: request(0, "Test.Echo"),
    code: "invalid_message",
    reason: "a request has the id 0",
  },
  {
    name: "a request with the id 0 in two bytes",
    bytes: "04 00 00 05  00 80 00 01 61",
    code: "invalid_message",
    reason: "a request has the id 0",
  },
  {
    name: "a handshake that is no JSON",
    bytes: packet(1, "{sys"),
    fresh: true,
    code: "invalid_handshake",
    reason: "the handshake is not JSON in UTF-8",
  },
  {
    name: "a handshake that is nested deeply",
    bytes: packet(1, deep),
    fresh: true,
    code: "invalid_handshake",
    reason: "the handshake is nested deeper than 32 levels",
  },
  {
    name: "a handshake that is huge",
    bytes: packet(1, JSON.stringify({ user: "x".repeat(60_000) })),
    fresh: true,
    code: "packet_too_large",
    reason: "packet of 60011 bytes is larger than maxHandshakeBytes 4096",
  },
];

const never = defer<string>();

const services: Services = {
  Test: {
    Echo: (_session, text) => text,
    Throw: () => {
      throw new Error("secret text of the handler");
    },
    Reject: () => Promise.reject(new TypeError("secret text of the handler")),
    RejectNothing: () => Promise.reject(undefined),
    ThrowText: () => {
      throw "secret text of the handler";
    },
    Refuse: () => {
      throw new NanowireError("room_full", "the room holds 8 already", { details: { most: "8" } });
    },
    Never: { handle: () => never.promise, timeoutMs: 1_000 },
    Tell: { handle: () => Promise.reject(new Error("a notify's failure")), kind: "notify" },
  },
};

describe.each(transportNames)("over %s", (transport) => {
  let test: TestServer;
  let witness: Client;

  // One server for all of it: none of this may leave a trace for what comes after.
  beforeAll(async () => {
    test = await startServer({ transport, services, keepRunning: true });
    witness = await test.enter();
  });
  afterAll(() => test.server.stop());

  let before: TestServer["server"]["counters"];
  beforeEach(() => {
    before = test.server.counters;
    test.log.lines.length = 0;
  });
  afterEach(async () => {
    // The witness goes on being served, whatever the others do.
    expect((await witness.call(1, "Test.Echo", "served")).text).toBe("served");
    expect(witness.endings).toBe(0);
  });

  function closedSince(code: string): number {
    return (test.server.counters.closed[code] ?? 0) - (before.closed[code] ?? 0);
  }

  describe("bad input closes the connection that sent it, says why and counts it", () => {
    it.each(badInputs)("$name", async ({ bytes, fresh, code, reason }) => {
      const client = fresh === undefined ? await test.enter() : await test.open();
      client.send(concat(typeof bytes === "string" ? hex(bytes) : bytes));
      await client.ended;
      expect(closedSince(code)).toBe(1);
      const [line, ...others] = test.log.at("warn");
      expect(others).toEqual([]);
      expect(line?.fields["code"]).toBe(code);
      expect(line?.fields["reason"]).toEqual(typeof reason === "string" ? reason : expect.stringMatching(reason));
      expect(test.log.at("error")).toEqual([]);
      expect([client.endings, test.server.counters.requests]).toEqual([1, before.requests]);
    });
  });

  it("what stands before the bad input is handled, nothing behind it", async () => {
    const client = await test.enter();
    client.send(concat(request(1, "Test.Echo", "before"), packet(0x77), request(2, "Test.Echo", "behind")));
    expect((await client.message()).text).toBe("before");
    await client.ended;
    expect(client.packets.length).toBe(0);
    expect(test.server.counters.requests - before.requests).toBe(1);
  });

  it("a hundred bad clients at once leave no trace", async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => test.open()));
    for (const [index, client] of clients.entries()) {
      client.send(Uint8Array.of(6 + index));
    }
    await Promise.all(clients.map(({ ended }) => ended));
    expect(closedSince("invalid_packet_type")).toBe(100);
  });

  describe("a handler that fails costs its own request only", () => {
    const failures = [
      { method: "Throw", code: "internal", msg: "the server failed to handle the request" },
      { method: "ThrowText", code: "internal", msg: "the server failed to handle the request" },
      { method: "Reject", code: "internal", msg: "the server failed to handle the request" },
      { method: "RejectNothing", code: "internal", msg: "the server failed to handle the request" },
      { method: "Refuse", code: "room_full", msg: "the room holds 8 already", metadata: { most: "8" } },
    ];

    it.each(failures)("$method is answered with $code", async ({ method, code, msg, metadata = {} }) => {
      const client = await test.enter();
      client.send(concat(request(5, `Test.${method}`), request(6, "Test.Echo", "after")));
      const [failed, after] = await client.messages(2);
      expect([failed?.id, failed?.flag]).toEqual([5n, 0x24]);
      expect(errorIn(failed?.payload as Uint8Array)).toEqual({ code, msg, metadata });
      expect([after?.id, after?.text]).toEqual([6n, "after"]);
      expect((test.server.counters.failed[code] ?? 0) - (before.failed[code] ?? 0)).toBe(1);
      client.link.end();
    });

    it("one that never settles is answered when its time is over, and the session goes on", async () => {
      const client = await test.enter();
      client.send(concat(request(5, "Test.Never"), request(6, "Test.Echo", "after")));
      await until(() => test.server.counters.requests - before.requests === 2);
      test.clock.step(1_000);
      const [late, after] = await client.messages(2);
      expect(errorIn(late?.payload as Uint8Array)).toMatchObject({
        code: "deadline_exceeded",
        msg: "Test.Never took longer than 1000 ms",
      });
      expect([late?.id, after?.id, after?.text]).toEqual([5n, 6n, "after"]);
      client.link.end();
    });

    it("a notify's failure is logged and counted, and the session goes on", async () => {
      const client = await test.enter();
      client.send(concat(notify("Test.Tell"), request(6, "Test.Echo", "after")));
      expect((await client.message()).text).toBe("after");
      expect((test.server.counters.failed["internal"] ?? 0) - (before.failed["internal"] ?? 0)).toBe(1);
      expect(test.log.at("error").map(({ fields }) => [fields["route"], fields["error"]])).toEqual([
        ["Test.Tell", new Error("a notify's failure")],
      ]);
      client.link.end();
    });
  });
});

describe("over ws", () => {
  it("a text frame closes the connection that sent it with 1003, says why and counts it", async () => {
    const test = await startServer({ transport: "ws" });
    const witness = await test.enter();
    const client = await test.enter();
    (client.link as unknown as { frame(opcode: number, payload: Uint8Array): void }).frame(0x1, request(1, "Echo.Say"));
    expect(await client.ended).toEqual({ code: 1003, reason: "text_frame" });
    expect(test.server.counters).toMatchObject({ closed: { text_frame: 1 }, requests: 0 });
    expect(test.log.at("warn").map(({ fields }) => [fields["code"], fields["reason"]])).toEqual([
      ["text_frame", "a text frame came where only binary frames may"],
    ]);
    expect((await witness.call(1, "Echo.Say", "served")).text).toBe("served");
  });

  it.each([
    ["unexpected_packet", packet(2), 1002],
    ["packet_too_large", hex("04 01 00 01"), 1009],
    ["invalid_message", packet(4), 1002],
    ["unknown_code", request(1, 999), 1002],
    ["invalid_packet_type", hex("09"), 1002],
  ])("a client is told %s in the close frame", async (reason, bytes, code) => {
    const test = await startServer({ transport: "ws" });
    const client = await test.enter();
    client.send(bytes);
    expect(await client.ended).toEqual({ code, reason });
  });

  it("a frame over the limit closes the connection with 1009", async () => {
    const test = await startServer({ transport: "ws", maxPacketBytes: 1_000, maxHandshakeBytes: 1_000 });
    const witness = await test.enter();
    const client = await test.enter();
    client.send(new Uint8Array(1_005));
    expect(await client.ended).toMatchObject({ code: 1009 });
    expect(test.server.counters.closed).toEqual({ packet_too_large: 1 });
    await witness.call(1, "Echo.Say");
  });
});

it("a body that was announced and does not come holds no memory that was not sent", async () => {
  const test = await startServer({ maxPacketBytes: 16_777_215 });
  const clients = await Promise.all(Array.from({ length: 200 }, () => test.enter()));
  const before = process.memoryUsage().arrayBuffers;
  for (const client of clients) {
    client.send("04 ff ff ff 00");
  }
  await turn();
  // 200 times 16 MiB were announced.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
});
