import { connect as connectTcp, createServer as createTcpServer, type Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { NanowireError } from "../../runtime/base/error.js";
import { silentLogger } from "../../runtime/base/logger.js";
import type { ClientConnection, ConnectionStatus } from "../../runtime/client/client-connection.js";
import { connect, resumption } from "../../runtime/client/index.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import type { Session } from "../../runtime/session/session.js";
import { type CutPoint, TestLink } from "../../runtime/testing/link.js";
import { SteppedClock } from "../../runtime/testing/stepped-clock.js";
import { startTestServer, type TestConnectOptions, type TestServerOptions } from "../../runtime/testing/test-server.js";
import type { Dial } from "../../runtime/transport/client-socket.js";
import { memory } from "../../runtime/transport/memory.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { transportOf } from "../support/server.js";
import { components, pushOf, type Services } from "../support/service.js";
import { defer, turn, until } from "../support/wait.js";
import { data, FakeServer, handshakePacket, packet, settled } from "./support/fake-server.js";
import { join, said, say, text } from "./support/text-codec.js";

const ask = { route: "Desk.Ask", code: 1, request: text, response: text };
const note = { route: "Desk.Note", code: 2, request: text, response: text as never };
const toldClient = { route: "Events.Told", code: 3, message: text };
const told = pushOf("Events.Told", 3);

/** What a server saw: everything is handled once, or this shows it. */
class Desk {
  readonly handled: string[] = [];
  readonly sessions: Session[] = [];
  #pushed = 0;

  readonly services: Services = {
    Desk: {
      Ask: (session, what) => this.ask(session, what),
      Note: { kind: "notify", handle: (_session, what) => this.note(what) },
    },
  };

  ask(session: Session, what: string): string | Promise<string> {
    this.handled.push(what);
    this.push(session);
    // Every other answer takes a turn: it may find the connection gone.
    return Number(what) % 2 === 0 ? what : turn().then(() => what);
  }

  note(what: string): string {
    this.handled.push(what);
    return "";
  }

  push(session: Session): void {
    session.push(told, String(this.#pushed++));
  }

  get pushed(): string[] {
    return Array.from({ length: this.#pushed }, (_, index) => String(index));
  }

  watch(server: Server): void {
    server.onSessionOpen((session) => this.sessions.push(session));
  }
}

/** What a client did, and what came of it. */
class Talk {
  readonly sent: string[] = [];
  readonly asked: string[] = [];
  readonly answers: string[] = [];
  readonly heard: string[] = [];
  readonly connection: ClientConnection;
  readonly #answers: Promise<void>[] = [];

  constructor(connection: ClientConnection) {
    this.connection = connection;
    connection.on(toldClient, (message) => void this.heard.push(message));
  }

  ask(): void {
    const what = this.#next();
    this.asked.push(what);
    this.#answers.push(this.connection.request(ask, what).then((answer) => void this.answers.push(answer)));
  }

  note(): void {
    this.connection.notify(note, this.#next());
  }

  get answered(): boolean {
    return this.answers.length === this.asked.length;
  }

  /** Everything was handled once and in order, answered once, and pushed once and in order. */
  async check({ handled, pushed, sessions }: Desk): Promise<void> {
    await Promise.all(this.#answers);
    expect(handled).toEqual(this.sent);
    expect(this.answers).toEqual(this.asked);
    expect(this.heard).toEqual(pushed);
    expect(sessions).toHaveLength(1);
  }

  #next(): string {
    this.sent.push(String(this.sent.length));
    return this.sent[this.sent.length - 1] as string;
  }
}

/** A way to a server's port that is cut after so many bytes of its first connection. */
class CuttingProxy {
  readonly #server = createTcpServer((socket) => this.#join(socket));
  readonly #to: number;
  #pairs: (readonly [Socket, Socket])[] = [];
  /** How many bytes have passed since {@link arm}. */
  readonly passed = { toServer: 0, toClient: 0 };
  #left = { toServer: Number.POSITIVE_INFINITY, toClient: Number.POSITIVE_INFINITY };

  constructor(to: number) {
    this.#to = to;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => void this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as { port: number }).port;
  }

  /** Cuts all that passes when so many more bytes have. */
  arm({ toServerBytes, toClientBytes }: CutPoint): void {
    this.passed.toServer = 0;
    this.passed.toClient = 0;
    const ever = Number.POSITIVE_INFINITY;
    this.#left = { toServer: toServerBytes ?? ever, toClient: toClientBytes ?? ever };
  }

  close(): void {
    this.#cut();
    this.#server.close();
  }

  #join(client: Socket): void {
    const server = connectTcp({ host: "127.0.0.1", port: this.#to, noDelay: true });
    this.#pairs.push([client, server]);
    this.#pass(client, server, "toServer");
    this.#pass(server, client, "toClient");
  }

  #pass(from: Socket, to: Socket, way: "toServer" | "toClient"): void {
    from.on("error", () => {});
    from.on("close", () => to.destroy());
    from.on("data", (bytes: Buffer) => {
      const passing = bytes.subarray(0, this.#left[way]);
      this.passed[way] += passing.length;
      this.#left[way] -= passing.length;
      to.write(passing, () => this.#left[way] === 0 && this.#cut());
    });
  }

  #cut(): void {
    this.#left = { toServer: Number.POSITIVE_INFINITY, toClient: Number.POSITIVE_INFINITY };
    for (const pair of this.#pairs.splice(0)) {
      for (const socket of pair) {
        socket.destroy();
      }
    }
  }
}

describe.each(["tcp", "ws"] as const)("over real sockets, %s", (name) => {
  const transport: Transport = transportOf(name);
  let server: Server;
  let proxy: CuttingProxy;
  let url: string;
  let desk: Desk;

  beforeAll(async () => {
    desk = new Desk();
    const services: Services = {
      Desk: {
        Ask: (session, what) => desk.ask(session, what),
        Note: { kind: "notify", handle: (_session, what) => desk.note(what) },
      },
    };
    server = createServer({
      components: components(services, ["Events.Told"]),
      listen: [transport],
      logger: silentLogger,
      resume: true,
      maxMessagesPerSecond: 1_000_000,
    });
    server.onSessionOpen((session) => desk.sessions.push(session));
    await server.start();
    proxy = new CuttingProxy(transport.address?.port as number);
    url = `${name}://127.0.0.1:${await proxy.listen()}`;
  });

  afterAll(async () => {
    proxy.close();
    await server.stop();
  });

  /** Returns how many bytes passed. */
  async function converse(point: CutPoint): Promise<{ toServer: number; toClient: number }> {
    desk = new Desk();
    const reconnect = { minDelayMs: 1, jitter: 0, resume: resumption };
    const connection = await connect(url, { reconnect, requestTimeoutMs: 0, dictVersion: "v1" });
    await until(() => desk.sessions.length === 1);
    proxy.arm(point);
    const talk = new Talk(connection);
    talk.ask();
    talk.note();
    talk.ask();
    await until(() => talk.answered);
    talk.note();
    desk.push(desk.sessions[0] as Session);
    talk.ask();
    await until(() => talk.answered);
    await talk.check(desk);
    const passed = { ...proxy.passed };
    proxy.arm({});
    connection.close();
    await until(() => server.sessions().length === 0);
    return passed;
  }

  it("a conversation that is cut after any byte goes on as if nothing had been", async () => {
    const { toServer, toClient } = await converse({});
    expect([toServer, toClient].every((bytes) => bytes > 40)).toBe(true);
    const before = server.counters.resumed;
    for (let bytes = 1; bytes < toServer; bytes++) {
      await converse({ toServerBytes: bytes });
    }
    for (let bytes = 1; bytes < toClient; bytes++) {
      await converse({ toClientBytes: bytes });
    }
    expect(server.counters.resumed - before).toBeGreaterThan((toServer + toClient) / 2);
    expect(server.counters).toMatchObject({ sessions: 0, suspended: 0 });
  }, 120_000);
});

describe("whatever is cut, and wherever", () => {
  const never = { toServerBytes: Number.POSITIVE_INFINITY, toClientBytes: Number.POSITIVE_INFINITY };
  const step = fc.constantFrom("ask", "note", "push", "wait", "wait", "vanish");
  const cutPoint = fc.oneof(
    fc.record({ toServerBytes: fc.integer({ min: 1, max: 700 }) }),
    fc.record({ toClientBytes: fc.integer({ min: 1, max: 700 }) }),
    fc.record({ toServerBytes: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ toClientBytes: fc.integer({ min: 1, max: 40 }) }),
  );

  it("each message is handled once, each request answered once, and pushes come in order, none twice", async () => {
    let resumed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.array(cutPoint, { maxLength: 12 }),
        fc.option(fc.integer({ min: 1, max: 9 })),
        async (steps, cuts, pieceBytes) => {
          const clock = new SteppedClock();
          const desk = new Desk();
          const transport = memory();
          const server = createServer({
            components: components(desk.services, ["Events.Told"]),
            listen: [transport],
            logger: silentLogger,
            clock,
            resume: { graceMs: 86_400_000 },
            maxMessagesPerSecond: 1_000_000,
          });
          desk.watch(server);
          await server.start();
          let link: TestLink | undefined;
          const plan = [...cuts];
          const dial: Dial = async (signal) => {
            const isFirst = link === undefined;
            const conditions = pieceBytes === null ? {} : { pieceBytes };
            link = new TestLink(await transport.dial(signal), clock, conditions, () => {});
            // The first handshake has to be taken: it is the ones after it that are cut.
            link.cutAfter(isFirst ? {} : (plan.shift() ?? {}));
            return link;
          };
          const connecting = connect(dial, { clock, requestTimeoutMs: 0, reconnect: { resume: resumption } });
          const talk = new Talk(await connecting);
          await quiet();
          link?.cutAfter(plan.shift() ?? {});
          for (const what of steps) {
            if (what === "ask") {
              talk.ask();
            } else if (what === "note") {
              talk.note();
            } else if (what === "push") {
              desk.push(desk.sessions[0] as Session);
            } else if (what === "vanish") {
              link?.vanish();
            } else {
              clock.step(400);
              await quiet();
            }
          }
          for (let round = 0; round < 100 && (plan.length > 0 || !talk.answered || !isLevel()); round++) {
            clock.step(5_000);
            await quiet();
          }
          function isLevel(): boolean {
            return talk.connection.state === "open" && talk.heard.length === desk.pushed.length;
          }
          await talk.check(desk);
          resumed += server.counters.resumed;
          // What was left to be cut may have been cut by now.
          link?.cutAfter(never);
          for (let round = 0; round < 100 && talk.connection.state !== "open"; round++) {
            clock.step(5_000);
            await quiet();
          }
          talk.connection.close();
          await quiet();
          expect(server.counters).toMatchObject({ sessions: 0, suspended: 0 });
          await server.stop();
          expect(clock.waiting).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
    expect(resumed).toBeGreaterThan(150);
  });
});

/** Lets the event loop go round a few times: what is under way in this process arrives. */
async function quiet(): Promise<void> {
  for (let round = 0; round < 8; round++) {
    await turn();
  }
}

describe("a client whose session can be resumed", () => {
  async function start(options: Partial<TestServerOptions> = {}, connectOptions: TestConnectOptions = {}) {
    const desk = new Desk();
    const test = await startTestServer({
      components: components(desk.services, ["Events.Told", "Events.Moved"]),
      resume: { graceMs: 30_000, maxMessages: 16 },
      ...options,
    });
    desk.watch(test.server);
    onTestFinished(() => (test.server.state === "running" ? test.stop() : undefined));
    const states: ConnectionStatus[] = [];
    const logins: number[] = [];
    const client = await test.connect({
      onState: (status) => states.push(status),
      ...connectOptions,
      reconnect: {
        resume: resumption,
        onReconnected: () => void logins.push(states.length),
        ...(connectOptions.reconnect as object),
      },
    });
    await test.settled();
    return { test, desk, client, states, logins, talk: new Talk(client.connection) };
  }

  it("is told that it was, and does not log in again", async () => {
    const { test, desk, client, states, logins, talk } = await start();
    client.cut();
    talk.ask();
    desk.push(desk.sessions[0] as Session);
    await client.comeBack();
    await test.settled();
    await talk.check(desk);
    expect(states).toMatchObject([
      { state: "connecting" },
      { state: "open", resumed: false },
      { state: "reconnecting", reason: { code: "connection_lost" } },
      { state: "connecting" },
      { state: "open", resumed: true },
    ]);
    expect(logins).toEqual([]);
  });

  it("comes back before the server has noticed, and after it has been silent for too long", async () => {
    const { test, desk, client, talk } = await start({ heartbeatIntervalMs: 10_000 });
    client.vanish();
    talk.ask();
    await client.comeBack();
    expect(test.server.counters).toMatchObject({ resumed: 1, sessions: 1 });
    // The server hears nothing more, and finds that out first.
    client.conditions({ toServerMs: 3_600_000 });
    talk.note();
    await test.advance(25_000);
    await client.comeBack();
    await test.settled();
    await talk.check(desk);
    expect(test.server.counters).toMatchObject({ resumed: 2, closed: { heartbeat_timeout: 1 } });
  });

  it("begins anew when the grace is over: what was under way is rejected, and it logs in", async () => {
    const { test, desk, client, states, logins, talk } = await start();
    client.cutAfter({ toServerBytes: 3 });
    const request = client.connection.request(ask, "7", { timeoutMs: 0 }).catch((error: NanowireError) => error);
    test.reachable = false;
    await test.advance(31_000);
    expect(desk.sessions[0]?.closed).toBe(true);
    test.reachable = true;
    await client.comeBack();
    expect(await request).toMatchObject({ code: "unavailable", cause: { code: "connect_failed" } });
    expect(states.at(-1)).toEqual({ state: "open", resumed: false });
    expect(logins).toHaveLength(1);
    talk.ask();
    await test.settled();
    expect(talk.answers).toEqual(["0"]);
    client.cut();
    await client.comeBack();
    expect(states.at(-1)).toEqual({ state: "open", resumed: true });
  });

  it("begins anew when it had not logged in yet, and when the server kept nothing", async () => {
    const gate = defer();
    let logins = 0;
    const { test, client, states } = await start(
      {},
      { reconnect: { onReconnected: () => (logins++ === 0 ? gate.promise : undefined) } },
    );
    test.server.sessions()[0]?.close();
    await test.settled();
    await test.advance(1_000);
    expect([client.connection.state, logins]).toEqual(["connecting", 1]);
    client.cut();
    await client.comeBack();
    expect(logins).toBe(2);
    expect(states.filter(({ state }) => state === "open")).toEqual([
      { state: "open", resumed: false },
      { state: "open", resumed: false },
    ]);
    gate.resolve();
  });

  it("says so when it closes for good: the session does not wait for it", async () => {
    const { test, client } = await start();
    client.connection.close();
    await test.settled();
    expect(test.server.counters).toMatchObject({ sessions: 0, suspended: 0 });
  });

  it("does not come back to a session that it was kicked from, nor to a server that drains", async () => {
    const kicked = await start();
    kicked.desk.sessions[0]?.kick("out");
    await kicked.test.settled();
    expect(kicked.client.connection.status).toMatchObject({ state: "closed", reason: { code: "kicked" } });

    const drained = await start();
    const drain = drained.test.server.drain({ graceMs: 5_000, afterMs: 1_000, spreadMs: 0 });
    await drained.test.settled();
    await drained.test.advance(5_000);
    await drain;
    expect(drained.test.server.counters).toMatchObject({ sessions: 0, suspended: 0, resumed: 0 });
  });

  it("loses nothing of what it sends while it is away, in the order of its calls", async () => {
    const { test, desk, client, talk } = await start();
    talk.note();
    client.cut();
    talk.note();
    talk.ask();
    await test.settled();
    talk.note();
    await client.comeBack();
    talk.note();
    await test.settled();
    await talk.check(desk);
    expect(desk.handled).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("sends and gets far more than is kept, and comes back all the same: both sides acknowledge", async () => {
    const { test, desk, client, talk } = await start();
    for (let count = 0; count < 100; count++) {
      talk.ask();
      talk.note();
      await test.settled();
    }
    client.cut();
    await client.comeBack();
    await test.settled();
    await talk.check(desk);
    expect(client.connection.status).toEqual({ state: "open", resumed: true });
  });

  it("keeps count of pushes that give way to newer ones while it does not read", async () => {
    const { test, desk, client, talk } = await start(
      { resume: { maxMessages: 1_000 } },
      { conditions: { windowBytes: 0 } },
    );
    const [session] = desk.sessions as [Session];
    const moves: string[] = [];
    const moved = { ...pushOf("Events.Moved", 4), overflow: { policy: "conflate", key: () => "" } } as const;
    client.connection.on({ route: "Events.Moved", code: 4, message: text }, (move) => void moves.push(move));
    client.stopReading();
    for (let count = 1; count <= 30; count++) {
      session.push(moved, String(count));
      desk.push(session);
      await test.settled();
    }
    expect(test.server.counters.replacedPushes).toBeGreaterThan(20);
    client.cut();
    await client.comeBack();
    talk.ask();
    await test.settled();
    client.cut();
    desk.push(session);
    await client.comeBack();
    await test.settled();
    await talk.check(desk);
    expect(moves.at(-1)).toBe("30");
    expect(moves.length).toBeLessThan(10);
  });

  it("reconnects as ever where the server keeps no sessions", async () => {
    const { test, client, states, logins } = await start({ resume: false });
    client.cut();
    await client.comeBack();
    expect(states.at(-1)).toEqual({ state: "open", resumed: false });
    expect(logins).toHaveLength(1);
    expect(test.server.counters).toMatchObject({ sessions: 1, resumed: 0 });
  });
});

describe("a server that says what cannot be", () => {
  const offer = { token: "t", graceMs: 1_000, maxMessages: 8, maxBytes: 1_000 };
  const sys = { capabilities: ["drain", "ping", "resume"], resume: offer };
  const options = { reconnect: { resume: resumption, jitter: 0 } };

  async function comeBack(server: FakeServer): Promise<void> {
    server.close();
    server.clock.step(500);
    await settled();
  }

  it("is told by the handshake what the client has got, and sent what it has not got itself", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys }, options);
    connection.notify(say, "a");
    connection.notify(say, "b");
    server.send(data("06 0f 'RoomEvents.Said' 'x'"));
    server.sent.length = 0;
    await comeBack(server);
    expect(handshakeOf(server).sys).toMatchObject({
      capabilities: ["drain", "ping", "resume"],
      resume: { token: "t", received: 1, forgotten: 0 },
    });
    server.sent.length = 0;
    server.send(handshakePacket({ sys: { ...sys, resume: { ...offer, received: 1 } } }));
    await settled();
    expect(server.sent).toEqual(["02000000", hexOf(data("02 08 'Room.Say' 'b'"))]);
  });

  it("is told only of what was handled: a push that waits behind an answer when the link is given up comes again", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { ...sys, heartbeat: 1 } }, options);
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    const answer = connection.request(join, "x");
    server.send(data("04 01 'y'"), data("06 0f 'RoomEvents.Said' 'z'"));
    server.clock.step(2_000);
    expect(connection.status).toMatchObject({ state: "reconnecting", reason: { code: "heartbeat_timeout" } });
    expect(await answer).toBe("y");
    server.sent.length = 0;
    server.clock.step(500);
    await settled();
    expect(handshakeOf(server).sys).toMatchObject({ resume: { received: 1 } });
    expect(heard).toEqual([]);
    connection.close();
  });

  it.each([3, -1, "1", null])(
    "has got %s messages: the client begins anew with the next connection",
    async (received) => {
      const server = new FakeServer();
      const connection = await server.connected({ sys }, options);
      connection.notify(say, "a");
      await comeBack(server);
      server.send(handshakePacket({ sys: { ...sys, resume: { ...offer, received } } }));
      await settled();
      expect(connection.status).toMatchObject({ state: "reconnecting", reason: { code: "invalid_acknowledgment" } });
      server.sent.length = 0;
      server.clock.step(5_000);
      await settled();
      expect(handshakeOf(server).sys).not.toHaveProperty("resume");
      connection.close();
    },
  );

  it("acknowledges what was never sent: the client leaves, and begins anew", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys }, options);
    server.send(packet(6, new TextEncoder().encode('{"received":1}')));
    expect(connection.status).toMatchObject({ state: "reconnecting", reason: { code: "invalid_acknowledgment" } });
    expect(server.sent.at(-1)).toBe(hexOf(packet(6, new TextEncoder().encode('{"leave":true}'))));
    connection.close();
  });

  it.each([
    { ...offer, token: 1 },
    { ...offer, graceMs: "x" },
    { ...offer, maxMessages: 0 },
    { ...offer, maxBytes: null },
    "no offer",
    null,
  ])("offers %j: nothing is resumed", async (resume) => {
    const server = new FakeServer();
    const connection = await server.connected({ sys: { ...sys, resume } }, options);
    const answer = connection.request(join, "x").catch((error: NanowireError) => error);
    await comeBack(server);
    expect(await answer).toMatchObject({ code: "unavailable" });
    connection.close();
  });

  it("sends a push that the client cannot read: it does not ask for it again", async () => {
    const server = new FakeServer();
    const connection = await server.connected({ sys }, options);
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    server.send(data("07 ff fe 'x'"));
    expect(connection.status).toMatchObject({ state: "reconnecting", reason: { code: "unknown_code" } });
    server.sent.length = 0;
    server.clock.step(500);
    await settled();
    expect(handshakeOf(server).sys).not.toHaveProperty("resume");
    connection.close();
  });
});

function handshakeOf(server: FakeServer): { readonly sys: object } {
  const bytes = Buffer.from((server.sent[0] as string).replaceAll(" ", ""), "hex");
  return JSON.parse(bytes.subarray(4).toString()) as { readonly sys: object };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
