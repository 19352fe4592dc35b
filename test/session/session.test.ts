import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { Session, type SessionLink } from "../../runtime/session/session.js";
import { SessionRegistry } from "../../runtime/session/session-registry.js";
import { toHex } from "../protocol/hex.js";
import { type Client, notify, request, textOf } from "../support/client.js";
import { KeptLog } from "../support/log.js";
import { startServer, type TestServer, transportNames } from "../support/server.js";
import { countingCodec, pushOf, type Services } from "../support/service.js";
import { turn, until } from "../support/wait.js";

/** A session on a link that keeps what is asked of it. */
function sessionOf() {
  const logger = new KeptLog();
  const asked: string[] = [];
  const registry = new SessionRegistry(logger, { second: "allow", kickReason: "", rebind: false }, undefined);
  const link: SessionLink = {
    binder: registry,
    transport: "tcp",
    remoteAddress: "10.1.2.3",
    logger,
    waiting: { bytes: 70, messages: 2 },
    blocked: true,
    sendPush: ({ route }) => asked.push(`push ${route}`) > 0,
    sendKick: (reason) => void asked.push(`kick ${reason}`),
    close({ code, message, scope }) {
      asked.push(`close ${code} ${message}`);
      session.ended(new NanowireError(code, message, { scope }));
    },
  };
  const session: Session = new Session("1", { sys: {}, user: null }, link);
  return { session, asked, logger };
}

const gone = new NanowireError("connection_lost", "the client closed the connection");

describe("who a session is", () => {
  it("is what its connection is", () => {
    const { session } = sessionOf();
    expect([session.id, session.transport, session.remoteAddress]).toEqual(["1", "tcp", "10.1.2.3"]);
    expect([session.uid, session.bound, session.closed]).toEqual(["", false, false]);
  });

  it.each(["a", "x".repeat(255), "ü 🙂", "0"])("can be bound to %j", async (uid) => {
    const { session } = sessionOf();
    await session.bind(uid);
    expect([session.uid, session.bound]).toEqual([uid, true]);
  });

  it.each([
    ["nothing", "", "a uid of 0 characters is not one of 1 to 255"],
    ["too much", "x".repeat(256), "a uid of 256 characters is not one of 1 to 255"],
    ["a number", 7 as unknown as string, "a uid of type number is not a string"],
  ])("cannot be bound to %s", async (_what, uid, message) => {
    const { session } = sessionOf();
    await expect(session.bind(uid)).rejects.toMatchObject({ code: "invalid_uid", scope: "request", message });
    expect(session.bound).toBe(false);
  });

  it("can be bound again to the same uid, and to no other", async () => {
    const { session } = sessionOf();
    await session.bind("ada");
    await session.bind("ada");
    await expect(session.bind("eve")).rejects.toMatchObject({
      code: "already_bound",
      message: "session 1 is bound to ada, not to eve",
    });
    expect(session.uid).toBe("ada");
  });

  it("is nobody again when it is unbound, and can be bound anew", async () => {
    const { session } = sessionOf();
    await session.unbind();
    await session.bind("ada");
    await session.unbind();
    expect([session.uid, session.bound]).toEqual(["", false]);
    await session.bind("eve");
    expect(session.uid).toBe("eve");
  });

  it("cannot be bound when it is closed, and keeps the uid it had", async () => {
    const { session } = sessionOf();
    await session.bind("ada");
    session.ended(gone);
    await expect(session.bind("ada")).rejects.toMatchObject({ code: "session_closed", message: "session 1 is closed" });
    expect([session.uid, session.closed]).toEqual(["ada", true]);
  });
});

describe("the end of a session", () => {
  it("is told once to each that asked, in their order, with the reason", () => {
    const { session } = sessionOf();
    const told: [string, NanowireError][] = [];
    session.onClose((reason) => void told.push(["first", reason]));
    session.onClose((reason) => void told.push(["second", reason]));
    session.ended(gone);
    session.ended(new NanowireError("closed", "again"));
    expect(told).toEqual([
      ["first", gone],
      ["second", gone],
    ]);
  });

  it("is told at once to those that ask later", () => {
    const { session } = sessionOf();
    session.ended(gone);
    const told: NanowireError[] = [];
    session.onClose((reason) => void told.push(reason));
    expect(told).toEqual([gone]);
  });

  it("is not told to those that took themselves back", () => {
    const { session } = sessionOf();
    const told: string[] = [];
    const takeBack = session.onClose(() => void told.push("taken back"));
    session.onClose(() => void told.push("stays"));
    takeBack();
    takeBack();
    session.ended(gone);
    expect(told).toEqual(["stays"]);
  });

  it.each([
    [
      "before",
      (session: Session, listener: () => void) => {
        session.onClose(listener);
        session.ended(gone);
      },
    ],
    [
      "after",
      (session: Session, listener: () => void) => {
        session.ended(gone);
        session.onClose(listener);
      },
    ],
  ])("is told to one that throws, or rejects, %s it: it is logged, and harms nobody", async (_when, order) => {
    const thrown = new Error("thrown");
    const rejected = new Error("rejected");
    const { session, logger } = sessionOf();
    order(session, () => {
      throw thrown;
    });
    const other = sessionOf();
    order(other.session, (async () => {
      throw rejected;
    }) as () => void);
    await turn();
    expect(logger.at("error").map(({ fields }) => fields["error"])).toEqual([thrown]);
    expect(other.logger.at("error").map(({ fields }) => fields["error"])).toEqual([rejected]);
  });

  it("fires the signal, with the reason", () => {
    const { session } = sessionOf();
    const { signal } = session;
    expect([signal.aborted, session.signal]).toEqual([false, signal]);
    session.ended(gone);
    expect([signal.aborted, signal.reason]).toEqual([true, gone]);
  });

  it("has fired the signal for those that ask later", () => {
    const { session } = sessionOf();
    session.ended(gone);
    expect([session.signal.aborted, session.signal.reason]).toEqual([true, gone]);
    expect(session.signal).toBe(session.signal);
  });

  it("lets nothing be sent or closed any more", () => {
    const { session, asked } = sessionOf();
    session.ended(gone);
    session.push(pushOf("A.B", 1), "x");
    session.kick("out");
    session.close();
    expect(asked).toEqual([]);
  });

  it("is already there in what a listener sees", () => {
    const { session } = sessionOf();
    let closed = false;
    session.onClose(() => {
      closed = session.closed && session.signal.aborted;
    });
    session.close();
    expect(closed).toBe(true);
  });
});

describe("kick and close", () => {
  it("kick says why before it closes", () => {
    const { session, asked } = sessionOf();
    session.kick("a second login");
    session.kick("again");
    expect(asked).toEqual(["kick a second login", "close kicked a second login"]);
  });

  it("close closes, once", () => {
    const { session, asked } = sessionOf();
    session.close();
    session.close();
    expect(asked).toEqual(["close closed the server closed the session"]);
  });
});

describe.each(transportNames)("a session over %s", (transport) => {
  const services: Services = {
    A: {
      Echo: (_session, text) => text,
      Kick(session, text) {
        session.push(pushOf("Events.Told", 5), "before");
        session.kick(text);
        session.push(pushOf("Events.Told", 5), "after");
        return "too late";
      },
      Close(session) {
        session.push(pushOf("Events.Told", 5), "before");
        session.close();
        return "too late";
      },
      Note: { handle: () => "", kind: "notify" },
    },
  };

  async function entered(): Promise<{ test: TestServer; client: Client; session: Session }> {
    const test = await startServer({ transport, services });
    const client = await test.enter();
    await client.call(1, "A.Echo");
    return { test, client, session: test.server.sessions()[0] as Session };
  }

  it("is found by its id while it is open", async () => {
    const { test, client, session } = await entered();
    expect(session.id).toMatch(/^\d{15,20}$/);
    expect(test.server.session(session.id)).toBe(session);
    expect(session.transport).toBe(transport);
    client.link.end();
    await until(() => test.server.counters.open === 0);
    expect(test.server.session(session.id)).toBeUndefined();
    expect(test.server.sessions()).toEqual([]);
  });

  it("is pushed to, byte by byte", async () => {
    const { client, session } = await entered();
    client.deliveries.length = 0;
    session.push(pushOf("Events.Told", 5), "hi");
    expect(await client.message()).toMatchObject({ type: "push", route: "Events.Told", text: "hi" });
    // packet 4, flag 06 (a push), the route in full, the payload
    expect(client.deliveries.map(toHex)).toEqual([`0400000f060b${toHex(Buffer.from("Events.Toldhi"))}`]);
  });

  it("is kicked with JSON that says why, after what was pushed before", async () => {
    const { test, client, session } = await entered();
    const reasons: NanowireError[] = [];
    session.onClose((reason) => void reasons.push(reason));
    client.send(request(2, "A.Kick", 'a "second" login'));
    expect((await client.message()).text).toBe("before");
    const { type, body } = await client.packet();
    expect([type, textOf(body)]).toEqual([5, '{"reason":"a \\"second\\" login"}']);
    await client.ended;
    expect(client.packets.length).toBe(0);
    expect(reasons.map(({ code, message }) => [code, message])).toEqual([["kicked", 'a "second" login']]);
    expect(test.server.counters).toMatchObject({ closed: { kicked: 1 }, pushes: 1, sessions: 0 });
    expect(test.log.at("warn")).toEqual([]);
  });

  it("is closed after what was pushed before", async () => {
    const { test, client } = await entered();
    client.send(request(2, "A.Close"));
    expect((await client.message()).text).toBe("before");
    await client.ended;
    expect(client.packets.length).toBe(0);
    expect(test.server.counters).toMatchObject({ closed: { closed: 1 }, sessions: 0 });
  });

  it("that the client left ends with connection_lost, and others go on", async () => {
    const { test, client, session } = await entered();
    const other = await test.enter();
    client.link.destroy();
    await until(() => session.closed);
    expect(session.signal.reason).toMatchObject({ code: "connection_lost", scope: "connection" });
    await until(() => test.server.counters.open === 1);
    expect((await other.call(1, "A.Echo", "here")).text).toBe("here");
    expect(test.server.counters).toMatchObject({ accepted: 2, open: 1, sessions: 1, closed: { connection_lost: 1 } });
  });

  it("gets pushes and answers in the order in which they were made", async () => {
    const test = await startServer({
      transport,
      services: {
        A: {
          Do(session, text) {
            session.push(pushOf("E.X", 2), `${text} pushed`);
            return `${text} answered`;
          },
        },
      },
    });
    const client = await test.enter();
    client.send(new Uint8Array([...request(1, "A.Do", "1"), ...request(2, "A.Do", "2")]));
    expect((await client.messages(4)).map(({ text }) => text)).toEqual([
      "1 pushed",
      "1 answered",
      "2 pushed",
      "2 answered",
    ]);
  });

  it("counts what came and went", async () => {
    const { test, client, session } = await entered();
    client.send(notify("A.Note"));
    session.push(pushOf("Events.Told", 5), "x");
    await client.message();
    await client.call(2, "A.Echo");
    expect(test.server.counters).toEqual({
      arriving: 0,
      accepted: 1,
      refused: {},
      open: 1,
      sessions: 1,
      suspended: 0,
      resumed: 0,
      requests: 2,
      notifies: 1,
      pushes: 1,
      droppedPushes: 0,
      replacedPushes: 0,
      failedTasks: 0,
      failed: {},
      closed: {},
      refusedHandshakes: {},
      guests: 0,
      remote: {
        made: { calls: 0, tells: 0, pending: 0, failed: {} },
        answered: { calls: 0, tells: 0, pending: 0, failed: {} },
        jobs: { enqueued: 0, pending: 0, done: 0, again: 0, failed: 0 },
      },
    });
  });
});

describe("a push that cannot be encoded", () => {
  it("throws where it is pushed, and sends nothing", async () => {
    const test = await startServer();
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    const { codec } = countingCodec();
    const broken = { ...codec, protobuf: { ...codec.protobuf, encode: () => fail() } };
    expect(() => test.server.sessions()[0]?.push(pushOf("E.X", 2, broken), "x")).toThrow("cannot be encoded");
    expect((await client.call(2, "Echo.Say", "next")).text).toBe("next");
    expect(test.server.counters.pushes).toBe(0);
  });

  it("because its route is too long says so, and sends nothing", async () => {
    const test = await startServer();
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    const push = () => test.server.sessions()[0]?.push(pushOf("x".repeat(256), 0), "x");
    expect(push).toThrow(expect.objectContaining({ code: "invalid_route" }));
    expect((await client.call(2, "Echo.Say", "next")).text).toBe("next");
  });
});

function fail(): never {
  throw new RangeError("the message cannot be encoded");
}
