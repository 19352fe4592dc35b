import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PushDefinition } from "../../runtime/session/push.js";
import type { Session } from "../../runtime/session/session.js";
import { type Client, type HandshakeAnswer, notify, packet, request, textOf } from "../support/client.js";
import { startServer, type TestServer, type TestServerOptions, transportNames } from "../support/server.js";
import { pushOf, type Services } from "../support/service.js";
import { defer, turn, until } from "../support/wait.js";

const ours = { type: "nanowire", version: "0", capabilities: ["drain", "ping", "resume"] };

interface Offer {
  readonly token: string;
  readonly received?: number;
  readonly refused?: string;
  readonly graceMs: number;
}

type Entered = Client & { readonly answered: HandshakeAnswer; readonly offer: Offer };

type Started = TestServer & { readonly begun: Session[] };

/** A server whose sessions outlive their connections, and the sessions that began on it. */
async function start(options: TestServerOptions = {}): Promise<Started> {
  const test = await startServer({ resume: { graceMs: 10_000, maxMessages: 16 }, ...options });
  const begun: Session[] = [];
  test.server.onSessionOpen((session) => begun.push(session));
  return Object.assign(test, { begun });
}

/** Connects a client, and waits until its session has begun or goes on. */
async function enter(test: Started, resume?: object, sys: object = {}): Promise<Entered> {
  const entered = () => test.begun.length + test.server.counters.resumed;
  const before = entered();
  const client = await test.enter({ sys: { ...ours, ...sys, ...(resume === undefined ? {} : { resume }) } });
  await until(() => entered() > before);
  const { resume: offer } = client.answered.sys as unknown as { readonly resume: Offer };
  return Object.assign(client, { offer });
}

function claim(client: Entered, received: number, forgotten = 0): object {
  return { token: client.offer.token, received, forgotten };
}

async function cut(test: TestServer, client: Client): Promise<void> {
  const before = test.server.counters.suspended;
  client.link.destroy();
  await until(() => test.server.counters.suspended > before);
}

const told = pushOf("Events.Told", 9);

describe.each(transportNames)("a session over %s", (transport) => {
  it("outlives its connection: what is pushed and answered meanwhile waits for its client", async () => {
    const gate = defer();
    const services: Services = {
      Desk: {
        Now: (session, text) => {
          session.push(told, `heard ${text}`);
          return `now ${text}`;
        },
        Later: async (_session, text) => {
          await gate.promise;
          return `later ${text}`;
        },
      },
    };
    const test = await start({ transport, services, extraRoutes: ["Events.Told"] });
    const client = await enter(test);
    const [session] = test.begun as [Session];
    expect((await client.call(1, "Desk.Now", "a")).text).toBe("heard a");
    client.send(request(2, "Desk.Later", "b"));
    await until(() => test.server.counters.requests === 2);
    await cut(test, client);
    expect([session.suspended, session.closed]).toEqual([true, false]);
    session.push(told, "while away");
    gate.resolve();
    await turn();

    // It has got the push, and neither the answer that came with it nor what came after.
    const back = await enter(test, claim(client, 1));
    expect(back.offer).toEqual({ ...client.offer, received: 2 });
    expect((await back.messages(3)).map(({ text }) => text)).toEqual(["now a", "while away", "later b"]);
    expect(test.begun).toEqual([session]);
    expect(session.suspended).toBe(false);
    expect((await back.call(3, "Desk.Now", "c")).text).toBe("heard c");
    expect(test.server.counters).toMatchObject({ sessions: 1, suspended: 0, resumed: 1, requests: 3 });
  });

  it("goes on when its client comes back before the server has noticed: the old connection is given up", async () => {
    const test = await start({ transport });
    const client = await enter(test);
    await client.call(1, "Echo.Say", "a");
    const back = await enter(test, claim(client, 1));
    expect(back.offer.received).toBe(1);
    const kick = await client.packet();
    expect([kick.type, textOf(kick.body)]).toEqual([5, '{"reason":"resumed elsewhere"}']);
    await client.ended;
    expect((await back.call(2, "Echo.Say", "b")).text).toBe("b");
    expect(test.server.sessions()).toEqual(test.begun);
    await until(() => test.server.counters.open === 1);
  });

  it("ends with its connection when the client says that it goes", async () => {
    const test = await start({ transport });
    const client = await enter(test);
    client.send(packet(6, '{"leave":true}'));
    client.link.end();
    await until(() => test.server.sessions().length === 0);
    expect(test.server.counters).toMatchObject({ suspended: 0, closed: { connection_lost: 1 } });
  });
});

describe("a suspended session", () => {
  it("keeps what it is: id, uid, data, groups, signal, and who listens to it", async () => {
    const test = await start();
    const client = await enter(test);
    const [session] = test.begun as [Session];
    const heard: string[] = [];
    session.onSuspend(({ code }) => heard.push(`suspended ${code}`));
    session.onResume(() => heard.push("resumed"));
    session.onClose(({ code }) => heard.push(`closed ${code}`));
    test.server.onSessionSuspend(({ reason }) => heard.push(`server: suspended ${reason.code}`));
    test.server.onSessionResume(({ id }) => heard.push(`server: resumed ${id === session.id}`));
    test.server.onSessionClose(({ reason }) => heard.push(`server: closed ${reason.code}`));
    await session.bind("ada");
    await cut(test, client);
    expect(test.server.sessionsOf("ada")).toEqual([session]);
    const back = await enter(test, claim(client, 0));
    expect([session.uid, session.signal.aborted]).toEqual(["ada", false]);
    await cut(test, back);
    test.clock.step(10_000);
    expect([session.closed, session.suspended, session.signal.aborted]).toEqual([true, false, true]);
    expect(heard).toEqual([
      "suspended connection_lost",
      "server: suspended connection_lost",
      "resumed",
      "server: resumed true",
      "suspended connection_lost",
      "server: suspended connection_lost",
      "closed connection_lost",
      "server: closed connection_lost",
    ]);
    expect(test.server.sessionsOf("ada")).toEqual([]);
  });

  it("is kept for the grace, to the millisecond; its client then begins anew and is told why", async () => {
    const test = await start();
    const client = await enter(test);
    await cut(test, client);
    test.clock.step(9_999);
    expect(test.begun[0]?.closed).toBe(false);
    test.clock.step(1);
    expect(test.begun[0]?.closed).toBe(true);
    expect(test.clock.waiting).toBe((await start()).clock.waiting);
    const back = await enter(test, claim(client, 0));
    expect(back.offer).toMatchObject({ refused: "unknown", graceMs: 10_000 });
    expect(back.offer.token).not.toBe(client.offer.token);
    expect(back.offer).not.toHaveProperty("received");
  });

  it("is what becomes of a client that is silent for too long", async () => {
    const test = await start({ heartbeatIntervalMs: 1_000 });
    const client = await enter(test);
    test.clock.step(2_500);
    expect(test.server.counters).toMatchObject({ suspended: 1, closed: { heartbeat_timeout: 1 } });
    const back = await enter(test, claim(client, 0));
    expect(back.offer.received).toBe(0);
  });

  it("ends when more waits for it than is kept, and not in the middle of a push", async () => {
    const test = await start();
    const client = await enter(test);
    const [session] = test.begun as [Session];
    await cut(test, client);
    const queued = Array.from({ length: 18 }, () => session.push(told, "x"));
    expect(queued).toEqual([...Array(16).fill(1), 0, 0]);
    expect(session.closed).toBe(false);
    let reason = "";
    session.onClose(({ code, message }) => {
      reason = `${code}: ${message}`;
    });
    await turn();
    await turn();
    expect(reason).toBe("resume_overflow: more waits for a suspended session than maxMessages 16 or maxBytes 262144");
    expect(test.server.counters).toMatchObject({ sessions: 0, suspended: 0 });
  });

  it("ends when it is kicked or closed, and when the server stops or drains, at once", async () => {
    const ends = [
      (_: TestServer, session: Session) => session.kick("out"),
      (_: TestServer, session: Session) => session.close(),
      (test: TestServer) => test.server.stop(),
      (test: TestServer) => test.server.drain({ graceMs: 60_000 }),
    ];
    const reasons: string[] = [];
    for (const end of ends) {
      const test = await start();
      const client = await enter(test);
      test.begun[0]?.onClose(({ code }) => reasons.push(code));
      await cut(test, client);
      await end(test, test.begun[0] as Session);
      expect(test.server.sessions()).toEqual([]);
    }
    expect(reasons).toEqual(["kicked", "closed", "server_stopped", "server_draining"]);
  });

  it.each(["kick", "refuse"] as const)("gives way to a newer one of its user, where %s is the rule", async (second) => {
    const test = await start({ binding: { second } });
    const client = await enter(test);
    const [first] = test.begun as [Session];
    await first.bind("ada");
    await cut(test, client);
    await enter(test);
    await test.begun[1]?.bind("ada");
    expect(first.closed).toBe(true);
    expect(test.server.sessionsOf("ada")).toEqual([test.begun[1]]);
    expect((await enter(test, claim(client, 0))).offer.refused).toBe("unknown");
  });

  it("takes no place among the connections; there are as many at most, and the oldest ends for the next", async () => {
    const test = await start({ maxConnections: 2 });
    for (let count = 0; count < 3; count++) {
      (await enter(test)).link.destroy();
      await until(() => test.server.counters.open === 0);
    }
    expect(test.begun.map(({ closed }) => closed)).toEqual([true, false, false]);
    expect(test.server.health).toMatchObject({ sessions: 2, connections: 0, full: false });
  });

  it("is one of so many of its address", async () => {
    const test = await start({ transport: "tcp", maxConnectionsPerAddress: 1 });
    const reasons: string[] = [];
    test.server.onSessionClose(({ reason }) => reasons.push(reason.message));
    for (let count = 1; count <= 2; count++) {
      const client = await enter(test);
      client.link.destroy();
      await until(() => test.server.counters.open === 0);
    }
    expect(reasons).toEqual(["127.0.0.1 has more suspended sessions than maxConnectionsPerAddress 1"]);
  });

  it("handles what waits in its mailbox, in order, and goes on reading its client where it was full", async () => {
    const gates = [defer(), defer(), defer()];
    const handled: string[] = [];
    const services: Services = {
      Desk: {
        Do: async (_session, text) => {
          await gates[handled.length]?.promise;
          handled.push(text);
          return text;
        },
      },
    };
    const test = await start({ services, maxQueuedMessages: 2 });
    const client = await enter(test);
    client.send(request(1, "Desk.Do", "a"));
    client.send(request(2, "Desk.Do", "b"));
    await until(() => test.server.counters.requests === 2);
    await cut(test, client);
    const back = await enter(test, claim(client, 0));
    back.send(request(3, "Desk.Do", "c"));
    await turn();
    expect(test.server.counters.requests).toBe(2);
    for (const gate of gates) {
      gate.resolve();
    }
    expect((await back.messages(3)).map(({ id, text }) => [Number(id), text])).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "c"],
    ]);
    expect(handled).toEqual(["a", "b", "c"]);
  });
});

describe("pushes that may give way, to a client that is away", () => {
  const moved: PushDefinition<string> = {
    ...pushOf("Events.Moved", 8),
    overflow: { policy: "conflate", key: (text) => text[0] as string },
  };
  const shown: PushDefinition<string> = { ...pushOf("Events.Shown", 7), overflow: { policy: "drop" } };

  it("conflate: the newest of a key waits, at the place where it came", async () => {
    const test = await start();
    const client = await enter(test);
    const [session] = test.begun as [Session];
    session.push(moved, "a0");
    await client.message();
    await cut(test, client);
    for (let count = 1; count <= 50; count++) {
      session.push(moved, `a${count}`);
      session.push(moved, `b${count}`);
    }
    session.push(told, "between");
    session.push(moved, "a51");
    expect(session.waiting.messages).toBe(4);
    const back = await enter(test, claim(client, 1));
    expect((await back.messages(3)).map(({ text }) => text)).toEqual(["b50", "between", "a51"]);
    expect(test.server.counters.replacedPushes).toBe(99);
    await cut(test, back);
    expect((await enter(test, claim(client, 4))).offer).toMatchObject({ received: 0 });
  });

  it("drop: they leave a quarter of the room to what must arrive, and cost no session", async () => {
    const test = await start();
    const client = await enter(test);
    const [session] = test.begun as [Session];
    await cut(test, client);
    const queued = Array.from({ length: 20 }, () => session.push(shown, "x"));
    expect(queued).toEqual([...Array(12).fill(1), ...Array(8).fill(0)]);
    expect(session.push(told, "last")).toBe(1);
    expect(test.server.counters.droppedPushes).toBe(8);
    const back = await enter(test, claim(client, 0));
    expect((await back.messages(13)).at(-1)?.text).toBe("last");
    expect(session.closed).toBe(false);
  });

  it("are not blocked any more when it is back: who waits for that is told", async () => {
    const test = await start();
    const client = await enter(test);
    const [session] = test.begun as [Session];
    const drained: boolean[] = [];
    session.onUnblocked(({ blocked }) => drained.push(blocked));
    await cut(test, client);
    expect(session.blocked).toBe(true);
    await enter(test, claim(client, 0));
    expect(drained).toEqual([false]);
  });
});

describe("acknowledgments", () => {
  it("are sent at a quarter of what may be kept, and with heartbeats, to those who resume sessions alone", async () => {
    const test = await start({
      heartbeatIntervalMs: 1_000,
      services: { Desk: { Say: { kind: "notify", handle: () => "" } } },
    });
    const [client, plain] = [await enter(test), await test.enter()];
    for (let count = 0; count < 5; count++) {
      client.send(notify("Desk.Say", "x"));
      plain.send(notify("Desk.Say", "x"));
    }
    expect(textOf((await client.packet()).body)).toBe('{"received":4}');
    test.clock.step(1_000);
    expect(textOf((await client.packet()).body)).toBe('{"received":5}');
    test.clock.step(500);
    await turn();
    expect([client.packets.length, plain.packets.length]).toEqual([0, 0]);
  });

  it("make room: a client that acknowledges may be pushed to for ever, and comes back all the same", async () => {
    const test = await start();
    const client = await enter(test);
    const [session] = test.begun as [Session];
    for (let count = 1; count <= 100; count++) {
      session.push(told, String(count));
      await client.message();
      client.send(packet(6, `{"received":${count}}`));
      await turn();
    }
    await cut(test, client);
    session.push(told, "101");
    const back = await enter(test, claim(client, 100));
    expect((await back.message()).text).toBe("101");
  });

  it("that do not come cost a connected client nothing but the way back", async () => {
    const test = await start();
    const client = await enter(test);
    const [session] = test.begun as [Session];
    for (let count = 0; count < 17; count++) {
      session.push(told, "x");
    }
    await client.messages(17);
    expect(session.closed).toBe(false);
    expect((await enter(test, claim(client, 0))).offer.refused).toBe("gap");
    expect(session.closed).toBe(true);
  });

  it.each(["18", "-1", "1.5", '"1"', "null", "[1]"])("of %s are a broken protocol, and no crash", async (received) => {
    const test = await start();
    const client = await enter(test);
    client.send(packet(6, `{"received":${received}}`));
    await client.ended;
    expect(test.server.counters).toMatchObject({ sessions: 0, suspended: 0, closed: { invalid_acknowledgment: 1 } });
    expect((await enter(test, claim(client, 0))).offer.refused).toBe("unknown");
  });
});

describe("whoever comes back", () => {
  it.each([
    ["a count that was never reached", (client: Entered) => claim(client, 2), {}, "gap"],
    ["a count below nothing", (client: Entered) => claim(client, -1), {}, "gap"],
    ["half a message", (client: Entered) => claim(client, 0.5), {}, "gap"],
    ["no count", ({ offer }: Entered) => ({ token: offer.token }), {}, "gap"],
    ["messages that it forgot and that never came", (client: Entered) => claim(client, 0, 1), {}, "gap"],
    ["another serializer", (client: Entered) => claim(client, 0), { serializer: "json" }, "profile"],
    ["another dictionary", (client: Entered) => claim(client, 0), { dictVersion: "v1" }, "profile"],
    ["another kind of client", (client: Entered) => claim(client, 0), { type: "other" }, "profile"],
    ["no such token", () => ({ token: "x".repeat(44), received: 0, forgotten: 0 }), {}, "unknown"],
    ["an empty token", () => ({ token: "", received: 0, forgotten: 0 }), {}, "unknown"],
    [
      "the name of a token and another secret",
      ({ offer }: Entered) => ({ token: `${offer.token.slice(0, 43)}!`, received: 0, forgotten: 0 }),
      {},
      "unknown",
    ],
    [
      "half a token",
      ({ offer }: Entered) => ({ token: offer.token.slice(0, 12), received: 0, forgotten: 0 }),
      {},
      "unknown",
    ],
  ])("with %s gets a new session, and is told why", async (_, claimOf, sys, refused) => {
    const test = await start();
    const client = await enter(test);
    const [session] = test.begun as [Session];
    await cut(test, client);
    const back = await enter(test, claimOf(client), sys);
    expect(back.offer.refused).toBe(refused);
    expect(session.closed).toBe(refused !== "unknown");
    expect((await back.call(1, "Echo.Say", refused === "profile" ? "{}" : "x")).id).toBe(1n);
  });

  it("twice at once: the last one has it, and the one before is closed", async () => {
    const test = await start();
    const client = await enter(test);
    await cut(test, client);
    const hello = packet(1, JSON.stringify({ sys: { ...ours, resume: claim(client, 0) } }));
    const [first, second] = [await test.open(), await test.open()];
    first.send(hello);
    await first.answer();
    second.send(hello);
    await second.answer();
    await first.ended;
    first.send(packet(2));
    second.send(packet(2));
    expect((await second.call(1, "Echo.Say", "x")).text).toBe("x");
    expect(test.server.sessions()).toEqual(test.begun);
  });

  it("and does not acknowledge has no more time for it; the session stays for the next", async () => {
    const test = await start();
    const client = await enter(test);
    await cut(test, client);
    const slow = await test.open();
    slow.send(packet(1, JSON.stringify({ sys: { ...ours, resume: claim(client, 0) } })));
    await slow.answer();
    slow.link.destroy();
    await until(() => test.server.counters.open === 0);
    test.clock.step(5_000);
    const back = await enter(test, claim(client, 0));
    expect(back.offer.received).toBe(0);

    await cut(test, back);
    const late = await test.open();
    late.send(packet(1, JSON.stringify({ sys: { ...ours, resume: claim(client, 0) } })));
    await late.answer();
    test.clock.step(10_000);
    await late.ended;
    expect(test.server.counters).toMatchObject({ sessions: 0, suspended: 0 });
  });

  it("is not judged anew by the application, which never sees a token", async () => {
    const seen: unknown[] = [];
    const test = await start({
      onHandshake: (handshake) => {
        seen.push(handshake.sys);
        return "hello";
      },
    });
    const client = await enter(test);
    await cut(test, client);
    const back = await enter(test, claim(client, 0));
    expect([client.answered.user, back.answered.user]).toEqual(["hello", undefined]);
    await enter(test, { token: "unknown", received: 0, forgotten: 0 });
    expect(seen).toEqual([ours, ours]);
  });

  it("is nobody special to a server that keeps no sessions, nor to one whose client does not ask", async () => {
    const off = await startServer();
    const client = await off.enter({ sys: { ...ours, resume: { token: "x", received: 0, forgotten: 0 } } });
    expect(client.answered.sys).toMatchObject({ capabilities: ["drain", "ping"] });
    expect(client.answered.sys).not.toHaveProperty("resume");
    client.link.destroy();
    await until(() => off.server.sessions().length === 0);

    const on = await start();
    const old = await on.enter({ sys: { ...ours, capabilities: ["drain", "ping"] } });
    expect(old.answered.sys).toMatchObject({ capabilities: ["drain", "ping"] });
    expect(old.answered.sys).not.toHaveProperty("resume");
    old.link.destroy();
    await until(() => on.server.sessions().length === 0);
    expect((await on.enter()).answered.sys).not.toHaveProperty("capabilities");
  });

  it("with whatever strangers think of is answered and served", async () => {
    const test = await start({ maxConnectionsPerAddress: 1_000_000 });
    const victim = await enter(test);
    await cut(test, victim);
    const text = fc.oneof(fc.string(), fc.constant(victim.offer.token), fc.constant(victim.offer.token.slice(0, 12)));
    const claims = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          token: fc.oneof(text, fc.jsonValue()),
          received: fc.oneof(fc.integer(), fc.jsonValue()),
          forgotten: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(claims, async (hostile) => {
        const client = await test.enter({ sys: { ...ours, resume: hostile } });
        expect(client.answered.code).toBe(200);
        client.send(request(1, "Echo.Say", "x"));
        const { text: answer } = await client.message();
        expect(answer).toBe("x");
        client.send(packet(6, '{"leave":true}'));
        client.link.destroy();
      }),
      { numRuns: 200 },
    );
    await until(() => test.server.counters.open === 0);
    expect(test.server.sessions().filter((session) => !session.suspended)).toEqual([]);
  });
});

describe("tokens", () => {
  it("are 192 bits that nobody guesses, and none is like another", async () => {
    const test = await start();
    const tokens = new Set<string>();
    for (let count = 0; count < 50; count++) {
      const { offer } = await enter(test);
      expect(offer.token).toMatch(/^[\w-]{44}$/);
      tokens.add(offer.token.slice(0, 12)).add(offer.token.slice(12));
    }
    expect(tokens.size).toBe(100);
  });
});
