import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import type { NanowireError } from "../../runtime/base/error.js";
import { Group } from "../../runtime/session/group.js";
import { sendPush } from "../../runtime/session/send-push.js";
import type { Session } from "../../runtime/session/session.js";
import { toHex } from "../protocol/hex.js";
import type { Client } from "../support/client.js";
import { startServer, type TestServer, type TestServerOptions } from "../support/server.js";
import { countingCodec, pushOf, textCodec, textWithoutJson } from "../support/service.js";
import { turn, until } from "../support/wait.js";

interface Member {
  readonly client: Client;
  readonly session: Session;
}

/** A client with its session: the one that was not there before. */
async function memberOf(test: TestServer, handshake: object = {}): Promise<Member> {
  const before = new Set(test.server.sessions());
  const client = await test.enter(handshake);
  await client.call(1, "Echo.Say");
  const session = test.server.sessions().find((other) => !before.has(other)) as Session;
  return { client, session };
}

async function membersOf(count: number, options: TestServerOptions = {}) {
  const test = await startServer(options);
  const members: Member[] = [];
  for (let index = 0; index < count; index++) {
    members.push(await memberOf(test));
  }
  return { test, members, group: new Group("room") };
}

function errorOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code, scope, message } = error as NanowireError;
    return `${code} ${scope}: ${message}`;
  }
  return "nothing";
}

const told = pushOf("Events.Told", 2);

describe("the members of a group", () => {
  it("come and go", async () => {
    const { members, group } = await membersOf(2);
    const [a, b] = members.map(({ session }) => session) as [Session, Session];
    expect([group.name, group.count, group.closed, group.members()]).toEqual(["room", 0, false, []]);
    group.add(a);
    group.add(b);
    expect([group.count, group.contains(a), group.contains(b)]).toEqual([2, true, true]);
    group.leave(a);
    expect([group.count, group.contains(a), group.members()]).toEqual([1, false, [b]]);
    group.add(a);
    expect(group.members()).toEqual([b, a]);
    group.leaveAll();
    expect([group.count, group.closed]).toEqual([0, false]);
    group.add(a);
    expect(group.count).toBe(1);
  });

  it("are listed in the order in which they came, in an array of the caller's", async () => {
    const { members, group } = await membersOf(5);
    const order = [3, 0, 4, 1, 2].map((index) => members[index]?.session as Session);
    order.map((session) => group.add(session));
    expect(group.members()).toEqual(order);
    group.members().pop();
    expect(group.count).toBe(5);
  });

  it("are known by their uids, those that are bound", async () => {
    const { members, group } = await membersOf(4);
    const [a, b, c, d] = members.map(({ session }) => session) as [Session, Session, Session, Session];
    [a, b, c, d].map((session) => group.add(session));
    await Promise.all([a.bind("ada"), c.bind("eve"), d.bind("ada")]);
    expect(group.uids()).toEqual(["ada", "eve", "ada"]);
    expect([group.member("eve"), group.member("ada"), group.member("bob")]).toEqual([c, a, undefined]);
  });

  it("are known by their session's id", async () => {
    const { members, group } = await membersOf(3);
    const [a, b, c] = members.map(({ session }) => session) as [Session, Session, Session];
    [a, b].map((session) => group.add(session));
    expect([group.memberById(b.id), group.memberById(c.id), group.memberById("")]).toEqual([b, undefined, undefined]);
  });

  it("are gone through one by one, while some come and go", async () => {
    const { members, group } = await membersOf(4);
    const [a, b, c, d] = members.map(({ session }) => session) as [Session, Session, Session, Session];
    [a, b, c].map((session) => group.add(session));
    const seen: Session[] = [];
    for (const session of group) {
      seen.push(session);
      if (session === a) {
        group.leave(b);
        group.add(d);
      }
    }
    expect(seen).toEqual([a, c, d]);
  });

  it("are in it once: another add is refused, and so is a leave without one", async () => {
    const { members, group } = await membersOf(1);
    const [{ session }] = members as [Member];
    expect(errorOf(() => group.leave(session))).toBe(
      `not_a_member request: session ${session.id} is not in group room`,
    );
    group.add(session);
    expect(errorOf(() => group.add(session))).toBe(
      `already_member request: session ${session.id} is in group room already`,
    );
    expect(group.count).toBe(1);
  });

  it("leave by themselves when they close, every group that they are in", async () => {
    const { test, members } = await membersOf(2);
    const [a, b] = members as [Member, Member];
    const groups = [new Group("one"), new Group("two"), new Group("left before")] as const;
    groups.map((group) => group.add(a.session));
    groups.map((group) => group.add(b.session));
    groups[2].leave(a.session);
    a.client.link.destroy();
    await until(() => test.server.counters.open === 1);
    expect(groups.map((group) => group.members())).toEqual([[b.session], [b.session], [b.session]]);
  });

  it("are forgotten by a session that leaves, however it leaves", async () => {
    const { members } = await membersOf(1);
    const [{ session }] = members as [Member];
    const joined = vi.spyOn(session, "joined");
    const left = vi.spyOn(session, "left");
    const groups = [new Group("one"), new Group("two"), new Group("three")] as const;
    groups.map((group) => group.add(session));
    groups[0].leave(session);
    groups[1].leaveAll();
    groups[2].close();
    expect(joined).toHaveBeenCalledTimes(3);
    expect(left.mock.calls).toEqual(joined.mock.calls);
  });

  it("have left when the session's listeners are told", async () => {
    const { members, group } = await membersOf(1);
    const [{ session }] = members as [Member];
    group.add(session);
    let seen = -1;
    session.onClose(() => {
      seen = group.count;
    });
    session.close();
    expect(seen).toBe(0);
  });

  it("leave nothing behind, though they come and go a million times", async () => {
    const { members, group } = await membersOf(1);
    const [{ session }] = members as [Member];
    const round = (times: number): void => {
      for (let index = 0; index < times; index++) {
        group.add(session);
        group.leave(session);
      }
    };
    round(1_000);
    const before = heapBytes();
    round(1_000_000);
    expect(heapBytes() - before).toBeLessThan(1_000_000);
    expect(group.count).toBe(0);
  });

  it("cannot be closed sessions", async () => {
    const { members, group } = await membersOf(1);
    const [{ session }] = members as [Member];
    session.close();
    expect(errorOf(() => group.add(session))).toBe(
      `session_closed request: session ${session.id} is closed and cannot enter group room`,
    );
  });
});

describe("the options of a group", () => {
  it.each<[unknown, string]>([
    [{ onempty: () => {} }, "there is no option Group.onempty; there are queue, onEmpty"],
    [{ onEmpty: true }, "Group.onEmpty true is not a function"],
    [{ queue: "table 7" }, "Group.queue table 7 is not an object"],
    [null, "the options of Group are null, not an object"],
  ])("are told when they are wrong: %j", (options, message) => {
    expect(() => new Group("room", options as object)).toThrow(
      expect.objectContaining({ code: "invalid_option", message }),
    );
  });
});

describe("a group that has become empty", () => {
  async function emptied(onEmpty: (group: Group) => unknown) {
    const { test, members } = await membersOf(2);
    const [a, b] = members.map(({ session }) => session) as [Session, Session];
    const group = new Group("room", { onEmpty });
    [a, b].map((session) => group.add(session));
    return { test, group, a, b, members };
  }

  it("is told of, however the last member left, each time", async () => {
    const told: string[] = [];
    const { test, group, a, b, members } = await emptied((empty) => told.push(`${empty.name} ${empty.count}`));
    group.leave(a);
    expect(told).toEqual([]);
    group.leave(b);
    [a, b].map((session) => group.add(session));
    group.leaveAll();
    group.leaveAll();
    expect(told).toHaveLength(2);
    group.add(a);
    members[0]?.client.link.destroy();
    await until(() => test.server.counters.sessions === 1);
    expect(told).toEqual(["room 0", "room 0", "room 0"]);
    group.add(b);
    group.close();
    expect(told).toHaveLength(3);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("not so");
      },
    ],
    ["is rejected", () => Promise.reject(new Error("not so"))],
  ])("does not mind that its listener %s: it is logged", async (_what, onEmpty) => {
    const { test, group, a, b } = await emptied(onEmpty);
    const other = new Group("other");
    other.add(a);
    group.leave(b);
    a.close();
    await turn();
    expect([group.count, other.count]).toEqual([0, 0]);
    expect(test.log.at("error").map(({ message, fields }) => [message, fields["group"]])).toEqual([
      ["a group's onEmpty failed", "room"],
    ]);
  });

  it("may be closed there and then", async () => {
    const { group, a, b } = await emptied((empty) => empty.close());
    group.leave(a);
    group.leave(b);
    expect(group.closed).toBe(true);
  });
});

describe("a group that is closed", () => {
  it("has nobody in it, and takes nothing any more", async () => {
    const { members, group } = await membersOf(1);
    const [{ session }] = members as [Member];
    group.add(session);
    group.close();
    group.close();
    const refused = "group_closed request: group room is closed";
    expect([group.closed, group.count, group.contains(session), group.uids()]).toEqual([true, 0, false, []]);
    expect([
      errorOf(() => group.add(session)),
      errorOf(() => group.leave(session)),
      errorOf(() => group.leaveAll()),
      errorOf(() => group.push(told, "x")),
      errorOf(() => group.where(() => true).push(told, "x")),
      errorOf(() => sendPush(group.except(session), told, "x")),
    ]).toEqual(Array.from({ length: 6 }, () => refused));
  });

  it("leaves its members free to go elsewhere", async () => {
    const { members, group } = await membersOf(1);
    const [{ client, session }] = members as [Member];
    group.add(session);
    group.close();
    const other = new Group("other");
    other.add(session);
    other.push(told, "still here");
    expect((await client.message()).text).toBe("still here");
  });
});

describe("a push to a group", () => {
  it("reaches every member, and nobody else", async () => {
    const { test, members, group } = await membersOf(4);
    members.slice(0, 3).map(({ session }) => group.add(session));
    expect(group.push(told, "hello")).toBe(3);
    const texts = await Promise.all(members.slice(0, 3).map(async ({ client }) => (await client.message()).text));
    expect(texts).toEqual(["hello", "hello", "hello"]);
    expect(await members[3]?.client.call(2, "Echo.Say", "alone")).toMatchObject({ text: "alone" });
    expect(test.server.counters.pushes).toBe(3);
  });

  it("to nobody does nothing, and encodes nothing", () => {
    const { codec, encoded } = countingCodec();
    expect(new Group("empty").push(pushOf("E.X", 1, codec), "x")).toBe(0);
    expect(sendPush([], pushOf("E.X", 1, codec), "x")).toBe(0);
    expect(encoded).toEqual({ protobuf: 0, json: 0 });
  });

  it.each([1, 2, 50])("encodes the message once for %d members", async (count) => {
    const { codec, encoded } = countingCodec();
    const { members, group } = await membersOf(count);
    members.map(({ session }) => group.add(session));
    group.push(pushOf("E.X", 2, codec), "once");
    const texts = await Promise.all(members.map(async ({ client }) => (await client.message()).text));
    expect(texts).toEqual(members.map(() => "once"));
    expect(encoded).toEqual({ protobuf: 1, json: 0 });
  });

  it.each([
    ["without a pipeline", undefined],
    ["with one", (test: TestServer["server"]) => void test.outbound.pushBack(() => {})],
  ])("gives each member the form that it reads, each encoded once, %s", async (_how, prepare) => {
    const { codec, encoded } = countingCodec();
    const test = await startServer({ extraRoutes: ["Events.Told"], ...(prepare && { prepare }) });
    const plain = { sys: {} };
    const browser = { sys: { type: "js-websocket" } };
    const ours = { sys: { type: "nanowire" } };
    const jsonInFull = { sys: { serializer: "json" } };
    const group = new Group("mixed");
    const clients: Client[] = [];
    for (const handshake of [plain, browser, ours, jsonInFull, plain, browser, ours, jsonInFull]) {
      const { client, session } = await memberOf(test, handshake);
      client.deliveries.length = 0;
      clients.push(client);
      group.add(session);
    }
    group.push(pushOf("Events.Told", 2, codec), "hi");
    await Promise.all(clients.map((client) => client.message()));
    const route = toHex(Buffer.from("Events.Told"));
    const json = toHex(Buffer.from('{"text":"hi"}'));
    const forms = [
      `0400000f060b${route}6869`, // protobuf, the route in full
      `0400001007 0002${json}`.replace(" ", ""), // JSON, the code
      "04000005 07 0002 6869".replaceAll(" ", ""), // protobuf, the code
      `0400001a060b${route}${json}`, // JSON, the route in full
    ];
    expect(clients.map(({ deliveries }) => deliveries.map(toHex).join())).toEqual([...forms, ...forms]);
    expect(encoded).toEqual({ protobuf: 1, json: 1 });
  });

  it("goes as a code to a member from when it has sent one itself", async () => {
    const test = await startServer({ extraRoutes: ["Events.Told"] });
    const group = new Group("room");
    const { client, session } = await memberOf(test, { sys: { platform: "mac", libVersion: "1" } });
    const other = await memberOf(test);
    group.add(session);
    group.add(other.session);
    group.push(told, "a");
    expect(await client.message()).toMatchObject({ route: "Events.Told" });
    await client.call(2, 1);
    group.push(told, "b");
    expect(await client.message()).toMatchObject({ code: 2, text: "b" });
    expect((await other.client.messages(2)).map(({ route }) => route)).toEqual(["Events.Told", "Events.Told"]);
  });

  it("keeps its order among others, and joins them in one write a member", async () => {
    const { members, group } = await membersOf(3, { transport: "ws" });
    members.map(({ session }) => group.add(session));
    members.map(({ client }) => client.deliveries.splice(0));
    for (let index = 0; index < 100; index++) {
      group.push(told, String(index));
      members[0]?.session.push(told, `${index} alone`);
    }
    const own = await (members[0] as Member).client.messages(200);
    expect(own.map(({ text }) => text)).toEqual(
      Array.from({ length: 100 }, (_, index) => [String(index), `${index} alone`]).flat(),
    );
    const others = await Promise.all(members.slice(1).map(({ client }) => client.messages(100)));
    expect(others.map((messages) => messages.map(({ text }) => text))).toEqual(
      [1, 2].map(() => Array.from({ length: 100 }, (_, index) => String(index))),
    );
    expect(members.map(({ client }) => client.deliveries.length)).toEqual([1, 1, 1]);
  });

  it("closes a member whose outbox is full; the others get it", async () => {
    const { test, members, group } = await membersOf(3, { maxOutboxBytes: 1_024 });
    members.map(({ session }) => group.add(session));
    members[1]?.session.push(told, "x".repeat(900));
    expect(group.push(told, "y".repeat(500))).toBe(2);
    await turn();
    expect([group.count, members[1]?.session.closed]).toEqual([2, true]);
    const texts = await Promise.all([0, 2].map(async (index) => (await members[index]?.client.message())?.text));
    expect(texts).toEqual(["y".repeat(500), "y".repeat(500)]);
    await members[1]?.client.ended;
    expect(test.server.counters.closed).toEqual({ outbox_overflow: 1 });
  });

  it("of which one member's outbox is full tells the listeners of that when all others have it", async () => {
    const { members, group } = await membersOf(300, { maxOutboxBytes: 16_384 });
    members.map(({ session }) => group.add(session));
    // Each that closes is told to the others, as a chat does: 100 slow ones make 100 of these, none within another.
    let depth = 0;
    let deepest = 0;
    for (const { session } of members) {
      session.onClose(() => {
        deepest = Math.max(deepest, ++depth);
        group.push(told, "somebody left");
        depth--;
      });
    }
    members.slice(0, 100).map(({ session }) => session.push(told, "x".repeat(16_000)));
    expect(group.push(told, "y".repeat(400))).toBe(200);
    expect(group.count).toBe(300);
    await until(() => group.count === 200);
    expect(deepest).toBe(1);
    const texts = await Promise.all(members.slice(100).map(async ({ client }) => (await client.message()).text));
    expect(new Set(texts)).toEqual(new Set(["y".repeat(400)]));
  });

  it("throws where it is pushed when it cannot be encoded for some; those for whom it can be have it", async () => {
    const { test, members, group } = await membersOf(1);
    const json = [
      await memberOf(test, { sys: { serializer: "json" } }),
      await memberOf(test, { sys: { serializer: "json" } }),
    ];
    const last = await memberOf(test);
    [members[0] as Member, ...json, last].map(({ session }) => group.add(session));
    expect(errorOf(() => group.push(pushOf("E.X", 2, textWithoutJson), "x"))).toBe(
      "internal request: the message was generated without its JSON codec",
    );
    expect((await members[0]?.client.message())?.text).toBe("x");
    expect((await last.client.message()).text).toBe("x");
    expect((await json[0]?.client.call(2, "Echo.Say", '{"text":"fine"}'))?.text).toBe('{"text":"fine"}');
  });

  it("that cannot be encoded is tried once", async () => {
    const { members, group } = await membersOf(20);
    members.map(({ session }) => group.add(session));
    let tries = 0;
    const codec = {
      protobuf: {
        encode(): never {
          tries++;
          throw new Error("never");
        },
        decode: textCodec.protobuf.decode,
      },
    };
    expect(() => group.push(pushOf("E.X", 2, codec), "x")).toThrow("never");
    expect(tries).toBe(1);
  });

  it("may be of a route that is not in the dictionary: it goes in full", async () => {
    const { members, group } = await membersOf(2);
    members.map(({ session }) => group.add(session));
    group.push({ route: "Not.There", code: 0, message: textCodec }, "x");
    expect(await members[0]?.client.message()).toMatchObject({ route: "Not.There", text: "x" });
  });
});

describe("a part of a group", () => {
  it("is the members that a filter picks, when it is used", async () => {
    const { members, group } = await membersOf(5);
    const [a, b, c, d, e] = members.map(({ session }) => session) as [Session, Session, Session, Session, Session];
    [a, b, c, d].map((session) => group.add(session));
    await Promise.all([a.bind("ada"), c.bind("eve"), e.bind("not a member")]);
    const bound = group.where(({ bound }) => bound);
    expect([bound.members(), bound.count, [...bound]]).toEqual([[a, c], 2, [a, c]]);
    await d.bind("dan");
    group.leave(a);
    group.add(e);
    expect(bound.members()).toEqual([c, d, e]);
    expect(bound.except(d).members()).toEqual([c, e]);
    expect(bound.where(({ uid }) => uid < "e").members()).toEqual([d]);
    expect(group.except(c, d).members()).toEqual([b, e]);
    expect(bound.push(told, "bound")).toBe(3);
    expect(sendPush(group.except(c, d, e), told, "the rest")).toBe(1);
    expect((await members[2]?.client.message())?.text).toBe("bound");
    expect((await members[1]?.client.message())?.text).toBe("the rest");
    expect([members[0]?.client.packets.length, members[1]?.client.packets.length]).toEqual([0, 0]);
  });

  it("gets a push encoded once, each form of it", async () => {
    const { codec, encoded } = countingCodec();
    const { members, group } = await membersOf(20);
    members.map(({ session }) => group.add(session));
    const picked = members[3]?.session as Session;
    expect(sendPush(group.except(picked), pushOf("E.X", 2, codec), "once")).toBe(19);
    expect(encoded).toEqual({ protobuf: 1, json: 0 });
  });

  it("whose filter throws is told nothing, nobody of it", async () => {
    const { members, group } = await membersOf(3);
    members.map(({ session }) => group.add(session));
    let asked = 0;
    const part = group.where(() => {
      if (++asked === 3) {
        throw new Error("not this one");
      }
      return true;
    });
    expect(() => part.push(told, "x")).toThrow("not this one");
    const answers = await Promise.all(members.map(({ client }) => client.call(9, "Echo.Say", "nothing came before")));
    expect(answers.map(({ type }) => type)).toEqual(["response", "response", "response"]);
  });
});

describe("any sessions", () => {
  it.each([
    ["an array", (sessions: Session[]) => sessions],
    ["a set", (sessions: Session[]) => new Set(sessions)],
    ["what a generator gives", (sessions: Session[]) => sessions.values()],
  ])("are told together: %s", async (_what, make) => {
    const { codec, encoded } = countingCodec();
    const { members } = await membersOf(4);
    const sessions = members.map(({ session }) => session);
    const target = make(sessions.slice(0, 3));
    members[1]?.session.close();
    expect(sendPush(target, pushOf("E.X", 2, codec), "hello")).toBe(2);
    expect(await Promise.all([0, 2].map(async (index) => (await members[index]?.client.message())?.text))).toEqual([
      "hello",
      "hello",
    ]);
    expect([encoded.protobuf, members[3]?.client.packets.length, sessions.length]).toEqual([1, 0, 4]);
  });

  it("are one, too: a sender tells whether it was told", async () => {
    const { members } = await membersOf(1);
    const [{ session }] = members as [Member];
    expect(sendPush(session, told, "x")).toBe(1);
    session.close();
    expect([sendPush(session, told, "x"), sendPush([session], told, "x")]).toEqual([0, 0]);
  });
});

describe("an outbound pipeline", () => {
  it("that leaves a push as it is has it written as it was made, once for all", async () => {
    const { codec, encoded } = countingCodec();
    const { members, group } = await membersOf(3, {
      prepare: (server) =>
        void server.outbound.pushBack((session, message) => {
          if (session === group.members()[1]) {
            message.payload = Buffer.from("changed");
          }
        }),
    });
    members.map(({ session }) => group.add(session));
    expect(group.push(pushOf("E.X", 0, codec), "as it was")).toBe(3);
    const texts = await Promise.all(members.map(async ({ client }) => (await client.message()).text));
    expect([texts, encoded.protobuf]).toEqual([["as it was", "changed", "as it was"], 1]);
  });

  it("that throws for one member costs no other, and the sender is told how many got it", async () => {
    const { test, members, group } = await membersOf(3, {
      prepare: (server) =>
        void server.outbound.pushBack((session, { kind }) => {
          if (kind === "push" && session === group.members()[1]) {
            throw new Error("not him");
          }
        }),
    });
    members.map(({ session }) => group.add(session));
    expect(group.push(told, "x")).toBe(2);
    expect(test.log.at("error").map(({ message }) => message)).toEqual([
      "an outbound step failed: the push is dropped",
    ]);
  });
});

/** Bytes of the heap that are in use, after what is not has been collected. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
