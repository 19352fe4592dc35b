import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Overload } from "../../runtime/component/service.js";
import { concat } from "../protocol/hex.js";
import { type Client, errorIn, type Message, notify, packet, request } from "../support/client.js";
import { startServer } from "../support/server.js";
import type { MethodSpec, Services } from "../support/service.js";
import { type Deferred, defer, turn, until } from "../support/wait.js";

const refuse: Overload<string> = { policy: "refuse", maxWaiting: 2 };
const dropOldest: Overload<string> = { policy: "dropOldest", maxWaiting: 2 };
/** Only the newest of each first letter waits. */
const byLetter: Overload<string> = { policy: "conflate", key: (text) => text.slice(0, 1) };
const newest: Overload<string> = { policy: "conflate" };

/** Handlers that run until the test ends them, one after another. */
class Stage {
  readonly begun: string[] = [];
  #running: Deferred<string>[] = [];

  readonly handle: MethodSpec["handle"] = (_session, text) => {
    this.begun.push(text);
    const work = defer<string>();
    this.#running.push(work);
    return work.promise;
  };

  /** Ends the one that runs, and lets what follows happen. */
  async end(): Promise<void> {
    this.#running.shift()?.resolve("done");
    await turn();
  }

  async endAll(): Promise<void> {
    while (this.#running.length > 0) {
      await this.end();
      await turn();
    }
  }
}

async function start(overload: Overload<string>, more: Partial<MethodSpec> = {}) {
  const stage = new Stage();
  const services: Services = {
    A: { Do: { handle: stage.handle, overload, ...more } },
    B: { Do: { handle: stage.handle } },
  };
  const test = await startServer({ services });
  const client = await test.enter();
  return { stage, test, client };
}

/** Requests to A.Do, or with a slash before the text to B.Do; their ids are from 1. */
async function send(client: Client, ...texts: string[]): Promise<void> {
  const requests = texts.map((text, index) =>
    text.startsWith("/") ? request(index + 1, "B.Do", text.slice(1)) : request(index + 1, "A.Do", text),
  );
  client.send(concat(...requests));
  await turn();
}

/** What came for each id: the code of an error, or "". */
async function outcomes(client: Client, count: number): Promise<string[]> {
  const messages = await client.messages(count);
  const byId = new Map(messages.map((message) => [Number(message.id), codeOf(message)]));
  return Array.from({ length: count }, (_, index) => byId.get(index + 1) ?? "not answered");
}

function codeOf({ flag, payload }: Message): string {
  return (flag & 0x20) === 0 ? "" : errorIn(payload).code;
}

describe("a method that refuses", () => {
  it("lets so many wait, and answers the others at once", async () => {
    const { stage, client, test } = await start(refuse);
    await send(client, "1", "2", "3", "4", "/x", "5");
    const [fourth, fifth] = await client.messages(2);
    expect([fourth, fifth].map((message) => errorIn(message?.payload as Uint8Array))).toEqual([
      { code: "overloaded", msg: "2 messages of A.Do wait, and no more may", metadata: {} },
      { code: "overloaded", msg: "2 messages of A.Do wait, and no more may", metadata: {} },
    ]);
    expect([fourth?.id, fifth?.id]).toEqual([4n, 6n]);
    await stage.endAll();
    expect(stage.begun).toEqual(["1", "2", "3", "x"]);
    expect((await client.messages(4)).map(codeOf)).toEqual(["", "", "", ""]);
    expect(test.server.counters.failed).toEqual({ overloaded: 2 });
  });

  it("has room again when one of them has begun", async () => {
    const { stage, client } = await start(refuse);
    await send(client, "1", "2", "3");
    await stage.end();
    client.send(request(4, "A.Do", "4"));
    client.send(request(5, "A.Do", "5"));
    await turn();
    await stage.endAll();
    expect(await outcomes(client, 5)).toEqual(["", "", "", "", "overloaded"]);
    expect(stage.begun).toEqual(["1", "2", "3", "4"]);
  });

  it("counts each session's own", async () => {
    const { stage, client, test } = await start(refuse);
    const other = await test.enter();
    await send(client, "1", "2", "3");
    await send(other, "4", "5", "6");
    await stage.endAll();
    expect([...(await outcomes(client, 3)), ...(await outcomes(other, 3))]).toEqual(["", "", "", "", "", ""]);
  });
});

describe("a method whose oldest gives way", () => {
  it("answers that at once, and handles the others in their order", async () => {
    const { stage, client } = await start(dropOldest);
    await send(client, "1", "2", "/x", "3", "4", "5");
    const given = await client.messages(2);
    expect(given.map((message) => [message.id, codeOf(message)])).toEqual([
      [2n, "overloaded"],
      [4n, "overloaded"],
    ]);
    await stage.endAll();
    expect(stage.begun).toEqual(["1", "x", "4", "5"]);
    expect((await client.messages(4)).map(codeOf)).toEqual(["", "", "", ""]);
  });

  it("drops a notify, and counts it", async () => {
    const { stage, client, test } = await start(dropOldest, { kind: "notify" });
    client.send(concat(...["1", "2", "3", "4", "5"].map((text) => notify("A.Do", text))));
    await turn();
    await stage.endAll();
    expect(stage.begun).toEqual(["1", "4", "5"]);
    expect(test.server.counters.failed).toEqual({ overloaded: 2 });
    expect(client.packets.length).toBe(0);
  });
});

describe("a method of which only the newest waits", () => {
  it("by key: the newest of each, in the order in which they came", async () => {
    const { stage, client } = await start(byLetter);
    await send(client, "a0", "a1", "b1", "/x", "a2", "c1", "b2", "a3");
    await stage.endAll();
    expect(stage.begun).toEqual(["a0", "x", "c1", "b2", "a3"]);
    expect(await outcomes(client, 8)).toEqual(["", "replaced", "replaced", "", "replaced", "", "", ""]);
  });

  it("without a key: the newest of all", async () => {
    const { stage, client } = await start(newest);
    await send(client, "a0", "a1", "/x", "b1", "c1");
    const [first] = await client.messages(1);
    expect(errorIn(first?.payload as Uint8Array)).toEqual({
      code: "replaced",
      msg: "a newer message of A.Do came while it waited",
      metadata: {},
    });
    await stage.endAll();
    expect(stage.begun).toEqual(["a0", "x", "c1"]);
  });

  it("reads nothing while nothing waits", async () => {
    const read: string[] = [];
    const overload: Overload<string> = { policy: "conflate", key: (text) => read.push(text) };
    const { stage, client } = await start(overload);
    await send(client, "1");
    await stage.endAll();
    await send(client, "2", "3");
    expect(read).toEqual(["3"]);
  });

  it("finds the key in JSON, and in what came compressed", async () => {
    const { stage, test } = await start(byLetter);
    const client = await test.enter({ sys: { serializer: "json" } });
    const compressed = (id: number, text: string): Uint8Array =>
      packet(
        4,
        concat(
          Uint8Array.of(0x10, id, 4),
          Buffer.from("A.Do"),
          Uint8Array.from(deflateSync(Buffer.from(JSON.stringify({ text })))),
        ),
      );
    client.send(concat(compressed(1, "a0"), compressed(2, "a1"), request(3, "A.Do", '{"text":"b1"}')));
    client.send(concat(compressed(4, "a2"), request(5, "A.Do", '{"text":"b2"}')));
    await turn();
    await stage.endAll();
    expect(stage.begun).toEqual(["a0", "a2", "b2"]);
  });

  it("lets one that cannot be read wait for its error", async () => {
    const { stage, client } = await start(byLetter);
    const broken = (id: number): Uint8Array => request(id, "A.Do", Uint8Array.of(0xff));
    client.send(concat(request(1, "A.Do", "a0"), broken(2), broken(3), request(4, "A.Do", "a1")));
    await turn();
    await stage.endAll();
    expect(stage.begun).toEqual(["a0", "a1"]);
    expect(await outcomes(client, 4)).toEqual(["", "invalid_payload", "invalid_payload", ""]);
  });

  it("does not fill the session's queue, so that its client is read on", async () => {
    const stage = new Stage();
    const overload = newest;
    const test = await startServer({
      services: { A: { Do: { handle: stage.handle, overload } } },
      maxQueuedMessages: 4,
    });
    const client = await test.enter();
    for (let id = 1; id <= 500; id++) {
      client.send(request(id, "A.Do", String(id)));
      await Promise.resolve();
    }
    expect(await client.messages(498)).toHaveLength(498);
    await stage.endAll();
    expect(stage.begun).toEqual(["1", "500"]);
  });
});

describe("a client that sends without end, over tcp", () => {
  it.each([
    ["refuse", refuse],
    ["conflate by key", { policy: "conflate", key: (text: string) => text } as const],
    ["no policy", undefined],
  ])("is not read any more while as much waits as may: %s", async (_name, overload) => {
    const stage = new Stage();
    const method = overload === undefined ? { handle: stage.handle } : { handle: stage.handle, overload };
    const services: Services = { A: { Do: { ...method, kind: "notify" } } };
    const test = await startServer({ services, transport: "tcp", maxQueuedMessages: 50 });
    const client = await test.enter();
    const count = 20_000;
    const flood = concat(...Array.from({ length: 1_000 }, (_, index) => notify("A.Do", `${index}`.padStart(30, "x"))));
    for (let sent = 0; sent < count; sent += 1_000) {
      client.send(flood);
    }
    await until(() => test.server.counters.notifies > 50);
    for (let turns = 0; turns < 200; turns++) {
      await turn();
    }
    // What it refuses, or lets give way, is handled; of what waits there is never more than a chunk's.
    const { notifies, failed } = test.server.counters;
    const gone = (failed["overloaded"] ?? 0) + (failed["replaced"] ?? 0);
    expect(notifies - gone).toBeLessThan(50 + 65_536 / 40);
    const stopped = test.server.stop();
    await stage.endAll();
    await stopped;
  });
});

describe("what waits at a session's end", () => {
  it("is forgotten, and not answered", async () => {
    const { stage, client, test } = await start(byLetter);
    await send(client, "a0", "a1", "b1");
    client.link.end();
    await until(() => test.server.counters.open === 0);
    await stage.endAll();
    expect(stage.begun).toEqual(["a0"]);
  });
});

describe("a method of the order none", () => {
  it("waits for nothing: its policy is without effect", async () => {
    const { stage, client } = await start(newest, { order: "none" });
    await send(client, "1", "2", "3");
    expect(stage.begun).toEqual(["1", "2", "3"]);
    await stage.endAll();
    expect(await outcomes(client, 3)).toEqual(["", "", ""]);
  });
});

describe("policies, whatever comes when", () => {
  it("every request is answered exactly once, and those that are handled are handled in their order", async () => {
    const routes = ["A.Refuse", "A.Oldest", "A.Letter", "A.Newest", "A.Queue", "A.None", "A.Small", "No.Such"] as const;
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant("send" as const),
          route: fc.constantFrom(...routes),
          letter: fc.constantFrom("a", "b"),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("end" as const, "turn" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const begun: number[] = [];
        const running: Deferred<string>[] = [];
        const handle: MethodSpec["handle"] = (_session, text) => {
          begun.push(Number(text.slice(1)));
          const work = defer<string>();
          running.push(work);
          return work.promise;
        };
        const none: MethodSpec["handle"] = () => "";
        const services: Services = {
          A: {
            Refuse: { handle, overload: refuse },
            Oldest: { handle, overload: dropOldest },
            Letter: { handle, overload: byLetter },
            Newest: { handle, overload: newest },
            Queue: { handle },
            None: { handle: none, order: "none", overload: newest },
            Small: { handle, maxPayloadBytes: 1 },
          },
        };
        const { server, enter } = await startServer({ services, maxQueuedMessages: 16, keepRunning: true });
        const client = await enter();
        let id = 0;
        for (const each of steps) {
          if (each.do === "send") {
            id++;
            client.send(request(id, each.route, `${each.letter}${id}`));
          } else if (each.do === "end") {
            running.shift()?.resolve("");
          } else {
            await turn();
          }
        }
        while (client.packets.length < id) {
          running.shift()?.resolve("");
          await turn();
        }
        await turn();
        const answers = await client.messages(client.packets.length);
        expect(answers.map((answer) => Number(answer.id)).sort((a, b) => a - b)).toEqual(
          Array.from({ length: id }, (_, index) => index + 1),
        );
        expect(begun).toEqual([...begun].sort((a, b) => a - b));
        const handled = answers.filter((answer) => codeOf(answer) === "").length;
        const sentToNone = steps.filter((each) => each.do === "send" && each.route === "A.None").length;
        expect(handled).toBe(begun.length + sentToNone);
        await server.stop();
      }),
      { numRuns: 60 },
    );
  });
});
