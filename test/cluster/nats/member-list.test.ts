import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemberList } from "../../../runtime/cluster/nats/member-list.js";
import type { NodeInfo } from "../../../runtime/cluster/node-info.js";

function info(id: string, incarnation: string, more: Partial<NodeInfo> = {}): string {
  const node: NodeInfo = {
    id,
    incarnation,
    protocol: 1,
    gate: false,
    services: [],
    remotes: [],
    draining: false,
    labels: {},
    ...more,
  };
  return JSON.stringify(node);
}

/** A list of node `me` that has settled, with nodes that are dead after a second, and what it told. */
function settled() {
  const told: string[] = [];
  const ignored: string[] = [];
  const list = new MemberList("me", 1_000, 100_000, {
    joined: ({ id, incarnation }) => void told.push(`joined ${id} ${incarnation}`),
    changed: ({ id, draining }) => void told.push(`changed ${id} ${draining}`),
    left: (_id, { message }) => void told.push(`left: ${message}`),
    ignored: (what) => void ignored.push(what),
  });
  list.expire(0, 0);
  list.settle(0);
  const take = (): string[] => told.splice(0);
  return { list, take, ignored };
}

describe("the list of members", () => {
  it("has a node that is alive and has said what it is, in whatever order that comes", () => {
    const { list, take } = settled();
    list.beat("a", "a1", 0, 0);
    expect(take()).toEqual([]);
    list.info("a", info("a", "a1"));
    list.info("b", info("b", "b1"));
    expect(take()).toEqual(["joined a a1"]);
    list.beat("b", "b1", 0, 0);
    expect(take()).toEqual(["joined b b1"]);
    expect(list.isAlive("b", "b1", 0)).toBe(true);
    expect(list.isAlive("b", "b0", 0)).toBe(false);
  });

  it("knows nothing of its own node", () => {
    const { list, take } = settled();
    list.beat("me", "m1", 0, 0);
    list.info("me", info("me", "m1"));
    expect(take()).toEqual([]);
  });

  it("tells what has changed, and not what is written again", () => {
    const { list, take } = settled();
    list.beat("a", "a1", 0, 0);
    list.info("a", info("a", "a1"));
    list.info("a", info("a", "a1"));
    list.info("a", info("a", "a1", { draining: true }));
    list.info("a", info("a", "a1", { draining: true }));
    expect(take()).toEqual(["joined a a1", "changed a true"]);
  });

  it("tells of a node that follows one of its id", () => {
    const { list, take } = settled();
    list.beat("a", "a1", 0, 0);
    list.info("a", info("a", "a1"));
    list.beat("a", "a2", 10, 10);
    list.info("a", info("a", "a1", { draining: true }));
    list.info("a", info("a", "a2"));
    expect(take()).toEqual(["joined a a1", "left: node a was followed by another of that id", "joined a a2"]);
  });

  it("takes a node away that leaves, and one that is silent when our own sign of life comes", () => {
    const { list, take } = settled();
    for (const id of ["a", "b"]) {
      list.beat(id, `${id}1`, 0, 0);
      list.info(id, info(id, `${id}1`));
    }
    take();
    list.removed("a", 500);
    list.removed("a", 500);
    list.expire(1_000, 10_000);
    expect(take()).toEqual(["left: node a left the cluster"]);
    list.expire(1_001, 10_000);
    expect(take()).toEqual(["left: node b was silent for more than 1000 ms"]);
    // It only stood still: what it said is still known.
    list.beat("b", "b1", 1_500, 1_500);
    expect(take()).toEqual(["joined b b1"]);
  });

  it("forgets in the end what a dead node said", () => {
    const { list, take } = settled();
    list.beat("a", "a1", 0, 0);
    list.info("a", info("a", "a1"));
    list.removed("a", 0);
    take();
    list.expire(10_001, 10_000);
    list.beat("a", "a1", 10_002, 10_002);
    expect(take()).toEqual([]);
  });

  it("gives all a while to come back after a new connection, and tells nothing until it has settled", () => {
    const { list, take } = settled();
    for (const id of ["a", "b", "c"]) {
      list.beat(id, `${id}1`, 0, 0);
      list.info(id, info(id, `${id}1`));
    }
    take();
    list.gather(60_000);
    list.beat("a", "a1", 60_001, 60_000);
    list.removed("b", 60_001);
    list.beat("d", "d1", 60_001, 60_000);
    list.info("d", info("d", "d1"));
    expect(take()).toEqual([]);
    list.settle(60_002);
    expect(take()).toEqual(["left: node b left the cluster", "joined d d1"]);
    list.expire(61_000, 100_000);
    expect(take()).toEqual([]);
    list.expire(61_001, 100_000);
    expect(take()).toEqual(["left: node c was silent for more than 1000 ms"]);
  });

  it("lets nobody die of a time in which it heard nothing", () => {
    const told: string[] = [];
    const list = new MemberList("me", 1_000, 250, {
      joined: () => {},
      changed: () => {},
      left: (id) => void told.push(id),
      ignored: () => {},
    });
    list.settle(0);
    for (const id of ["a", "b"]) {
      list.beat(id, `${id}1`, 0, 0);
      list.info(id, info(id, `${id}1`));
    }
    list.expire(10, 10_000);
    // The bucket stood still for a minute; what it takes first when it goes on is what we had written.
    list.expire(60_000, 10_000);
    list.expire(60_250, 10_000);
    list.beat("a", "a1", 60_260, 60_260);
    list.expire(60_500, 10_000);
    expect(told).toEqual([]);
    list.expire(60_750, 10_000);
    expect(told).toEqual(["b"]);
  });

  it("does not take what a dead node left for a node", () => {
    const { list, take } = settled();
    list.gather(0);
    list.beat("old", "o1", 1, 50_000);
    list.beat("new", "n1", 1, 59_500);
    list.info("old", info("old", "o1"));
    list.info("new", info("new", "n1"));
    list.settle(60_000);
    expect(take()).toEqual(["joined new n1"]);
    // It was no dead node after all, but one that is on its way back.
    list.beat("old", "o1", 100, 60_100);
    expect(take()).toEqual(["joined old o1"]);
  });

  it.each([
    "",
    "{",
    "7",
    "null",
    "[]",
    info("b", "a1"),
    info("a", "a1").replace('"gate":false', '"gate":0'),
    info("a", "a1").replace('"services":[]', '"services":[{"name":"Room"}]'),
    info("a", "a1").replace('"labels":{}', '"labels":{"zone":1}'),
    info("a", "a1").replace('"protocol":1', '"protocol":1.5'),
  ])("ignores what is no word of node a: %s", (text) => {
    const { list, take, ignored } = settled();
    list.beat("a", "a1", 0, 0);
    list.info("a", text);
    expect(take()).toEqual([]);
    expect(ignored).toEqual(["what is said of node a cannot be read"]);
  });

  it("keeps what a newer version says besides", () => {
    const nodes: NodeInfo[] = [];
    const list = new MemberList("me", 1_000, 100_000, {
      joined: (node) => void nodes.push(node),
      changed: () => {},
      left: () => {},
      ignored: () => {},
    });
    list.settle(0);
    list.beat("a", "a1", 0, 0);
    list.info("a", info("a", "a1").replace("{", '{"later":[1],'));
    expect(nodes).toEqual([{ ...JSON.parse(info("a", "a1")), later: [1] }]);
  });

  it("is no longer than can be", () => {
    const { list, ignored } = settled();
    for (let index = 0; index < 5_000; index++) {
      list.beat(`n${index}`, "1", 0, 0);
    }
    expect(new Set(ignored)).toEqual(new Set(["there are more than 4096 nodes"]));
    expect(ignored).toHaveLength(904);
  });

  it("never tells twice that a node is there, or that it is gone, whatever comes", () => {
    const id = fc.constantFrom("a", "b");
    const life = fc.constantFrom("1", "2");
    const step = fc.oneof(
      fc.tuple(fc.constant("beat" as const), id, life),
      fc.tuple(fc.constant("info" as const), id, life),
      fc.tuple(fc.constant("removed" as const), id, life),
      fc.tuple(fc.constantFrom("expire" as const, "gather" as const, "settle" as const), id, life),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(900)), { maxLength: 100 }), (steps) => {
        const there = new Map<string, string>();
        const list = new MemberList("me", 1_000, 100_000, {
          joined: (node) => {
            expect(there.has(node.id)).toBe(false);
            there.set(node.id, node.incarnation);
          },
          changed: (node) => expect(there.get(node.id)).toBe(node.incarnation),
          left: (gone) => expect(there.delete(gone)).toBe(true),
          ignored: () => {},
        });
        let now = 0;
        for (const [[kind, node, incarnation], passed] of steps) {
          now += passed;
          const actions = {
            beat: () => list.beat(node, incarnation, now, now),
            info: () => list.info(node, info(node, incarnation)),
            removed: () => list.removed(node, now),
            expire: () => list.expire(now, 10_000),
            gather: () => list.gather(now),
            settle: () => list.settle(now),
          };
          actions[kind]();
        }
      }),
    );
  });
});
