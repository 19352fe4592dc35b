import { describe, expect, it, vi } from "vitest";
import type { NanowireError } from "../../runtime/base/error.js";
import { Group } from "../../runtime/session/group.js";
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

  it("cannot be closed sessions", async () => {
    const { members, group } = await membersOf(1);
    const [{ session }] = members as [Member];
    session.close();
    expect(errorOf(() => group.add(session))).toBe(
      `session_closed request: session ${session.id} is closed and cannot enter group room`,
    );
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
    ]).toEqual([refused, refused, refused, refused]);
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
    group.push(told, "hello");
    const texts = await Promise.all(members.slice(0, 3).map(async ({ client }) => (await client.message()).text));
    expect(texts).toEqual(["hello", "hello", "hello"]);
    expect(await members[3]?.client.call(2, "Echo.Say", "alone")).toMatchObject({ text: "alone" });
    expect(test.server.counters.pushes).toBe(3);
  });

  it("to nobody does nothing, and encodes nothing", () => {
    const { codec, encoded } = countingCodec();
    new Group("empty").push(pushOf("E.X", 1, codec), "x");
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

  it("throws where it is pushed when it cannot be encoded", async () => {
    const { test, members, group } = await membersOf(2);
    members.map(({ session }) => group.add(session));
    const { client, session } = await memberOf(test, { sys: { serializer: "json" } });
    group.add(session);
    expect(errorOf(() => group.push(pushOf("E.X", 2, textWithoutJson), "x"))).toBe(
      "internal request: the message was generated without its JSON codec",
    );
    expect((await client.call(2, "Echo.Say", '{"text":"fine"}')).text).toBe('{"text":"fine"}');
  });

  it("may be of a route that is not in the dictionary: it goes in full", async () => {
    const { members, group } = await membersOf(2);
    members.map(({ session }) => group.add(session));
    group.push({ route: "Not.There", code: 0, message: textCodec }, "x");
    expect(await members[0]?.client.message()).toMatchObject({ route: "Not.There", text: "x" });
  });
});
