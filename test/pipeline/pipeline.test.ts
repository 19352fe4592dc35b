import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { type InboundStep, Pipeline } from "../../runtime/pipeline/pipeline.js";
import { Group } from "../../runtime/session/group.js";
import { concat, hex, toHex } from "../protocol/hex.js";
import { errorIn, notify, request, textOf } from "../support/client.js";
import { startServer } from "../support/server.js";
import { countingCodec, pushOf, type Services } from "../support/service.js";
import { type Deferred, defer, turn, until } from "../support/wait.js";

const utf8 = new TextEncoder();
const told = pushOf("Events.Told", 9);

/** Services whose handler tells that it was called. */
function noting(handled: string[]): Services {
  return {
    A: {
      Do(_session, text) {
        handled.push(text);
        return `${text}!`;
      },
      Note: {
        handle(_session, text) {
          handled.push(`note ${text}`);
          return "";
        },
        kind: "notify",
      },
      Fail: () => {
        throw new NanowireError("no", "refused", { details: { k: "v" } });
      },
    },
  };
}

describe("Pipeline", () => {
  it("has its steps in order: pushBack behind, pushFront before all", () => {
    const [a, b, c] = [() => "a", () => "b", () => "c"];
    const pipeline = new Pipeline<() => string>();
    expect(pipeline.steps).toEqual([]);
    expect(pipeline.pushBack(b).pushBack(c).pushFront(a)).toBe(pipeline);
    expect(pipeline.steps).toEqual([a, b, c]);
  });

  it.each(["pushFront", "pushBack"] as const)("%s refuses what is no step: every message would fail", (add) => {
    const pipeline = new Pipeline<() => string>();
    expect(() => pipeline[add](undefined as unknown as () => string)).toThrow("step undefined is not a function");
    expect(pipeline.steps).toEqual([]);
  });
});

describe("the inbound pipeline", () => {
  it("sees every message before its handler, each step in its order", async () => {
    const handled: string[] = [];
    const step =
      (name: string): InboundStep =>
      ({ uid }, { kind, route, payload }) =>
        void handled.push(`${name} ${kind} ${route} ${textOf(payload)}${uid}`);
    const test = await startServer({
      services: noting(handled),
      prepare: ({ inbound }) => inbound.pushBack(step("second")).pushBack(step("third")).pushFront(step("first")),
    });
    const client = await test.enter();
    client.send(notify("A.Note", "n"));
    await client.call(1, "A.Do", "r");
    expect(handled).toEqual([
      "first notify A.Note n",
      "second notify A.Note n",
      "third notify A.Note n",
      "note n",
      "first request A.Do r",
      "second request A.Do r",
      "third request A.Do r",
      "r",
    ]);
  });

  it("may put another payload in the message's place, which the next step and the handler see", async () => {
    const handled: string[] = [];
    const append = (suffix: string) => (_session: unknown, message: { payload: Uint8Array }) => {
      message.payload = concat(message.payload, utf8.encode(suffix));
    };
    const test = await startServer({
      services: noting(handled),
      prepare: ({ inbound }) =>
        inbound
          .pushBack(append("1"))
          .pushBack(async (session, message) => append("2")(session, message))
          .pushBack(append("3")),
    });
    const client = await test.enter();
    expect((await client.call(1, "A.Do", "x")).text).toBe("x123!");
  });

  it("keeps a session's order while a step waits", async () => {
    const handled: string[] = [];
    const gates: Deferred<void>[] = [];
    const seen: string[] = [];
    const test = await startServer({
      services: noting(handled),
      prepare: ({ inbound }) =>
        inbound.pushBack((_session, { payload }) => {
          seen.push(textOf(payload));
          const gate = defer();
          gates.push(gate);
          return gate.promise;
        }),
    });
    const client = await test.enter();
    client.send(concat(request(1, "A.Do", "a"), request(2, "A.Do", "b"), request(3, "A.Do", "c")));
    for (const count of [1, 2, 3]) {
      await until(() => gates.length === count);
      await turn();
      expect([seen.length, handled.length]).toEqual([count, count - 1]);
      gates[count - 1]?.resolve();
    }
    expect((await client.messages(3)).map(({ text }) => text)).toEqual(["a!", "b!", "c!"]);
  });

  const meant = new NanowireError("stopped", "by the step", { details: { step: "2" } });
  const unmeant = new Error("secret");

  it.each([
    ["throws what is meant", () => fail(meant), { code: "stopped", msg: "by the step", metadata: { step: "2" } }],
    ["rejects with it", () => Promise.reject(meant), { code: "stopped", msg: "by the step", metadata: { step: "2" } }],
    ["throws anything else", () => fail(unmeant), { code: "internal", metadata: {} }],
    ["rejects with anything else", () => Promise.reject(unmeant), { code: "internal", metadata: {} }],
  ])("is the answer when a step %s: neither the next step nor the handler is called", async (_how, step, expected) => {
    const handled: string[] = [];
    const test = await startServer({
      services: noting(handled),
      prepare: ({ inbound }) =>
        inbound
          .pushBack((_session, { payload }) => (textOf(payload) === "stop" ? step() : undefined))
          .pushBack((_session, { payload }) => void handled.push(`next ${textOf(payload)}`)),
    });
    const client = await test.enter();
    client.send(concat(notify("A.Note", "stop"), request(1, "A.Do", "stop"), request(2, "A.Do", "go")));
    const [stopped, gone] = await client.messages(2);
    expect([stopped?.id, stopped?.flag]).toEqual([1n, 0x24]);
    expect(errorIn(stopped?.payload as Uint8Array)).toMatchObject(expected);
    expect([gone?.id, gone?.text]).toEqual([2n, "go!"]);
    expect(handled).toEqual(["next go", "go"]);
    expect(test.server.counters.failed).toEqual({ [expected.code]: 2 });
  });

  it("is part of the request's time, and the handler is not called when that is over", async () => {
    const handled: string[] = [];
    const gate = defer();
    const test = await startServer({
      services: noting(handled),
      requestTimeoutMs: 100,
      prepare: ({ inbound }) =>
        inbound.pushBack((_session, { payload }) => (textOf(payload) === "slow" ? gate.promise : undefined)),
    });
    const client = await test.enter();
    client.send(concat(request(1, "A.Do", "slow"), request(2, "A.Do", "next")));
    await until(() => test.server.counters.requests === 2);
    test.clock.step(100);
    const [late, next] = await client.messages(2);
    expect(errorIn(late?.payload as Uint8Array).code).toBe("deadline_exceeded");
    expect(next?.text).toBe("next!");
    gate.resolve();
    await turn();
    await turn();
    expect(handled).toEqual(["next"]);
  });

  it("sees the payload inflated", async () => {
    const { deflateSync } = await import("node:zlib");
    const seen: string[] = [];
    const test = await startServer({
      services: noting([]),
      prepare: ({ inbound }) => inbound.pushBack((_session, { payload }) => void seen.push(textOf(payload))),
    });
    const client = await test.enter();
    const body = concat(hex("10 01 04 'A.Do'"), deflateSync("inflated"));
    client.send(concat(Uint8Array.of(4, 0, 0, body.length), body));
    expect((await client.message()).text).toBe("inflated!");
    expect(seen).toEqual(["inflated"]);
  });

  it("does not see what is refused before: no route, a wrong kind, too many, not bound", async () => {
    const seen: string[] = [];
    const test = await startServer({
      services: {
        A: {
          Do: { handle: () => "", boundOnly: true },
          Often: { handle: () => "", rateLimit: { messages: 1, perMs: 1_000 } },
        },
      },
      prepare: ({ inbound }) => inbound.pushBack((_session, { route }) => void seen.push(route)),
    });
    const client = await test.enter();
    client.send(
      concat(request(1, "No.Such"), notify("A.Do"), request(2, "A.Do"), request(3, "A.Often"), request(4, "A.Often")),
    );
    await client.messages(4);
    expect(seen).toEqual(["A.Often"]);
  });
});

describe("the outbound pipeline", () => {
  it("sees every response, error and push, each step in its order", async () => {
    const seen: string[] = [];
    const test = await startServer({
      services: noting([]),
      prepare({ outbound }) {
        outbound.pushBack((_session, { kind, route, error, payload }) => {
          seen.push(`2 ${kind} ${route} ${error?.code ?? "fine"} ${error === undefined ? textOf(payload) : ""}`);
        });
        outbound.pushFront((_session, { kind }) => void seen.push(`1 ${kind}`));
      },
    });
    const client = await test.enter();
    await client.call(1, "A.Do", "x");
    await client.call(2, "A.Fail");
    await client.call(3, "No.Such");
    test.server.sessions()[0]?.push(told, "pushed");
    await client.message();
    expect(seen).toEqual([
      "1 response",
      "2 response A.Do fine x!",
      "1 response",
      "2 response A.Fail no ",
      "1 response",
      "2 response  unknown_route ",
      "1 push",
      "2 push Events.Told fine pushed",
    ]);
  });

  it("may put another payload in the message's place", async () => {
    const test = await startServer({
      services: noting([]),
      prepare: ({ outbound }) =>
        outbound
          .pushBack((_session, message) => {
            message.payload = concat(utf8.encode("<"), message.payload);
          })
          .pushBack((_session, message) => {
            message.payload = concat(message.payload, utf8.encode(">"));
          }),
    });
    const client = await test.enter();
    expect((await client.call(1, "A.Do", "x")).text).toBe("<x!>");
    test.server.sessions()[0]?.push(told, "p");
    expect(await client.message()).toMatchObject({ route: "Events.Told", text: "<p>" });
    const refused = await client.call(2, "A.Fail");
    expect([refused.flag, textOf(refused.payload.subarray(0, 1))]).toEqual([0x24, "<"]);
    expect(errorIn(refused.payload.slice(1, -1))).toMatchObject({ code: "no" });
  });

  it("changes a group's push for each member, and encodes it once", async () => {
    const { codec, encoded } = countingCodec();
    const test = await startServer({
      prepare: ({ outbound }) =>
        outbound.pushBack((session, message) => {
          message.payload = concat(message.payload, utf8.encode(session.uid));
        }),
    });
    const clients = [await test.enter(), await test.enter()];
    await until(() => test.server.counters.sessions === 2);
    const group = new Group("room");
    for (const [index, session] of test.server.sessions().entries()) {
      await session.bind(String(index));
      group.add(session);
    }
    group.push(pushOf("E.X", 9, codec), "for ");
    const texts = await Promise.all(clients.map(async (client) => (await client.message()).text));
    expect([texts, encoded.protobuf]).toEqual([["for 0", "for 1"], 1]);
  });

  it.each([
    ["is meant", new NanowireError("held", "not to you"), { code: "held", msg: "not to you", metadata: {} }],
    ["is not", new Error("secret"), { code: "internal", msg: "the server failed to handle the request", metadata: {} }],
  ])("is a response's answer when its error %s", async (_what, error, expected) => {
    const test = await startServer({
      services: noting([]),
      prepare: ({ outbound }) =>
        outbound.pushBack((_session, message) => (textOf(message.payload) === "stop!" ? fail(error) : undefined)),
    });
    const client = await test.enter();
    client.send(concat(request(1, "A.Do", "stop"), request(2, "A.Do", "go")));
    const [stopped, gone] = await client.messages(2);
    expect([stopped?.id, stopped?.flag]).toEqual([1n, 0x24]);
    expect(errorIn(stopped?.payload as Uint8Array)).toEqual(expected);
    expect([gone?.id, gone?.text]).toEqual([2n, "go!"]);
  });

  it("that fails on an error reply too cannot keep the request from its answer", async () => {
    const test = await startServer({
      services: noting([]),
      prepare: ({ outbound }) => outbound.pushBack(() => fail(new Error("always"))),
    });
    const client = await test.enter();
    client.send(concat(request(1, "A.Fail"), request(2, "A.Do", "x"), request(3, "No.Such")));
    const answers = await client.messages(3);
    expect(answers.map(({ id, flag }) => [id, flag])).toEqual(
      expect.arrayContaining([
        [1n, 0x24],
        [2n, 0x24],
        [3n, 0x24],
      ]),
    );
    const codes = Object.fromEntries(answers.map(({ id, payload }) => [String(id), errorIn(payload).code]));
    expect(codes).toEqual({ 1: "no", 2: "internal", 3: "unknown_route" });
    expect(test.server.counters.closed).toEqual({});
  });

  it("drops a push on whose way it fails, says so, and the next goes out", async () => {
    const error = new Error("not this one");
    const test = await startServer({
      prepare: ({ outbound }) =>
        outbound.pushBack((_session, { payload }) => (textOf(payload) === "drop" ? fail(error) : undefined)),
    });
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    const [session] = test.server.sessions();
    session?.push(told, "drop");
    session?.push(told, "keep");
    expect((await client.message()).text).toBe("keep");
    expect(test.log.at("error").map(({ fields }) => [fields["error"], fields["route"], fields["session"]])).toEqual([
      [error, "Events.Told", session?.id],
    ]);
    expect(test.server.counters.pushes).toBe(1);
  });

  it("sees nothing of handshakes, heartbeats and kicks", async () => {
    const seen: string[] = [];
    const test = await startServer({
      heartbeatIntervalMs: 1_000,
      prepare: ({ outbound }) => outbound.pushBack((_session, { kind }) => void seen.push(kind)),
    });
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    test.clock.step(1_000);
    test.server.sessions()[0]?.kick("out");
    await client.ended;
    expect(seen).toEqual(["response"]);
  });

  it("leaves what goes out byte for byte as it was when it changes nothing", async () => {
    const plain = await startServer({ services: noting([]) });
    const stepped = await startServer({ services: noting([]), prepare: ({ outbound }) => outbound.pushBack(() => {}) });
    const streams: string[] = [];
    for (const test of [plain, stepped]) {
      const client = await test.enter();
      client.deliveries.length = 0;
      await client.call(1, "A.Do", "x");
      await client.call(2, "A.Fail");
      test.server.sessions()[0]?.push(told, "p");
      await client.message();
      streams.push(client.deliveries.map(toHex).join(""));
    }
    expect(streams[1]).toBe(streams[0]);
  });
});

function fail(error: unknown): never {
  throw error;
}
