import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeSeed } from "../../runtime/cluster/key-weight.js";
import type { Peer } from "../../runtime/cluster/peer.js";
import { chooseByKey, choosePeer } from "../../runtime/cluster/routing.js";
import type { Session } from "../../runtime/session/session.js";
import type { Services } from "../support/service.js";
import { Nodes, onlySession } from "./support/nodes.js";
import { nodeInfo } from "./support/watching-host.js";

/** As much of a peer as a choice looks at. */
function peer(id: string, underWay = 0, visits = 0): Peer {
  return { id, seed: nodeSeed(id), info: nodeInfo(id), underWay, visits: { size: visits } } as unknown as Peer;
}

const choice = { service: "Room", route: "Room.Join", session: { id: "1", uid: "ada" } as Session };

describe("choosing a node", () => {
  it("at random takes each as often as the others", () => {
    const peers = ["a", "b", "c"].map((id) => peer(id));
    const chosen = [0, 0.2, 0.34, 0.65, 0.67, 0.999].map(
      (value) => choosePeer("random", peers, choice, () => value)?.id,
    );
    expect(chosen).toEqual(["a", "a", "b", "b", "c", "c"]);
    expect(choosePeer("random", [], choice)).toBeUndefined();
  });

  it("by load takes the one with the fewest calls, then the fewest sessions, then any", () => {
    const least = (peers: readonly Peer[], from: number) => choosePeer("leastLoaded", peers, choice, () => from)?.id;
    expect(least([peer("a", 2), peer("b", 1, 9), peer("c", 3)], 0)).toBe("b");
    expect(least([peer("a", 1, 5), peer("b", 1, 4), peer("c", 1, 6)], 0.9)).toBe("b");
    expect(least([peer("a"), peer("b"), peer("c")], 0.5)).toBe("b");
    expect(least([], 0)).toBeUndefined();
  });

  it("by a function takes the one that it names, and any when it names none or one that is not there", () => {
    const peers = [peer("b"), peer("a")];
    const seen: string[][] = [];
    const by = (id: string | undefined) =>
      choosePeer(
        ({ nodes, service, session }) => {
          seen.push([service, session.uid, ...nodes.map((node) => node.id)]);
          return id;
        },
        peers,
        choice,
        () => 0,
      )?.id;
    expect([by("a"), by("b"), by(undefined), by("z")]).toEqual(["a", "b", "b", "b"]);
    expect(seen[0]).toEqual(["Room", "ada", "a", "b"]);
  });

  it("by a key takes the same one whatever the order, and moves only the keys of one that is gone", () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(ids, fc.string(), fc.nat(), (names, key, which) => {
        const peers = names.map((id) => peer(id));
        const chosen = chooseByKey(key, peers)?.id;
        expect(chooseByKey(key, [...peers].reverse())?.id).toBe(chosen);
        const gone = names[which % names.length];
        const left = peers.filter(({ id }) => id !== gone);
        expect(chosen === gone || chooseByKey(key, left)?.id === chosen).toBe(true);
      }),
    );
  });

  it("by a key spreads keys evenly", () => {
    const peers = Array.from({ length: 10 }, (_, index) => peer(`node-${index}`));
    const counts = new Map<string, number>();
    for (let key = 0; key < 10_000; key++) {
      const id = chooseByKey(`room ${key}`, peers)?.id ?? "";
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    // 1,000 each, with a deviation of 30: nine of them either way.
    expect(Math.min(...counts.values())).toBeGreaterThan(730);
    expect(Math.max(...counts.values())).toBeLessThan(1_270);
  });
});

const where = (id: string): Services => ({ Room: { Where: () => id }, Topic: { Where: () => id } });

describe("a session's route", () => {
  it("stays with the node that was chosen first, each service for itself", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: where("") });
    for (const id of ["one", "two", "three"]) {
      await nodes.member(id, where(id));
    }
    const seen = new Set<string>();
    for (let index = 0; index < 20; index++) {
      const client = await gate.enter();
      const first = (await client.call(1, "Room.Where")).text;
      expect((await client.call(2, "Room.Where")).text).toBe(first);
      await client.call(3, "Topic.Where");
      expect((await client.call(4, "Room.Where")).text).toBe(first);
      seen.add(first);
    }
    // That one of three is never chosen by twenty happens once in a thousand.
    expect(seen.size).toBeGreaterThan(1);
  });

  it("is what a function of the program says, and what it is told afterwards", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", {
      forwards: where(""),
      cluster: { routing: { Room: ({ nodes: all }) => all.find(({ labels }) => labels["zone"] === "north")?.id } },
    });
    await nodes.member("one", where("one"), { cluster: { labels: { zone: "south" } } });
    await nodes.member("two", where("two"), { cluster: { labels: { zone: "north" } } });
    const client = await gate.enter();
    const { cluster } = gate.server;
    const session = onlySession(gate);
    expect(cluster?.routeOf(session, "Room")).toBeUndefined();
    expect((await client.call(1, "Room.Where")).text).toBe("two");
    expect(cluster?.routeOf(session, "Room")).toBe("two");
    cluster?.route(session, "Room", "one");
    expect((await client.call(2, "Room.Where")).text).toBe("one");
    cluster?.route(session, "Room", undefined);
    expect((await client.call(3, "Room.Where")).text).toBe("two");
    expect(() => cluster?.route(session, "Room", "nobody")).toThrow(
      expect.objectContaining({ code: "unavailable", message: expect.stringContaining("nobody") }),
    );
    expect(() => cluster?.route(session, "Lobby", "one")).toThrow(expect.objectContaining({ code: "unavailable" }));
    client.link.destroy();
  });

  it("is refused where the function throws, and the session goes on", async () => {
    const nodes = new Nodes();
    let broken = true;
    const gate = await nodes.gate("gate", {
      forwards: where(""),
      cluster: {
        routing: {
          Room: () => {
            if (broken) {
              throw new TypeError("no idea");
            }
            return "one";
          },
        },
      },
    });
    await nodes.member("one", where("one"));
    const client = await gate.enter();
    expect((await client.call(1, "Room.Where")).text).toContain("internal");
    broken = false;
    expect((await client.call(2, "Room.Where")).text).toBe("one");
    expect(gate.log.at("error")).toHaveLength(1);
  });

  it("does not lead to a node whose methods are of another version", async () => {
    const nodes = new Nodes();
    const version = (fingerprint: string, id: string): Services => ({
      Room: { Where: { handle: () => id, fingerprint } },
    });
    const gate = await nodes.gate("gate", { forwards: version("aaaa0001", "") });
    const client = await gate.enter();
    await nodes.member("new", version("bbbb0002", "new"));
    const refused = (await client.call(1, "Room.Where")).text;
    expect(refused).toContain("no node that hosts Room has Room.Where as this gate knows it: new");
    await nodes.member("old", version("aaaa0001", "old"));
    for (let index = 0; index < 10; index++) {
      const another = await gate.enter();
      expect((await another.call(1, "Room.Where")).text).toBe("old");
    }
  });
});

describe("a message with a shard key", () => {
  // The whole payload of a test's message is a text: here it is one of protobuf, whose first field is the room.
  const room = (name: string) => `\n${String.fromCharCode(name.length)}${name}`;
  const shardKey = { path: [{ tag: 10 }], type: "string", json: { path: ["text"] } } as never;
  const say = (id: string): Services => ({ Room: { Say: { handle: () => id, shardKey } } });

  it("goes to the node that its key names, whichever session sends it, from whichever gate, in whichever form", async () => {
    const nodes = new Nodes();
    const gates = [
      await nodes.gate("gate-1", { forwards: say("") }),
      await nodes.gate("gate-2", { forwards: say("") }),
    ];
    for (const id of ["one", "two", "three"]) {
      await nodes.member(id, say(id));
    }
    const clients = await Promise.all(gates.flatMap((gate) => [gate.enter(), gate.enter()]));
    const json = await (gates[0] as (typeof gates)[number]).enter({
      sys: { type: "js-websocket", version: "0.0.1", serializer: "json" },
    });
    const places = new Map<string, Set<string>>();
    for (let index = 0; index < 30; index++) {
      const name = `room ${index}`;
      const answers = new Set<string>();
      for (const client of clients) {
        answers.add((await client.call(index + 1, "Room.Say", room(name))).text);
      }
      const answer = (await json.call(index + 1, "Room.Say", JSON.stringify({ text: name }))).text;
      answers.add((JSON.parse(answer) as { text: string }).text);
      places.set(name, answers);
    }
    expect([...places.values()].filter(({ size }) => size !== 1)).toEqual([]);
    expect(new Set([...places.values()].flatMap((answers) => [...answers])).size).toBe(3);
  });

  it("moves, when a node goes, only if it went there", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: say("") });
    for (const id of ["one", "two", "three"]) {
      await nodes.member(id, say(id));
    }
    const client = await gate.enter();
    const where = async (): Promise<string[]> => {
      const answers: string[] = [];
      for (let index = 0; index < 30; index++) {
        answers.push((await client.call(index + 1, "Room.Say", room(`room ${index}`))).text);
      }
      return answers;
    };
    const before = await where();
    const lost: string[] = [];
    gate.server.cluster?.onVisitLost(({ node, services }) => void lost.push(`${node} ${services.join()}`));
    nodes.kill("two");
    const after = await where();
    expect(lost).toEqual(["two Room"]);
    expect(after).not.toContain("two");
    expect(before.map((id, index) => id === "two" || after[index] === id)).toEqual(before.map(() => true));
  });

  it("that cannot be read is refused, and the session goes on", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: say("") });
    await nodes.member("one", say("one"));
    const client = await gate.enter();
    expect((await client.call(1, "Room.Say", Uint8Array.of(0x0a, 0x7f, 1))).text).toContain("invalid_payload");
    expect((await client.call(2, "Room.Say", room("x"))).text).toBe("one");
  });
});

describe("the options of a cluster", () => {
  it.each<[string, object, string]>([
    ["a misspelt name", { rooting: {} }, "rooting"],
    ["no driver", { driver: undefined }, "cluster.driver"],
    ["an id with other characters", { id: "a b" }, "cluster.id a b"],
    ["an id that is too long", { id: "x".repeat(65) }, "cluster.id"],
    ["a label that is no text", { labels: { zone: 1 } }, "cluster.labels.zone 1"],
    ["a routing for a service that is not forwarded", { routing: { Lobby: "random" } }, "those are Room, Topic"],
    ["a routing that there is not", { routing: { Room: "nearest" } }, "cluster.routing.Room nearest"],
    ["a number below its limit", { heartbeatMs: 9 }, "cluster.heartbeatMs 9 is not an integer from 10 to 60000"],
    ["less silence than two heartbeats", { heartbeatMs: 100, silenceMs: 199 }, "cluster.silenceMs 199"],
  ])("refuse %s", async (_, cluster, message) => {
    const nodes = new Nodes();
    await expect(nodes.gate("gate", { forwards: where(""), cluster })).rejects.toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining(message),
    });
  });
});
