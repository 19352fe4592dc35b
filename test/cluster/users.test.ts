import { describe, expect, it } from "vitest";
import { keyWeight, nodeSeed } from "../../runtime/cluster/key-weight.js";
import { sendPush } from "../../runtime/session/send-push.js";
import { type Client, type Packet, textOf } from "../support/client.js";
import { countingCodec, pushOf, type Services } from "../support/service.js";
import { eventually, turn, until } from "../support/wait.js";
import { type Node, type NodeOptions, Nodes, onlySession } from "./support/nodes.js";
import { CountingDriver } from "./support/record-count.js";

const login: Services = {
  Login: {
    In: async (session, uid) => {
      await session.bind(uid);
      return `in ${session.uid}`;
    },
    Out: async (session) => {
      await session.unbind();
      return "out";
    },
  },
};

const extraRoutes = ["News.Arrived"];
const news = pushOf("News.Arrived", 3);
const json = { sys: { type: "js-websocket", version: "0.0.1", serializer: "json" } };

interface Cluster {
  readonly nodes: Nodes;
  readonly gates: readonly Node[];
  readonly member: Node;
  /** What the member says. */
  readonly said: CountingDriver;
}

async function cluster(count: number, options: NodeOptions = {}): Promise<Cluster> {
  const nodes = new Nodes();
  const gates: Node[] = [];
  for (let index = 0; index < count; index++) {
    gates.push(await nodes.gate(`gate-${index}`, { hosts: login, extraRoutes, ...options }));
  }
  const said = new CountingDriver(nodes.network.driver());
  const member = await nodes.member("member", {}, { extraRoutes, ...options, cluster: { driver: said } });
  return { nodes, gates, member, said };
}

function gateOf({ gates }: Cluster, index: number): Node {
  return gates[index] as Node;
}

async function signIn(gate: Node, uid: string, handshake?: object): Promise<Client> {
  const client = await gate.enter(handshake);
  const payload = handshake === json ? JSON.stringify({ text: uid }) : uid;
  expect((await client.call(1, "Login.In", payload)).text).toContain(`in ${uid}`);
  return client;
}

/** The gate that keeps where a user is. */
function keeperOf(uid: string, gates: readonly Node[]): Node {
  const [best] = [...gates].sort(
    (left, right) => keyWeight(uid, nodeSeed(right.id)) - keyWeight(uid, nodeSeed(left.id)),
  );
  return best as Node;
}

/** A user whose keeper is that gate. */
function userKeptBy(gate: Node, gates: readonly Node[]): string {
  for (let number = 0; ; number++) {
    const uid = `user-${number}`;
    if (keeperOf(uid, gates) === gate) {
      return uid;
    }
  }
}

function push(node: Node, uids: string | readonly string[], text: string): number {
  return sendPush(node.server.users(uids), news, text);
}

async function located(node: Node, uids: string | readonly string[]) {
  const { sessions, missing } = (await node.server.cluster?.locate(uids)) ?? { sessions: [], missing: [] };
  return { at: sessions.map(({ uid, gate }) => `${uid} ${gate}`).sort(), missing };
}

describe("a push to users", () => {
  it("reaches them at whichever gate, from every node", async () => {
    const all = await cluster(3);
    const clients = await Promise.all(["ada", "bob", "eve"].map((uid, index) => signIn(gateOf(all, index), uid)));
    for (const node of [...all.gates, all.member]) {
      push(node, ["ada", "bob", "eve", "nobody", "ada"], `from ${node.id}`);
      for (const client of clients) {
        expect((await client.message()).text).toBe(`from ${node.id}`);
      }
    }
    push(all.member, "ada", "last");
    expect((await clients[0]?.message())?.text).toBe("last");
  });

  it("reaches every session of a user once, and returns for how many it was queued at once", async () => {
    const all = await cluster(2);
    const here = await Promise.all([signIn(gateOf(all, 0), "ada"), signIn(gateOf(all, 0), "ada")]);
    const there = await signIn(gateOf(all, 1), "ada");
    const queued = push(gateOf(all, 0), "ada", "one");
    // The keeper knows all of them.
    expect(queued).toBe(keeperOf("ada", all.gates) === gateOf(all, 0) ? 3 : 2);
    push(gateOf(all, 0), "ada", "two");
    for (const client of [...here, there]) {
      expect((await client.messages(2)).map(({ text }) => text)).toEqual(["one", "two"]);
    }
  });

  it("is one question a keeper and one message a gate, encoded once, to 10,000 users", async () => {
    const all = await cluster(4);
    const uids = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
    const bound = uids.filter((_, index) => index % 100 === 0);
    const clients = await Promise.all(bound.map((uid, index) => signIn(gateOf(all, index % 4), uid)));
    const { codec, encoded } = countingCodec();
    all.said.clear();
    sendPush(all.member.server.users(uids), pushOf("News.Arrived", 3, codec), "to all");
    const texts = await Promise.all(clients.map(async (client) => (await client.message()).text));
    expect(texts).toEqual(bound.map(() => "to all"));
    const said = (what: string) => all.gates.map(({ id }) => all.said.counts.get(`${what} ${id}`));
    expect(said("ask")).toEqual([1, 1, 1, 1]);
    expect(said("pushBound")).toEqual([1, 1, 1, 1]);
    expect(said("push")).toEqual([undefined, undefined, undefined, undefined]);
    expect(encoded).toEqual({ protobuf: 1, json: 1 });
  });

  it("is encoded as each client reads it, one message a gate for each", async () => {
    const all = await cluster(2);
    const plain = await signIn(gateOf(all, 0), "ada");
    const others = await Promise.all(["bob", "eve"].map((uid) => signIn(gateOf(all, 0), uid, json)));
    all.said.clear();
    push(all.member, ["ada", "bob", "eve"], "hello");
    expect((await plain.message()).text).toBe("hello");
    for (const other of others) {
      expect(JSON.parse((await other.message()).text)).toEqual({ text: "hello" });
    }
    expect(all.said.counts.get("pushBound gate-0")).toBe(2);
  });

  it("is the message as it was when it was pushed", async () => {
    const all = await cluster(2);
    const client = await signIn(gateOf(all, 0), "ada");
    const codec = {
      protobuf: {
        encode: (box: { text: string }) => ({ finish: () => new TextEncoder().encode(box.text) }),
        decode: (): never => {
          throw new TypeError("nobody reads it here");
        },
      },
    };
    const box = { text: "before" };
    sendPush(all.member.server.users("ada"), { route: "News.Arrived", code: 3, message: codec }, box);
    box.text = "after";
    expect((await client.message()).text).toBe("before");
  });

  it("throws what encoding it throws for those who are here, and logs it for the others", async () => {
    const all = await cluster(2);
    const here = await signIn(gateOf(all, 0), "ada");
    await signIn(gateOf(all, 1), "bob");
    const broken = pushOf("News.Arrived", 3, {
      protobuf: {
        encode: () => {
          throw new TypeError("no number");
        },
        decode: String,
      },
    });
    expect(() => sendPush(gateOf(all, 0).server.users("ada"), broken, "x")).toThrow("no number");
    sendPush(all.member.server.users("bob"), broken, "x");
    await until(() => all.member.log.at("error").length > 0);
    push(all.member, "ada", "goes on");
    expect((await here.message()).text).toBe("goes on");
  });
});

describe("what one user is told from one node", () => {
  it("arrives in the order in which it was told", async () => {
    const all = await cluster(3);
    const uids = ["ada", "bob", "eve"];
    const clients = await Promise.all(uids.map((uid, index) => signIn(gateOf(all, index), uid)));
    for (let number = 0; number < 100; number++) {
      push(all.member, number % 3 === 0 ? uids : (uids[number % 3] as string), String(number));
      if (number % 10 === 0) {
        await turn();
      }
    }
    for (const [index, client] of clients.entries()) {
      const expected = Array.from({ length: 100 }, (_, number) => number).filter(
        (number) => number % 3 === 0 || number % 3 === index,
      );
      expect((await client.messages(expected.length)).map(({ text }) => Number(text))).toEqual(expected);
    }
  });

  it("does so when the node comes to know the user while it asks where he is", async () => {
    const nodes = new Nodes();
    const member: { node: Node | undefined } = { node: undefined };
    const room: Services = {
      Room: {
        Join: (session) => {
          push(member.node as Node, session.uid, "second");
          return "joined";
        },
      },
    };
    const options = { hosts: login, forwards: room, extraRoutes };
    const gates = [await nodes.gate("gate-0", options), await nodes.gate("gate-1", options)];
    member.node = await nodes.member("member", room, { extraRoutes: [...extraRoutes, "Login.In", "Login.Out"] });
    const uid = userKeptBy(gates[1] as Node, gates);
    const client = await signIn(gates[0] as Node, uid);
    // The keeper does not hear the question.
    nodes.network.cut("member", "gate-1");
    push(member.node, uid, "first");
    expect((await client.call(2, "Room.Join")).text).toBe("joined");
    expect(onlySession(member.node).uid).toBe(uid);
    nodes.network.mend("member", "gate-1");
    const messages: string[] = [];
    void client.messages(2).then((both) => messages.push(...both.map(({ text }) => text)));
    while (messages.length < 2) {
      // What was lost on the way is sent again.
      nodes.clock.step(100);
      await turn();
    }
    expect(messages).toEqual(["first", "second"]);
  });
});

describe("where users are", () => {
  it("is told exactly: from every node, as sessions are bound, unbound and closed", async () => {
    const all = await cluster(3);
    const client = await signIn(gateOf(all, 0), "ada");
    const other = await signIn(gateOf(all, 1), "bob");
    for (const node of [...all.gates, all.member]) {
      expect(await located(node, ["bob", "ada", "eve"])).toEqual({
        at: ["ada gate-0", "bob gate-1"],
        missing: ["eve"],
      });
    }
    expect((await client.call(2, "Login.Out")).text).toBe("out");
    other.link.destroy();
    await until(() => gateOf(all, 1).server.sessions().length === 0);
    await eventuallyLocated(all.member, ["ada", "bob"], []);
    await signIn(gateOf(all, 2), "ada");
    expect(await located(all.member, "ada")).toEqual({ at: ["ada gate-2"], missing: [] });
  });

  it("is pushed to without another question; who has gone, or is somebody else now, gets nothing", async () => {
    const all = await cluster(2, { binding: { rebind: true } });
    const stays = await signIn(gateOf(all, 0), "ada");
    const changes = await signIn(gateOf(all, 1), "bob");
    const users = await all.member.server.cluster?.locate(["ada", "bob"]);
    expect((await changes.call(2, "Login.In", "eve")).text).toBe("in eve");
    all.said.clear();
    expect(users === undefined ? 0 : sendPush(users, news, "for ada")).toBe(2);
    expect((await stays.message()).text).toBe("for ada");
    expect([...all.said.counts.keys()].filter((key) => key.startsWith("ask"))).toEqual([]);
    push(all.member, "eve", "for eve");
    expect((await changes.message()).text).toBe("for eve");
  });

  it("is known anew when a gate dies, and when another comes", async () => {
    const all = await cluster(3);
    const uids = Array.from({ length: 30 }, (_, index) => `user-${index}`);
    const clients = await Promise.all(uids.map((uid, index) => signIn(gateOf(all, index % 3), uid)));
    const at = (left: number) =>
      uids
        .map((uid, index) => `${uid} gate-${index % 3}`)
        .filter((_, i) => i % 3 < left)
        .sort();
    expect((await located(all.member, uids)).at).toEqual(at(3));
    all.nodes.kill("gate-2");
    expect((await located(all.member, uids)).at).toEqual(at(2));
    await all.nodes.gate("gate-9", { hosts: login, extraRoutes });
    expect((await located(all.member, uids)).at).toEqual(at(2));
    push(all.member, uids, "still there");
    for (const [index, client] of clients.entries()) {
      await (index % 3 < 2 ? client.message() : undefined);
    }
  });

  it("cannot be told while the node that knows does not answer", async () => {
    const all = await cluster(2);
    const uid = userKeptBy(gateOf(all, 1), all.gates);
    await signIn(gateOf(all, 0), uid);
    all.nodes.network.cut("member", "gate-1");
    const failed = expect(all.member.server.cluster?.locate(uid)).rejects.toMatchObject({ code: "deadline_exceeded" });
    push(all.member, uid, "lost");
    await turn();
    all.nodes.clock.step(2_000);
    await failed;
    await until(() => all.member.log.at("warn").length > 0);
    expect(all.member.log.at("warn")[0]?.fields).toMatchObject({ route: "News.Arrived", users: 1 });
  });
});

describe("a user who is kicked", () => {
  it("is, wherever he is, from every node", async () => {
    const all = await cluster(3);
    for (const node of [all.member, ...all.gates]) {
      const clients = await Promise.all(all.gates.map((gate) => signIn(gate, "ada")));
      expect(await node.server.cluster?.kick("ada", "be nice")).toBe(3);
      for (const client of clients) {
        expect((await client.packet()).type).toBe(5);
      }
      await eventuallyLocated(node, ["ada"], []);
      expect(await node.server.cluster?.kick("ada", "be nice")).toBe(0);
    }
  });
});

describe("a second session of a user, at another gate", () => {
  it("is refused; and is not when the first has gone", async () => {
    const all = await cluster(3, { binding: { second: "refuse" } });
    const first = await signIn(gateOf(all, 0), "ada");
    const second = await gateOf(all, 1).enter();
    expect((await second.call(1, "Login.In", "ada")).text).toContain("uid_in_use");
    first.link.destroy();
    await until(() => gateOf(all, 0).server.sessions().length === 0);
    await eventuallyLocated(all.member, ["ada"], []);
    expect((await second.call(2, "Login.In", "ada")).text).toBe("in ada");
  });

  it("takes the place of the first, which is told why", async () => {
    const all = await cluster(3, { binding: { second: "kick", kickReason: "elsewhere" } });
    let last: Client | undefined;
    const kicks: Packet[] = [];
    for (const gate of [...all.gates, ...all.gates]) {
      const next = await signIn(gate, "ada");
      kicks.push((await last?.packet()) ?? { type: 0, body: new Uint8Array(0) });
      last = next;
      await eventuallyLocated(all.member, ["ada"], [`ada ${gate.id}`]);
    }
    expect(kicks.slice(1).map(({ type, body }) => `${type} ${textOf(body)}`)).toEqual(
      Array.from({ length: 5 }, () => '5 {"reason":"elsewhere"}'),
    );
  });
});

async function eventuallyLocated(node: Node, uids: readonly string[], expected: readonly string[]): Promise<void> {
  await eventually(async () => expect((await located(node, uids)).at).toEqual(expected));
}
