import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HandlingOrder } from "../../runtime/component/service.js";
import type { Session } from "../../runtime/session/session.js";
import { concat } from "../protocol/hex.js";
import { type Client, errorIn, messageIn, notify, request } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";
import type { MethodSpec, Services } from "../support/service.js";
import { type Deferred, defer, turn, until } from "../support/wait.js";

/** Handlers that begin and end where the test sees it. */
class Stage {
  readonly begun: string[] = [];
  readonly #running = new Map<string, Deferred<string>>();

  /** A handler that runs until {@link end} is called with its text. */
  readonly handle: MethodSpec["handle"] = (_session, text) => {
    this.begun.push(text);
    const work = defer<string>();
    this.#running.set(text, work);
    return work.promise;
  };

  get running(): string[] {
    return [...this.#running.keys()];
  }

  end(text: string): void {
    this.#running.get(text)?.resolve(text);
    this.#running.delete(text);
  }

  fail(text: string): void {
    this.#running.get(text)?.reject(new Error(text));
    this.#running.delete(text);
  }

  /** Waits until so many have begun. */
  async upTo(count: number): Promise<string[]> {
    await until(() => this.begun.length >= count);
    await turn();
    return this.begun;
  }
}

function servicesOf(stage: Stage, order: HandlingOrder): Services {
  return { A: { Do: { handle: stage.handle, order } }, B: { Do: { handle: stage.handle, order } } };
}

/** Sends requests, their ids from 1, each route with its text. */
function send(client: Client, ...calls: [string, string][]): void {
  client.send(concat(...calls.map(([route, text], index) => request(index + 1, route, text))));
}

describe("the order session", () => {
  it("handles a session's messages one at a time, whatever the service", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "session") });
    const client = await test.enter();
    send(client, ["A.Do", "1"], ["B.Do", "2"], ["A.Do", "3"]);
    expect(await stage.upTo(1)).toEqual(["1"]);
    stage.end("1");
    expect(await stage.upTo(2)).toEqual(["1", "2"]);
    stage.fail("2");
    expect(await stage.upTo(3)).toEqual(["1", "2", "3"]);
    stage.end("3");
    expect((await client.messages(3)).map(({ id, flag }) => [id, flag])).toEqual([
      [1n, 0x04],
      [2n, 0x24],
      [3n, 0x04],
    ]);
  });

  it("lets other sessions go on", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "session") });
    const [one, other] = [await test.enter(), await test.enter()];
    send(one, ["A.Do", "slow"], ["A.Do", "waits"]);
    await stage.upTo(1);
    send(other, ["A.Do", "quick"]);
    await stage.upTo(2);
    stage.end("quick");
    expect((await other.message()).text).toBe("quick");
    expect(stage.begun).toEqual(["slow", "quick"]);
    stage.end("slow");
    expect(await stage.upTo(3)).toEqual(["slow", "quick", "waits"]);
  });

  it("holds for handlers that return at once, mixed with others", async () => {
    const stage = new Stage();
    const test = await startServer({
      services: {
        A: {
          Do: stage.handle,
          Now: (_session, text) => {
            stage.begun.push(text);
            return text;
          },
        },
      },
    });
    const client = await test.enter();
    send(client, ["A.Now", "1"], ["A.Do", "2"], ["A.Now", "3"], ["A.Now", "4"]);
    expect(await stage.upTo(2)).toEqual(["1", "2"]);
    stage.end("2");
    expect((await client.messages(4)).map(({ text }) => text)).toEqual(["1", "2", "3", "4"]);
  });
});

describe("the order service", () => {
  it("handles one message of the whole component at a time, in the order they came", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "service") });
    const clients = [await test.enter(), await test.enter(), await test.enter()] as const;
    for (const [index, client] of clients.entries()) {
      send(client, ["A.Do", `c${index}`]);
      await turn();
    }
    expect(await stage.upTo(1)).toEqual(["c0"]);
    stage.end("c0");
    expect(await stage.upTo(2)).toEqual(["c0", "c1"]);
    stage.fail("c1");
    expect(await stage.upTo(3)).toEqual(["c0", "c1", "c2"]);
    stage.end("c2");
    expect((await clients[2].message()).text).toBe("c2");
  });

  it("lets another service go on", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "service") });
    const [one, other] = [await test.enter(), await test.enter()];
    send(one, ["A.Do", "a"]);
    await stage.upTo(1);
    send(other, ["B.Do", "b"]);
    expect(await stage.upTo(2)).toEqual(["a", "b"]);
  });

  it("keeps each session's own order across services, too", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "service") });
    const [one, other] = [await test.enter(), await test.enter()];
    send(other, ["A.Do", "other"]);
    await stage.upTo(1);
    // Its first waits for A's mailbox; its second is B's, which is idle, and waits for the first all the same.
    send(one, ["A.Do", "1"], ["B.Do", "2"], ["A.Do", "3"]);
    await turn();
    expect(stage.begun).toEqual(["other"]);
    stage.end("other");
    expect(await stage.upTo(2)).toEqual(["other", "1"]);
    stage.end("1");
    expect(await stage.upTo(3)).toEqual(["other", "1", "2"]);
    stage.end("2");
    expect(await stage.upTo(4)).toEqual(["other", "1", "2", "3"]);
    stage.end("3");
    expect((await one.messages(3)).map(({ text }) => text)).toEqual(["1", "2", "3"]);
  });

  it("goes on when the session whose message waits, or runs, is gone", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "service") });
    const [first, second, third] = [await test.enter(), await test.enter(), await test.enter()];
    send(first, ["A.Do", "first"]);
    await stage.upTo(1);
    send(second, ["A.Do", "second"], ["A.Do", "second again"]);
    await turn();
    send(third, ["A.Do", "third"]);
    await turn();
    second.link.destroy();
    first.link.destroy();
    await until(() => test.server.counters.open === 1);
    stage.end("first");
    expect(await stage.upTo(2)).toEqual(["first", "third"]);
    stage.end("third");
    expect((await third.message()).text).toBe("third");
    expect(test.server.counters.failed).toEqual({ session_closed: 1 });
  });

  it("goes on when the time of the message that runs is over", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "service"), requestTimeoutMs: 100 });
    const [one, other] = [await test.enter(), await test.enter()];
    send(one, ["A.Do", "hangs"]);
    await stage.upTo(1);
    send(other, ["A.Do", "next"]);
    await turn();
    test.clock.step(100);
    expect(await stage.upTo(2)).toEqual(["hangs", "next"]);
    expect((await one.message()).flag).toBe(0x24);
    stage.end("next");
    expect((await other.message()).text).toBe("next");
  });

  it("gives a message its time from when it begins, not from when it came", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "service"), requestTimeoutMs: 100 });
    const [one, other] = [await test.enter(), await test.enter()];
    send(one, ["A.Do", "first"]);
    await stage.upTo(1);
    send(other, ["A.Do", "second"]);
    await turn();
    test.clock.step(90);
    stage.end("first");
    await stage.upTo(2);
    test.clock.step(99);
    stage.end("second");
    expect((await other.message()).text).toBe("second");
  });
});

describe("the order none", () => {
  it("begins every message when it arrives", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "none") });
    const client = await test.enter();
    send(client, ["A.Do", "1"], ["B.Do", "2"], ["A.Do", "3"]);
    expect(await stage.upTo(3)).toEqual(["1", "2", "3"]);
    stage.end("3");
    stage.end("1");
    stage.end("2");
    expect((await client.messages(3)).map(({ id }) => id)).toEqual([3n, 1n, 2n]);
  });

  it("is not held up by one that waits in the session's order, nor holds it up", async () => {
    const stage = new Stage();
    const test = await startServer({
      services: { A: { Do: stage.handle, Free: { handle: stage.handle, order: "none" } } },
    });
    const client = await test.enter();
    send(client, ["A.Do", "ordered"], ["A.Free", "free"], ["A.Do", "waits"]);
    expect(await stage.upTo(2)).toEqual(["ordered", "free"]);
    stage.end("ordered");
    expect(await stage.upTo(3)).toEqual(["ordered", "free", "waits"]);
  });
});

describe("a session's order", () => {
  it("holds whatever handlers there are and whenever they end", async () => {
    const kinds = fc.constantFrom("A.Now", "A.Later", "A.Serial", "B.Later", "B.Serial");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(2), kinds), { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.nat(1_000)),
        async (calls, choices) => {
          const begun: string[] = [];
          const running: { readonly text: string; readonly work: Deferred<string>; readonly service: string }[] = [];
          let mostOfService = 0;
          const later = (service: string) => (_session: Session, text: string) => {
            begun.push(text);
            const work = defer<string>();
            running.push({ text, work, service });
            const serial = running.filter((other) => other.service === service && service !== "");
            mostOfService = Math.max(mostOfService, serial.length);
            return work.promise;
          };
          const now = (_session: Session, text: string): string => {
            begun.push(text);
            return text;
          };
          const test = await startServer({
            keepRunning: true,
            services: {
              A: { Now: now, Later: later(""), Serial: { handle: later("A"), order: "service" } },
              B: { Later: later(""), Serial: { handle: later("B"), order: "service" } },
            },
          });
          const clients = [await test.enter(), await test.enter(), await test.enter()];
          const texts: string[][] = [[], [], []];
          for (const [index, [who, route]] of calls.entries()) {
            const text = `${who}:${index}`;
            texts[who]?.push(text);
            clients[who]?.send(request(index + 1, route, text));
          }
          const answered = () => clients.reduce((sum, { packets }) => sum + packets.length, 0);
          while (answered() < calls.length) {
            await turn();
            const [ended] = running.splice((choices.next().value as number) % Math.max(1, running.length), 1);
            ended?.work.resolve(ended.text);
          }
          for (const [who, own] of texts.entries()) {
            expect(begun.filter((text) => text.startsWith(`${who}:`))).toEqual(own);
            const answers = clients[who]?.packets.takeAll().map(({ body }) => messageIn(body).text);
            expect(answers).toEqual(own);
          }
          expect(mostOfService).toBeLessThanOrEqual(1);
          await test.server.stop();
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("a flood", () => {
  const count = 20_000;

  it.each(["session", "service"] as const)(
    "of 20,000 requests in one piece does not keep another client waiting for them (%s)",
    async (order) => {
      let handled = 0;
      let handledWhenOtherCame = -1;
      const test = await startServer({
        maxPacketBytes: 1_000_000,
        services: {
          Flood: { Do: { handle: () => String(handled++), order } },
          Other: {
            Do: () => {
              handledWhenOtherCame = handled;
              return "";
            },
          },
        },
      });
      const [flooder, other] = [await test.enter(), await test.enter()];
      await other.call(1, "Other.Do");
      flooder.send(concat(...Array.from({ length: count }, (_, index) => request(index + 1, 1))));
      other.send(request(2, "Other.Do"));
      await other.message();
      expect(handledWhenOtherCame).toBeLessThanOrEqual(4 * 64);
      const ids = (await flooder.messages(count)).map(({ text }) => Number(text));
      expect(ids).toEqual(Array.from({ length: count }, (_, index) => index));
    },
  );

  it("handles no more than 64 messages of a session in a turn", async () => {
    let turns = 0;
    let counting = true;
    const perTurn = new Map<number, number>();
    const test = await startServer({
      maxPacketBytes: 1_000_000,
      services: {
        A: {
          Do(_session, text) {
            perTurn.set(turns, (perTurn.get(turns) ?? 0) + 1);
            return text;
          },
        },
      },
    });
    const client = await test.enter();
    const countTurns = (): void => {
      turns++;
      setImmediate(() => counting && countTurns());
    };
    countTurns();
    client.send(concat(...Array.from({ length: 2_000 }, (_, index) => request(index + 1, 1))));
    await client.messages(2_000);
    counting = false;
    expect(Math.max(...perTurn.values())).toBeLessThanOrEqual(2 * 64);
    expect(perTurn.size).toBeGreaterThanOrEqual(2_000 / 128);
  });
});

describe.each(transportNames)("a mailbox that is full, over %s", (transport) => {
  it.each([1, 2, 3, 8, 100])("of %d pauses reading, goes on, and loses nothing", async (maxQueuedMessages) => {
    const begun: number[] = [];
    const running: (() => void)[] = [];
    const test = await startServer({
      transport,
      maxQueuedMessages,
      requestTimeoutMs: 0,
      services: {
        A: {
          Do: (_session, text) => {
            begun.push(Number(text));
            return new Promise((resolve) => running.push(() => resolve(text)));
          },
        },
      },
    });
    const [client, other] = [await test.enter(), await test.enter()];
    const total = 300;
    for (let index = 0; index < total; index++) {
      client.send(request(index + 1, "A.Do", String(index)));
      // Each by itself: what is read in one piece is taken in one piece.
      await turn();
    }
    expect(begun).toEqual([0]);
    // The other session has its own mailbox.
    other.send(request(1, "A.Do", "-1"));
    await until(() => running.length === 2);
    running.pop()?.();
    await other.message();
    begun.length = 1;
    const answers: string[] = [];
    while (answers.length < total) {
      running.shift()?.();
      await turn();
      answers.push(...client.packets.takeAll().map(({ body }) => messageIn(body).text));
    }
    expect(begun).toEqual(Array.from({ length: total }, (_, index) => index));
    expect(answers).toEqual(begun.map(String));
    expect(test.server.counters.closed).toEqual({});
  });
});

describe("a mailbox that is full", () => {
  it.each(["session", "none"] as const)("stops reading at maxQueuedMessages, in the order %s", async (order) => {
    const running: (() => void)[] = [];
    const test = await startServer({
      maxQueuedMessages: 10,
      services: { A: { Do: { handle: () => new Promise((resolve) => running.push(() => resolve(""))), order } } },
    });
    const client = await test.enter();
    for (let index = 0; index < 100; index++) {
      client.send(request(index + 1, "A.Do"));
    }
    await turn();
    expect(test.server.counters.requests).toBe(10);
    const read: number[] = [];
    for (let ended = 0; ended < 6; ended++) {
      running.shift()?.();
      await turn();
      read.push(test.server.counters.requests);
    }
    // Reading begins again when half of them are handled.
    expect(read).toEqual([10, 10, 10, 10, 15, 15]);
  });

  it("by what one turn may not handle is read on when the next turns have handled it", async () => {
    const test = await startServer({ maxQueuedMessages: 10 });
    const client = await test.enter();
    const pieces = Array.from({ length: 5 }, (_, piece) =>
      concat(...Array.from({ length: 200 }, (_, index) => request(piece * 200 + index + 1, "Echo.Say"))),
    );
    for (const piece of pieces) {
      client.send(piece);
    }
    const ids = (await client.messages(1_000)).map(({ id }) => Number(id));
    expect(ids).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  });

  it("is not emptied by messages of another order that come and go", async () => {
    const test = await startServer({
      maxQueuedMessages: 4,
      services: {
        A: { Hang: () => new Promise(() => {}), Free: { handle: async () => "", order: "none" } },
      },
    });
    const client = await test.enter();
    // Each piece ends with a message that is done soon; the mailbox of those that hang must not grow by that.
    for (let index = 0; index < 100; index++) {
      client.send(concat(request(2 * index + 1, "A.Hang"), request(2 * index + 2, "A.Free")));
    }
    for (let turns = 0; turns < 50; turns++) {
      await turn();
    }
    expect(test.server.counters.requests).toBeLessThanOrEqual(10);
  });

  it("counts messages of both orders together", async () => {
    const test = await startServer({
      maxQueuedMessages: 10,
      services: {
        A: { Hang: () => new Promise(() => {}), Free: { handle: () => new Promise(() => {}), order: "none" } },
      },
    });
    const client = await test.enter();
    for (let index = 0; index < 100; index++) {
      client.send(request(index + 1, index % 2 === 0 ? "A.Hang" : "A.Free"));
    }
    await turn();
    expect(test.server.counters.requests).toBe(10);
  });

  it("of a session that closes is dropped", async () => {
    const stage = new Stage();
    const test = await startServer({ services: servicesOf(stage, "session"), maxQueuedMessages: 5 });
    const client = await test.enter();
    send(client, ...Array.from({ length: 20 }, (_, index): [string, string] => ["A.Do", String(index)]));
    await stage.upTo(1);
    test.server.sessions()[0]?.close();
    await client.ended;
    stage.end("0");
    await turn();
    expect(stage.begun).toEqual(["0"]);
    expect(client.packets.length).toBe(0);
    expect(test.server.counters.failed).toEqual({});
  });
});

describe("a rate limit", () => {
  const limited: Services = {
    A: {
      Do: { handle: (_session, text) => text, rateLimit: { messages: 3, perMs: 1_000 } },
      Other: { handle: (_session, text) => text, rateLimit: { messages: 3, perMs: 1_000 } },
      Tell: { handle: (_session, text) => text, kind: "notify", rateLimit: { messages: 2, perMs: 1_000 } },
      Free: (_session, text) => text,
    },
  };

  async function flags(client: Client, route: string, count: number): Promise<number[]> {
    client.send(concat(...Array.from({ length: count }, (_, index) => request(index + 1, route))));
    return (await client.messages(count)).map(({ flag }) => flag);
  }

  it("answers what is over it with rate_limited, and fills again with time", async () => {
    const test = await startServer({ services: limited });
    const client = await test.enter();
    expect(await flags(client, "A.Do", 5)).toEqual(expect.arrayContaining([0x24, 0x24, 0x04, 0x04, 0x04]));
    client.send(request(9, "A.Do"));
    expect(errorIn((await client.message()).payload)).toEqual({
      code: "rate_limited",
      msg: "A.Do takes 3 messages in 1000 ms",
      metadata: {},
    });
    expect(test.server.counters.failed).toEqual({ rate_limited: 3 });
    test.clock.step(333);
    expect(await flags(client, "A.Do", 1)).toEqual([0x24]);
    test.clock.step(1);
    expect(await flags(client, "A.Do", 1)).toEqual([0x04]);
    expect(await flags(client, "A.Do", 1)).toEqual([0x24]);
    test.clock.step(1_000_000);
    expect((await flags(client, "A.Do", 4)).filter((flag) => flag === 0x04)).toHaveLength(3);
  });

  it("is each method's and each session's own", async () => {
    const test = await startServer({ services: limited });
    const [one, other] = [await test.enter(), await test.enter()];
    expect(await flags(one, "A.Do", 3)).toEqual([0x04, 0x04, 0x04]);
    expect(await flags(one, "A.Do", 1)).toEqual([0x24]);
    expect(await flags(one, "A.Other", 3)).toEqual([0x04, 0x04, 0x04]);
    expect(await flags(other, "A.Do", 3)).toEqual([0x04, 0x04, 0x04]);
    expect(await flags(one, "A.Free", 100)).toEqual(Array.from({ length: 100 }, () => 0x04));
  });

  it("drops a notify that is over it, and counts it", async () => {
    const told: string[] = [];
    const test = await startServer({
      services: {
        A: {
          ...limited["A"],
          Tell: {
            handle: (_session, text) => {
              told.push(text);
              return "";
            },
            kind: "notify",
            rateLimit: { messages: 2, perMs: 1_000 },
          },
        },
      },
    });
    const client = await test.enter();
    client.send(concat(...["1", "2", "3", "4"].map((text) => notify("A.Tell", text))));
    await client.call(1, "A.Free");
    expect(told).toEqual(["1", "2"]);
    expect(test.server.counters).toMatchObject({ notifies: 4, failed: { rate_limited: 2 } });
    test.clock.step(500);
    client.send(notify("A.Tell", "5"));
    await client.call(2, "A.Free");
    expect(told).toEqual(["1", "2", "5"]);
  });

  it("calls no handler for what it refuses", async () => {
    let handled = 0;
    const test = await startServer({
      services: { A: { Do: { handle: () => String(handled++), rateLimit: { messages: 1, perMs: 1_000 } } } },
    });
    const client = await test.enter();
    await flags(client, "A.Do", 10);
    expect(handled).toBe(1);
  });
});

describe("a method for bound sessions", () => {
  const bound: Services = {
    A: {
      Bind: async (session, text) => {
        await session.bind(text);
        return session.uid;
      },
      Unbind: async (session) => {
        await session.unbind();
        return session.uid;
      },
      Do: { handle: (session) => session.uid, boundOnly: true },
      Tell: { handle: (session) => session.uid, boundOnly: true, kind: "notify" },
    },
  };

  it("is open to a session that is bound, and to no other", async () => {
    const test = await startServer({ services: bound });
    const [client, other] = [await test.enter(), await test.enter()];
    expect(errorIn((await client.call(1, "A.Do")).payload)).toEqual({
      code: "unauthenticated",
      msg: "A.Do is for bound sessions only",
      metadata: {},
    });
    await client.call(2, "A.Bind", "ada");
    expect((await client.call(3, "A.Do")).text).toBe("ada");
    expect((await other.call(1, "A.Do")).flag).toBe(0x24);
    await client.call(4, "A.Unbind");
    expect((await client.call(5, "A.Do")).flag).toBe(0x24);
  });

  it("is judged when its turn comes: one that is sent right behind the bind is open", async () => {
    const test = await startServer({ services: bound });
    const client = await test.enter();
    send(client, ["A.Bind", "ada"], ["A.Do", ""]);
    expect((await client.messages(2)).map(({ text }) => text)).toEqual(["ada", "ada"]);
  });

  it("drops a notify of another, and counts it", async () => {
    const test = await startServer({ services: bound });
    const client = await test.enter();
    client.send(notify("A.Tell"));
    await client.call(1, "A.Bind", "ada");
    expect(test.server.counters.failed).toEqual({ unauthenticated: 1 });
  });
});
