import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { MessageCodec } from "../../runtime/protocol/codec.js";
import { concat, hex, toHex } from "../protocol/hex.js";
import { errorIn, type Message, messageIn, notify, packet, request } from "../support/client.js";
import { startServer, type TestServer } from "../support/server.js";
import { type Services, textCodec } from "../support/service.js";
import { type Deferred, defer, turn, until } from "../support/wait.js";

const responseFlag = 0x04;
const errorFlag = 0x24;

/** A codec that cannot encode. */
const unencodable: Required<Omit<MessageCodec<string>, "redaction" | "wire">> = {
  protobuf: { ...textCodec.protobuf, encode: () => fail(new RangeError("the codec's secret")) },
  json: { ...textCodec.json, toJSON: () => fail(new RangeError("the codec's secret")) },
};

/** Pieces of work that wait to be settled by hand, in the order they began. */
class Works {
  readonly begun: string[] = [];
  readonly #works = new Map<string, Deferred<string>>();

  begin(text: string): Promise<string> {
    this.begun.push(text);
    const work = defer<string>();
    this.#works.set(text, work);
    return work.promise;
  }

  end(text: string): Deferred<string> {
    return this.#works.get(text) as Deferred<string>;
  }
}

const works = new Works();

const services: Services = {
  Test: {
    Echo: (_session, text) => text,
    Later: async (_session, text) => text,
    Wait: { handle: (_session, text) => works.begin(text), timeoutMs: 1_000 },
    Note: { handle: (_session, text) => works.begin(text).then(() => ""), kind: "notify" },
    Bad: { handle: (_session, text) => text, response: unencodable },
    Huge: () => "x".repeat(16_777_216),
    HugeError: () => fail(new NanowireError("huge", "y".repeat(16_777_216))),
    LateHugeError: () => Promise.reject(new NanowireError("huge", "y".repeat(16_777_216))),
    Odd: () => fail(new NanowireError("odd", "text", { details: { good: "1", bad: Object.create(null) as string } })),
    Scoped: () => fail(new NanowireError("odd", "a handler's error stays a request's", { scope: "connection" })),
    Thenable: (_session, text) => thenable(text),
    ThenThrows: () => thenThrows(),
  },
};

describe("a request's answer", () => {
  it("is, byte by byte, a response with its id", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    client.deliveries.length = 0;
    client.send(`04 00 00 0f  00 ac 02 # a request, id 300
      09 'Test.Echo' 'hi'`);
    await client.message();
    expect(client.deliveries.map(toHex)).toEqual([toHex(hex(`04 00 00 05  04 ac 02 'hi' # a response, id 300`))]);
  });

  it("is the same for a route in full and as a code", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    const code = test.server.dictionary.codeOf("Test.Echo") as number;
    expect((await client.call(1, "Test.Echo", "a")).text).toBe("a");
    expect((await client.call(2, code, "b")).text).toBe("b");
  });

  it.each([
    1n,
    127n,
    128n,
    16_383n,
    16_384n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 63n,
    2n ** 64n - 1n,
  ])("bears the id %d exactly", async (id) => {
    const test = await startServer({ services });
    const client = await test.enter();
    expect(await client.call(id, "Test.Echo", "x")).toMatchObject({ id, flag: responseFlag, text: "x" });
    expect(await client.call(id, "No.Such")).toMatchObject({ id, flag: errorFlag });
    expect(await client.call(id, "Test.Later", "y")).toMatchObject({ id, flag: responseFlag, text: "y" });
  });

  it("may be empty", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    client.deliveries.length = 0;
    await client.call(1, "Test.Echo");
    expect(client.deliveries.map(toHex)).toEqual(["040000020401"]);
  });

  it("does not bear an error's flag when the request did", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    client.send(packet(4, concat(hex("20 01 09 'Test.Echo' 'x'"))));
    expect(await client.message()).toMatchObject({ flag: responseFlag, text: "x" });
  });

  it("comes for the value of anything that can be awaited", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    expect((await client.call(1, "Test.Thenable", "x")).text).toBe("x");
    expect(errorOf(await client.call(2, "Test.ThenThrows"))).toMatchObject({ code: "internal" });
    expect((await client.call(3, "Test.Echo", "y")).text).toBe("y");
  });
});

describe("a request that cannot be answered with a value", () => {
  const cases = [
    ["of a route that nobody has", request(7, "No.Such"), "unknown_route", "no component has the route No.Such"],
    ["of no route", request(7, ""), "unknown_route", "no component has the route "],
    ["of a code whose route is a push's", request(7, 13), "unknown_route", "no component has the route Events.Told"],
    ["of a notify", request(7, "Test.Note"), "wrong_kind", "Test.Note is a notify"],
    [
      "that is no text",
      request(7, "Test.Echo", hex("ff fe")),
      "invalid_payload",
      "the payload of 2 bytes is no message of Test.Echo",
    ],
    [
      "whose answer cannot be encoded",
      request(7, "Test.Bad", "x"),
      "internal",
      "the server failed to handle the request",
    ],
    [
      "whose answer is too large",
      request(7, "Test.Huge"),
      "message_too_large",
      "a packet body of 16777218 bytes is larger than 16777215",
    ],
    [
      "that fails with an error of another scope",
      request(7, "Test.Scoped"),
      "odd",
      "a handler's error stays a request's",
    ],
  ] as const;

  it.each(cases)("%s is refused", async (_what, bytes, code, msg) => {
    const test = await startServer({ services, extraRoutes: ["Events.Told"] });
    const client = await test.enter();
    client.send(concat(bytes, request(8, "Test.Echo", "after")));
    const [refused, after] = await client.messages(2);
    expect([refused?.id, refused?.flag, errorOf(refused)]).toEqual([7n, errorFlag, { code, msg, metadata: {} }]);
    expect([after?.id, after?.text]).toEqual([8n, "after"]);
    expect(test.server.counters).toMatchObject({ requests: 2, failed: { [code]: 1 }, closed: {} });
  });

  it("knows the code of the push that the table asks for", async () => {
    const test = await startServer({ services, extraRoutes: ["Events.Told"] });
    expect(test.server.dictionary.routeOf(13)).toBe("Events.Told");
  });

  it("tells nothing of an error that was not meant for the client, and logs it", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    const answer = await client.call(1, "Test.Bad");
    expect(answer.text).not.toContain("secret");
    expect(test.log.at("error").map(({ fields }) => [fields["route"], fields["code"], fields["error"]])).toEqual([
      ["Test.Bad", "internal", new RangeError("the codec's secret")],
    ]);
  });

  it("says in the log which payload it was, but not what was in it", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    await client.call(1, "Test.Echo", concat(hex("'password' ff")));
    const [line] = test.log.at("debug");
    expect(line?.fields).toMatchObject({ route: "Test.Echo", code: "invalid_payload" });
    expect(JSON.stringify(line?.fields)).not.toContain("password");
  });

  it("bears its error as pitaya's protobuf, byte by byte", async () => {
    const test = await startServer({
      services: { A: { B: () => fail(new NanowireError("full", "no", { details: { k: "v", n: "8" } })) } },
    });
    const client = await test.enter();
    client.deliveries.length = 0;
    await client.call(1, "A.B");
    expect(client.deliveries.map(toHex)).toEqual([
      toHex(
        hex(`04 00 00 1c  24 01      # a response with flag E, id 1
             0a 04 'full'            # code
             12 02 'no'              # msg
             1a 06 0a 01 'k' 12 01 'v' # metadata, an entry each
             1a 06 0a 01 'n' 12 01 '8'`),
      ),
    ]);
  });

  it("bears its error as JSON where the client speaks it, byte by byte", async () => {
    const test = await startServer({
      services: { A: { B: () => fail(new NanowireError("full", "no", { details: { k: "v" } })) } },
    });
    const client = await test.enter({ sys: { serializer: "json" } });
    client.deliveries.length = 0;
    await client.call(1, "A.B");
    expect(client.deliveries.map(toHex)).toEqual([
      toHex(hex(`04 00 00 31  24 01 '{"code":"full","msg":"no","metadata":{"k":"v"}}'`)),
    ]);
  });

  it.each(["HugeError", "LateHugeError", "Odd"])(
    "and whose error cannot be sent either (%s) is answered all the same",
    async (method) => {
      const test = await startServer({ services });
      const client = await test.enter();
      client.send(concat(request(1, `Test.${method}`), request(2, "Test.Echo", "after")));
      const [refused, after] = await client.messages(2);
      expect([refused?.id, refused?.flag]).toEqual([1n, errorFlag]);
      expect(errorOf(refused)).toMatchObject({ code: "internal", metadata: {} });
      expect([after?.id, after?.text]).toEqual([2n, "after"]);
      expect(test.server.counters.closed).toEqual({});
    },
  );
});

describe("a notify", () => {
  it("is never answered: not its end, not its failure, not its refusal", async () => {
    const test = await startServer({ services, extraRoutes: ["Events.Told"] });
    const client = await test.enter();
    client.send(
      concat(
        notify("Test.Note", "noted"),
        notify("Test.Note", hex("ff")),
        notify("No.Such"),
        notify(13),
        notify("Test.Echo", "a request's route"),
      ),
    );
    await until(() => works.begun.includes("noted"));
    works.end("noted").resolve("an answer that nobody gets");
    expect(await client.call(9, "Test.Echo", "next")).toMatchObject({ id: 9n, text: "next" });
    expect(test.server.counters).toMatchObject({
      notifies: 5,
      requests: 1,
      failed: { invalid_payload: 1, unknown_route: 2, wrong_kind: 1 },
    });
  });
});

describe("a time-out", () => {
  async function waiting(
    text: string,
  ): Promise<{ test: TestServer; client: Awaited<ReturnType<TestServer["enter"]>> }> {
    const test = await startServer({ services });
    const client = await test.enter();
    client.send(request(1, "Test.Wait", text));
    await until(() => works.begun.includes(text));
    return { test, client };
  }

  it("answers when it is over, not before", async () => {
    const { test, client } = await waiting("t1");
    test.clock.step(999);
    await turn();
    expect(client.packets.length).toBe(0);
    test.clock.step(1);
    expect(errorOf(await client.message())).toEqual({
      code: "deadline_exceeded",
      msg: "Test.Wait took longer than 1000 ms",
      metadata: {},
    });
    expect(test.server.counters.failed).toEqual({ deadline_exceeded: 1 });
  });

  it.each([
    ["resolves", (work: Deferred<string>) => work.resolve("late")],
    ["rejects", (work: Deferred<string>) => work.reject(new Error("late"))],
  ])("is the only answer when the handler %s later", async (how, settle) => {
    const { test, client } = await waiting(`late ${how}`);
    test.clock.step(1_000);
    expect(errorOf(await client.message())).toMatchObject({ code: "deadline_exceeded" });
    settle(works.end(`late ${how}`));
    await turn();
    expect(await client.call(2, "Test.Echo", "next")).toMatchObject({ id: 2n, text: "next" });
    expect(client.packets.length).toBe(0);
    expect(test.server.counters.failed).toEqual({ deadline_exceeded: 1 });
  });

  it("is not due any more when the handler was in time", async () => {
    const { test, client } = await waiting("in time");
    const timers = test.clock.waiting;
    works.end("in time").resolve("value");
    expect((await client.message()).text).toBe("value");
    expect(test.clock.waiting).toBe(timers - 1);
    test.clock.step(10_000);
    await client.call(2, "Test.Echo");
    expect(test.server.counters.failed).toEqual({});
  });

  it("costs no timer for a handler that answers at once", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    const timers = test.clock.waiting;
    await client.call(1, "Test.Echo");
    await client.call(2, "Test.Thenable", "x");
    expect(test.clock.waiting).toBe(timers);
  });

  it("is the server's where the method has none, and never where it is 0", async () => {
    const handler = defer<string>();
    const forever: Services = {
      Test: {
        Default: () => handler.promise,
        Never: { handle: () => handler.promise, timeoutMs: 0, order: "none" },
      },
    };
    const test = await startServer({ services: forever, requestTimeoutMs: 500 });
    const client = await test.enter();
    client.send(concat(request(1, "Test.Never"), request(2, "Test.Default")));
    await until(() => test.server.counters.requests === 2);
    await turn();
    test.clock.step(500);
    expect(await client.message()).toMatchObject({ id: 2n, flag: errorFlag });
    test.clock.step(1_000_000_000);
    handler.resolve("at last");
    expect(await client.message()).toMatchObject({ id: 1n, text: "at last" });
  });

  it("is never where the server's is 0 and the method has none", async () => {
    const handler = defer<string>();
    const test = await startServer({ services: { Test: { Do: () => handler.promise } }, requestTimeoutMs: 0 });
    const client = await test.enter();
    client.send(request(1, "Test.Do"));
    await until(() => test.server.counters.requests === 1);
    test.clock.step(1_000_000_000);
    handler.resolve("at last");
    expect((await client.message()).text).toBe("at last");
  });
});

describe("a session that closes", () => {
  it("is not answered any more, and the handler that runs on harms nobody", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    client.send(concat(request(1, "Test.Wait", "gone"), request(2, "Test.Wait", "never begun")));
    await until(() => works.begun.includes("gone"));
    client.link.destroy();
    await until(() => test.server.counters.open === 0);
    works.end("gone").resolve("to nobody");
    await turn();
    test.clock.step(10_000);
    expect(works.begun).not.toContain("never begun");
    expect(test.server.counters).toMatchObject({ sessions: 0, closed: { connection_lost: 1 } });
    expect(test.log.at("error")).toEqual([]);
  });
});

describe("a payload that the client compressed", () => {
  const inflatedText = "compress me ".repeat(50);

  function compressed(id: number, payload: Uint8Array): Uint8Array {
    return packet(4, concat(Uint8Array.of(0x10, id, 9), hex("'Test.Echo'"), payload));
  }

  it("is inflated", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    client.send(compressed(1, deflateSync(inflatedText)));
    expect(await client.message()).toMatchObject({ flag: responseFlag, text: inflatedText });
  });

  it("may be a gzip stream, as pomelo's is", async () => {
    const test = await startServer({ services });
    const client = await test.enter();
    client.send(compressed(1, gzipSync(inflatedText)));
    expect(await client.message()).toMatchObject({ flag: responseFlag, text: inflatedText });
  });

  it.each([
    ["no zlib stream", hex("01 02 03 04")],
    ["a stream that is cut off", deflateSync(inflatedText).subarray(0, 20)],
    ["nothing", new Uint8Array(0)],
    ["a bomb", deflateSync(Buffer.alloc(10_000_000))],
    ["a gzip bomb", gzipSync(Buffer.alloc(10_000_000))],
    ["one byte too much", deflateSync(Buffer.alloc(5_001, 0x61))],
  ])("that is %s is an invalid_payload, and the session goes on", async (_what, payload) => {
    const test = await startServer({ services, maxInflatedBytes: 5_000 });
    const client = await test.enter();
    client.send(concat(compressed(1, payload), request(2, "Test.Echo", "after")));
    const [refused, after] = await client.messages(2);
    expect(errorOf(refused)).toEqual({
      code: "invalid_payload",
      msg: "the compressed payload is no zlib stream, or longer than maxInflatedBytes 5000",
      metadata: {},
    });
    expect([after?.id, after?.text]).toEqual([2n, "after"]);
  });

  it("may be as long as the limit", async () => {
    const test = await startServer({ services, maxInflatedBytes: 5_000 });
    const client = await test.enter();
    client.send(compressed(1, deflateSync(Buffer.alloc(5_000, 0x61))));
    expect((await client.message()).text).toBe("a".repeat(5_000));
  });
});

describe("every request", () => {
  /** How a handler ends, as the request's text tells. */
  const kinds = [
    "sync",
    "throw",
    "async",
    "reject",
    "wait",
    "hang",
    "refuse",
    "undecodable",
    "unknown",
    "note",
  ] as const;

  it("is answered exactly once, and those that are handled in the order they were sent", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(fc.nat(99)),
        async (asked, choices) => {
          const pending: { resolve: () => void }[] = [];
          const handle = (text: string): string | Promise<string> => {
            switch (text) {
              case "throw":
                return fail(new Error("thrown"));
              case "refuse":
                return fail(new NanowireError("no", "refused"));
              case "async":
                return Promise.resolve(text);
              case "reject":
                return Promise.reject(new Error("rejected"));
              case "wait":
              case "hang":
                return new Promise((resolve) => pending.push({ resolve: () => resolve(text) }));
              default:
                return text;
            }
          };
          const test = await startServer({
            keepRunning: true,
            services: {
              Test: {
                Do: { handle: (_session, text) => handle(text), timeoutMs: 100 },
                Note: { handle: (_session, text) => handle(text), kind: "notify", timeoutMs: 100 },
              },
            },
          });
          const client = await test.enter();
          const messages = asked.map((kind, index) =>
            kind === "unknown"
              ? request(index + 1, "No.Such")
              : kind === "undecodable"
                ? request(index + 1, "Test.Do", hex("ff"))
                : kind === "note"
                  ? notify("Test.Note", "wait")
                  : request(index + 1, "Test.Do", kind),
          );
          client.send(concat(...messages));
          const expected = asked.filter((kind) => kind !== "note").length;
          const answers: Message[] = [];
          while (answers.length < expected) {
            await turn();
            answers.push(...client.packets.takeAll().map(({ body }) => messageIn(body)));
            const choice = choices.next().value as number;
            pending.splice(choice % 3, choice % 2).map(({ resolve }) => resolve());
            test.clock.step(choice % 60);
          }
          test.clock.step(1_000);
          pending.map(({ resolve }) => resolve());
          await turn();
          await turn();
          expect(client.packets.length).toBe(0);
          const ids = answers.map(({ id }) => Number(id));
          const wanted = asked.flatMap((kind, index) => (kind === "note" ? [] : [index + 1]));
          expect([...ids].sort((a, b) => a - b)).toEqual(wanted);
          const handled = (id: number) => asked[id - 1] !== "unknown";
          expect(ids.filter(handled)).toEqual(wanted.filter(handled));
          await test.server.stop();
        },
      ),
      { numRuns: 60 },
    );
  });
});

function errorOf(message: Message | undefined): ReturnType<typeof errorIn> {
  return errorIn(message?.payload as Uint8Array);
}

function fail(error: unknown): never {
  throw error;
}

/** What some libraries return: it is no promise, and can be awaited. It settles at once. */
function thenable(text: string): Promise<string> {
  return thenableWith((resolve) => resolve(text));
}

function thenThrows(): Promise<string> {
  return thenableWith(() => fail(new Error("then throws")));
}

function thenableWith(then: (resolve: (value: string) => void) => void): Promise<string> {
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
  return Object.defineProperty({}, "then", { value: then }) as Promise<string>;
}
