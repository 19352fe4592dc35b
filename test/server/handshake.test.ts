import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { HandshakeRequest } from "../../runtime/protocol/handshake.js";
import type { HandshakeContext } from "../../runtime/server/options.js";
import { concat, hex } from "../protocol/hex.js";
import { type Client, errorIn, packet, plainHandshake, request } from "../support/client.js";
import { startServer, type TestServer, type TestServerOptions } from "../support/server.js";
import { echo, pushOf, type Services, textWithoutJson } from "../support/service.js";
import { defer, turn, until } from "../support/wait.js";

/** Brings a client into a state. */
type Bring = (test: TestServer) => Promise<Client>;

const states: Record<string, Bring> = {
  handshake: (test) => test.open(),
  judging: async (test) => {
    const client = await test.open();
    client.send(packet(1, '{"user":"wait"}'));
    await until(() => test.log.lines.some(({ message }) => message === "judging"));
    return client;
  },
  ack: async (test) => {
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    await client.answer();
    return client;
  },
  working: (test) => test.enter(),
};

const packets: Record<string, Uint8Array> = {
  "a handshake": packet(1, plainHandshake),
  "an ack": packet(2),
  "a heartbeat": packet(3),
  data: request(1, "Echo.Say", "hi"),
  "a kick": packet(5, '{"reason":"you"}'),
};

/** Where each packet may come; everywhere else it closes the connection. */
const allowed: Record<string, readonly string[]> = {
  handshake: ["a handshake"],
  judging: [],
  ack: ["an ack"],
  working: ["a heartbeat", "data"],
};

const typeOf: Record<string, number> = { "a handshake": 1, "an ack": 2, "a heartbeat": 3, data: 4, "a kick": 5 };

/** A server that says in its log when it begins to judge without an end. */
async function judgingServer(): Promise<TestServer> {
  const told = defer<TestServer>();
  const test = await startServer({
    async onHandshake({ user }) {
      if (user === "wait") {
        (await told.promise).log.info({}, "judging");
        await new Promise(() => {});
      }
    },
  });
  told.resolve(test);
  return test;
}

describe("a packet that may not come in a state closes the connection", () => {
  const refused = Object.keys(states).flatMap((state) =>
    Object.keys(packets)
      .filter((name) => !allowed[state]?.includes(name))
      .map((name) => ({ state, name })),
  );

  it("is most of the table", () => {
    expect(refused).toHaveLength(16);
  });

  it.each(refused)("$name in the state $state", async ({ state, name }) => {
    const test = await judgingServer();
    const other = await test.enter();
    const client = await (states[state] as Bring)(test);
    client.send(packets[name] as Uint8Array);
    await client.ended;
    expect(client.packets.length).toBe(0);
    expect(test.server.counters.closed).toEqual({ unexpected_packet: 1 });
    expect(test.log.at("warn").map(({ fields }) => [fields["code"], fields["reason"]])).toEqual([
      ["unexpected_packet", `a packet of type ${typeOf[name]} came in the state ${state}`],
    ]);
    expect((await other.call(7, "Echo.Say", "still here")).text).toBe("still here");
    expect(test.server.counters.requests).toBe(1);
  });
});

describe("a handshake", () => {
  it("is answered, byte by byte as the protocol says", async () => {
    const test = await startServer({ heartbeatIntervalMs: 30_000, nodeId: 5 });
    const client = await test.open();
    client.send(`01 00 00 1d # a handshake of 29 bytes
      '{"sys":{"type":"a"},"user":1}'`);
    const answer = await client.answer();
    expect(answer).toEqual({
      code: 200,
      sys: {
        heartbeat: 30,
        servertime: Math.floor(test.clock.now() / 1_000),
        serializer: "protobuf",
        dictVersion: "v1",
        dict: { "Echo.Say": 1 },
      },
    });
    expect(test.server.sessions()).toEqual([]);
    client.send("02 00 00 00");
    await until(() => test.server.counters.sessions === 1);
    expect(test.server.sessions()[0]?.handshake).toEqual({ sys: { type: "a" }, user: 1 });
  });

  it("and the ack may come in one piece with the first messages", async () => {
    const test = await startServer();
    const client = await test.open();
    client.send(concat(packet(1, "{}"), packet(2), request(1, "Echo.Say", "a"), request(2, "Echo.Say", "b")));
    expect((await client.answer()).code).toBe(200);
    expect((await client.messages(2)).map(({ text }) => text)).toEqual(["a", "b"]);
  });

  it("may say next to nothing", async () => {
    const test = await startServer();
    const client = await test.enter("{}");
    expect(client.answered.code).toBe(200);
    await client.call(1, "Echo.Say");
    expect(test.server.sessions()[0]?.handshake).toEqual({ sys: {}, user: null });
  });

  it("may say nothing at all, as that of nano's client in Go", async () => {
    const test = await startServer();
    const client = await test.enter("");
    expect(client.answered.code).toBe(200);
    await client.call(1, "Echo.Say", "x");
    expect(test.server.sessions()[0]?.handshake).toEqual({ sys: {}, user: null, isEmpty: true });
  });

  it("has a heartbeat of 0 seconds where there are none, and of a fraction where there is one", async () => {
    const none = await startServer({ heartbeatIntervalMs: 0 });
    expect((await none.enter()).answered.sys.heartbeat).toBe(0);
    const short = await startServer({ heartbeatIntervalMs: 500 });
    expect((await short.enter('{"sys":{"type":"nanowire"}}')).answered.sys.heartbeat).toBe(0.5);
  });

  describe("that is refused by what it is", () => {
    it.each([
      ["no JSON", "hello", "the handshake is not JSON in UTF-8"],
      ["no object", "[1]", "the handshake is not an object"],
      ["a sys that is none", '{"sys":7}', "sys is not an object"],
      ["a version that is no text", '{"sys":{"version":1}}', "sys.version is not a string"],
      ["nested too deeply", "[".repeat(33), "the handshake is nested deeper than 32 levels"],
    ])("%s", async (_what, body, reason) => {
      const test = await startServer();
      const client = await test.open();
      client.send(packet(1, body));
      expect(await client.answer()).toEqual({ code: 400, sys: {}, error: "invalid_handshake", reason });
      await client.ended;
      expect(test.server.counters).toMatchObject({ closed: { invalid_handshake: 1 }, sessions: 0 });
    });
  });

  it("that is larger than it may be is refused by its header", async () => {
    const test = await startServer({ maxHandshakeBytes: 100 });
    const client = await test.open();
    client.send("01 00 00 65 # 101 bytes, none of them sent");
    await client.ended;
    expect(client.packets.length).toBe(0);
    expect(test.log.at("warn").map(({ fields }) => fields["reason"])).toEqual([
      "packet of 101 bytes is larger than maxHandshakeBytes 100",
    ]);
    const other = await test.open();
    const padded = '{"user":""}'.replace('""', `"${"x".repeat(89)}"`);
    expect(padded).toHaveLength(100);
    other.send(packet(1, padded));
    expect((await other.answer()).code).toBe(200);
  });

  it("limits the packets up to the ack, and maxPacketBytes those after it", async () => {
    const test = await startServer({ maxHandshakeBytes: 100, maxPacketBytes: 1_000 });
    const client = await test.enter("{}");
    const payload = "x".repeat(1_000 - 1 - 1 - 9);
    expect((await client.call(1, "Echo.Say", payload)).text).toBe(payload);
    client.send(request(1, "Echo.Say", `${payload}x`).subarray(0, 4));
    await client.ended;
    expect(test.log.at("warn").map(({ fields }) => fields["reason"])).toEqual([
      "packet of 1001 bytes is larger than maxPacketBytes 1000",
    ]);
  });
});

describe("onHandshake", () => {
  it("judges what the client said and where it came from", async () => {
    const seen: [HandshakeRequest, string, string][] = [];
    const test = await startServer({
      onHandshake(handshake: HandshakeRequest, { transport, remoteAddress }: HandshakeContext) {
        seen.push([handshake, transport, remoteAddress]);
      },
    });
    await test.enter({ sys: { type: "x", platform: "mac", extra: [1] }, user: { token: "t" } });
    expect(seen).toEqual([
      [{ sys: { type: "x", platform: "mac", extra: [1] }, user: { token: "t" } }, "memory", "memory"],
    ]);
  });

  it.each([
    ["a value", () => ({ hello: "you" }), { hello: "you" }],
    ["null", () => null, null],
    ["a promise of a value", async () => ["later"], ["later"]],
  ])("may return %s, the user of the answer", async (_what, onHandshake: () => unknown, user) => {
    const test = await startServer({ onHandshake });
    expect((await test.enter()).answered).toMatchObject({ code: 200, user });
  });

  it.each([
    ["nothing", () => undefined],
    ["a promise of nothing", async () => {}],
  ])("may return %s: the answer has no user", async (_what, onHandshake: () => unknown) => {
    const test = await startServer({ onHandshake });
    expect((await test.enter()).answered).not.toHaveProperty("user");
  });

  const banned = new NanowireError("banned", "until tomorrow", { details: { hours: "24" } });
  const secret = new Error("the password of the database is 1234");

  it.each([
    ["throws a NanowireError", () => fail(banned), "banned", "until tomorrow"],
    ["rejects with one", () => Promise.reject(banned), "banned", "until tomorrow"],
    ["throws anything else", () => fail(secret), "handshake_refused", "the server refused the handshake"],
    [
      "rejects with anything else",
      () => Promise.reject(secret),
      "handshake_refused",
      "the server refused the handshake",
    ],
    ["throws what is no error", () => fail(undefined), "handshake_refused", "the server refused the handshake"],
  ])("refuses when it %s", async (_how, onHandshake: () => unknown, error, reason) => {
    const test = await startServer({ onHandshake });
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    expect(await client.answer()).toEqual({ code: 400, sys: {}, error, reason });
    await client.ended;
    expect(client.packets.length).toBe(0);
    expect(test.server.counters).toMatchObject({ closed: { [error]: 1 }, sessions: 0, open: 0 });
    expect(test.log.at("warn").map(({ fields }) => [fields["code"], fields["reason"]])).toEqual([[error, reason]]);
  });

  it("that fails by mistake is logged with what it threw, which the client is not told", async () => {
    const test = await startServer({ onHandshake: () => fail(secret) });
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    expect(JSON.stringify(await client.answer())).not.toContain("1234");
    expect(test.log.at("error").map(({ fields }) => fields["error"])).toEqual([secret]);
  });

  it("that refuses on purpose is no failure of the server's", async () => {
    const test = await startServer({ onHandshake: () => Promise.reject(banned) });
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    await client.ended;
    expect(test.log.at("error")).toEqual([]);
  });

  it.each([
    ["a bigint", 1n],
    ["a circle", circle()],
  ])("that returns %s, which JSON cannot say, closes the connection", async (_what, user: unknown) => {
    const test = await startServer({ onHandshake: () => user });
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    await client.ended;
    expect(test.server.counters.closed).toEqual({ internal: 1 });
  });

  it("is waited for: nothing goes past it, and then the ack may come", async () => {
    const judgement = defer<string>();
    const test = await startServer({ onHandshake: () => judgement.promise });
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    await turn();
    expect(client.packets.length).toBe(0);
    judgement.resolve("welcome");
    expect((await client.answer()).user).toBe("welcome");
    client.send(packet(2));
    expect((await client.call(1, "Echo.Say", "x")).text).toBe("x");
  });

  it.each([
    ["is kept", (judgement: PromiseWithEnds) => judgement.resolve(undefined)],
    ["is broken", (judgement: PromiseWithEnds) => judgement.reject(new Error("late"))],
  ])("of a client that is gone changes nothing when it %s", async (_how, settle) => {
    const judgement = defer<unknown>();
    const test = await startServer({ onHandshake: () => judgement.promise });
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    await turn();
    client.link.destroy();
    await until(() => test.server.counters.open === 0);
    settle(judgement);
    await turn();
    expect(test.server.counters).toMatchObject({ closed: { connection_lost: 1 }, sessions: 0, open: 0 });
  });
});

interface PromiseWithEnds {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

describe("the handshake's time", () => {
  const options = { handshakeTimeoutMs: 1_000 };

  it.each(["handshake", "ack"])("closes a client that stays in the state %s", async (state) => {
    const test = await startServer(options);
    const client = await (states[state] as Bring)(test);
    test.clock.step(1_000);
    await turn();
    expect(client.endings).toBe(0);
    test.clock.step(250);
    await client.ended;
    expect(test.server.counters.closed).toEqual({ handshake_timeout: 1 });
    expect(test.log.at("warn").map(({ fields }) => fields["reason"])).toEqual(["no ack after 1000 ms"]);
  });

  it("closes a client whose judgement does not end", async () => {
    const test = await startServer({ ...options, onHandshake: () => new Promise(() => {}) });
    const client = await test.open();
    client.send(packet(1, plainHandshake));
    await turn();
    test.clock.step(1_250);
    await client.ended;
    expect(test.server.counters.closed).toEqual({ handshake_timeout: 1 });
  });

  it("is not extended by a client that drips bytes", async () => {
    const test = await startServer(options);
    const client = await test.open();
    const whole = packet(1, plainHandshake);
    for (let step = 0; step < 12; step++) {
      client.send(whole.slice(step, step + 1));
      await turn();
      test.clock.step(100);
      expect(client.endings).toBe(0);
    }
    client.send(whole.slice(12, 13));
    await turn();
    test.clock.step(100);
    await client.ended;
    expect(test.server.counters.closed).toEqual({ handshake_timeout: 1 });
  });

  it("is over with the ack", async () => {
    const test = await startServer(options);
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    test.clock.step(100_000);
    expect((await client.call(2, "Echo.Say", "still")).text).toBe("still");
  });

  it("is each client's own", async () => {
    const test = await startServer(options);
    const first = await test.open();
    test.clock.step(750);
    const second = await test.open();
    test.clock.step(500);
    await first.ended;
    await turn();
    expect(second.endings).toBe(0);
    test.clock.step(750);
    await second.ended;
    expect(test.server.counters.closed).toEqual({ handshake_timeout: 2 });
  });
});

describe("the serializer", () => {
  const json = { request: '{"text":"hi"}', response: '{"text":"hi"}' };
  const binary = { request: "hi", response: "hi" };

  it.each([
    ["auto", { type: "test" }, "protobuf", binary],
    ["auto", { type: "js-websocket" }, "json", json],
    ["auto", { type: "js-socket" }, "json", json],
    ["auto", { type: "nanowire", serializer: "json" }, "json", json],
    ["auto", { type: "js-websocket", serializer: "protobuf" }, "protobuf", binary],
    ["auto", { type: "js-websocket", serializer: "msgpack" }, "json", json],
    ["auto", { platform: "mac", libVersion: "0.3.5" }, "protobuf", binary],
    ["auto", {}, "protobuf", binary],
    ["json", { type: "test", serializer: "protobuf" }, "json", json],
    ["protobuf", { type: "js-websocket", serializer: "json" }, "protobuf", binary],
  ] as const)("with the option %s is for %j %s", async (serializer, sys, expected, form) => {
    const test = await startServer({ serializer });
    const client = await test.enter({ sys });
    expect(client.answered.sys.serializer).toBe(expected);
    expect((await client.call(1, "Echo.Say", form.request)).text).toBe(form.response);
  });

  const withoutJson: Services = {
    Echo: {
      Say: (_session, text) => text,
      Bare: { handle: (_session, text) => text, response: textWithoutJson },
    },
  };

  it("cannot be JSON where a message was generated without: the client is refused", async () => {
    const test = await startServer({ services: withoutJson });
    const client = await test.open();
    client.send(packet(1, '{"sys":{"type":"js-websocket"}}'));
    expect(await client.answer()).toEqual({
      code: 400,
      sys: {},
      error: "handshake_refused",
      reason: "the server was generated without JSON; the client asks for it",
    });
    await client.ended;
    expect(test.server.counters.closed).toEqual({ handshake_refused: 1 });
    const other = await test.enter();
    expect((await other.call(1, "Echo.Bare", "x")).text).toBe("x");
  });

  it("is asked before the application is", async () => {
    let asked = 0;
    const test = await startServer({ services: withoutJson, onHandshake: () => void asked++ });
    const client = await test.open();
    client.send(packet(1, '{"sys":{"serializer":"json"}}'));
    await client.ended;
    expect(asked).toBe(0);
  });

  it("makes error replies too", async () => {
    const test = await startServer();
    const browser = await test.enter({ sys: { type: "js-websocket" } });
    expect(JSON.parse((await browser.call(1, "No.Such")).text)).toEqual({
      code: "unknown_route",
      msg: "no component has the route No.Such",
      metadata: {},
    });
    const native = await test.enter();
    expect(errorIn((await native.call(1, "No.Such")).payload).code).toBe("unknown_route");
  });
});

describe("the dictionary", () => {
  const dict = { "Echo.Say": 1, "Events.Told": 2 };
  const options: TestServerOptions = { services: echo, extraRoutes: ["Events.Told"] };

  it("is sent to a client that names no hash, or another's", async () => {
    const test = await startServer(options);
    expect((await test.enter("{}")).answered.sys).toMatchObject({ dict, dictVersion: "v1" });
    expect((await test.enter({ sys: { dictVersion: "v0" } })).answered.sys).toMatchObject({ dict, dictVersion: "v1" });
  });

  it("is not sent to a client that names its hash", async () => {
    const test = await startServer(options);
    const { sys } = (await test.enter({ sys: { dictVersion: "v1" } })).answered;
    expect(sys).not.toHaveProperty("dict");
    expect(sys.dictVersion).toBe("v1");
  });

  it("is absent when there is none", async () => {
    const test = await startServer({ components: [] });
    expect((await test.enter()).answered.sys).not.toHaveProperty("dict");
  });

  it.each([
    ["names its hash", { sys: { dictVersion: "v1" } }, "code"],
    ["is a browser's", { sys: { type: "js-websocket" } }, "code"],
    ["is ours", { sys: { type: "nanowire" } }, "code"],
    ["is libpitaya's", { sys: { platform: "mac", libVersion: "0.3.5", clientVersion: "1" } }, "full"],
    ["names another hash", { sys: { dictVersion: "v0" } }, "full"],
    ["says nothing of itself", {}, "full"],
  ])("is used in pushes to a client that %s: %s", async (_who, handshake, form) => {
    const test = await startServer(options);
    const client = await test.enter(handshake);
    await until(() => test.server.counters.sessions === 1);
    test.server.sessions()[0]?.push(pushOf("Events.Told", 2), "x");
    const { code, route } = await client.message();
    expect({ code, route }).toEqual(
      form === "code" ? { code: 2, route: undefined } : { code: undefined, route: "Events.Told" },
    );
  });

  it("is used in pushes to libpitaya once it has sent a code itself", async () => {
    const test = await startServer(options);
    const client = await test.enter({ sys: { platform: "mac", libVersion: "0.3.5" } });
    await client.call(1, "Echo.Say");
    const [session] = test.server.sessions();
    session?.push(pushOf("Events.Told", 2), "x");
    expect(await client.message()).toMatchObject({ route: "Events.Told", flag: 0x06 });
    await client.call(2, 1);
    session?.push(pushOf("Events.Told", 2), "x");
    expect(await client.message()).toMatchObject({ code: 2, flag: 0x07, text: "x" });
  });
});

it("every handshake of the pages that describe the peers is taken", async () => {
  const test = await startServer();
  const answers = await Promise.all(
    [
      '{"sys":{"type":"js-websocket","version":"0.0.1","rsa":{}},"user":{}}',
      '{"sys":{"type":"js-websocket","version":"0.0.1","rsa":{}},"user":null}',
      '{"sys":{"platform":"mac","libVersion":"0.3.5-release","clientBuildNumber":"20","clientVersion":"2.1"},"user":{"age":30}}',
      '{"sys":{"platform":"mac","libVersion":"0.3.5-release","clientBuildNumber":"20","clientVersion":null}}',
    ].map(async (handshake) => (await test.enter(handshake)).answered.code),
  );
  expect(answers).toEqual([200, 200, 200, 200]);
});

it("a handshake as bytes that are no UTF-8 is refused", async () => {
  const test = await startServer();
  const client = await test.open();
  client.send(packet(1, hex("'{\"user\":\"' ff '\"}'")));
  expect((await client.answer()).error).toBe("invalid_handshake");
});

function fail(error: unknown): never {
  throw error;
}

function circle(): unknown {
  const ring: { self?: unknown } = {};
  ring.self = ring;
  return ring;
}
