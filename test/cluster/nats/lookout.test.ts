import { describe, expect, it } from "vitest";
import { Lookout } from "../../../runtime/cluster/nats/lookout.js";
import { type Peer, Peers } from "../../../runtime/cluster/nats/peers.js";
import { SteppedClock } from "../../support/clock.js";
import { nodeInfo } from "../support/watching-host.js";

/** Nodes that look after each other each 200 ms, over a NATS in which some are dead. */
class Town {
  readonly clock = new SteppedClock();
  readonly dead = new Set<string>();
  /** Who told whom to be unreachable: `a b`. */
  readonly unreachable: string[] = [];
  readonly suspicions: string[] = [];
  probes = 0;
  readonly #lookouts = new Map<string, { lookout: Lookout; peers: Peers }>();

  constructor(ids: readonly string[]) {
    const infos = ids.map((id) => nodeInfo(id, { incarnation: "1" }));
    for (const id of ids) {
      const peers = new Peers("c");
      const lookout: Lookout = new Lookout(id, 200, this.clock, {
        probe: (peer) => {
          this.probes++;
          this.say(id, peer);
        },
        answered: async () => {},
        suspect: (peer) => {
          this.suspicions.push(`${id} ${peer.id}`);
          for (const [other, { lookout: theirs }] of this.#lookouts) {
            if (!this.dead.has(other)) {
              theirs.suspected(peer.id, peer.incarnation);
            }
          }
        },
        unreachable: (peer) => void this.unreachable.push(`${id} ${peer.id}`),
      });
      for (const info of infos) {
        if (info.id !== id) {
          lookout.add(peers.add(info));
        }
      }
      this.#lookouts.set(id, { lookout, peers });
    }
  }

  lookout(id: string): Lookout {
    return this.#lookouts.get(id)?.lookout as Lookout;
  }

  peer(of: string, id: string): Peer {
    return this.#lookouts.get(of)?.peers.get(id) as Peer;
  }

  /** A message to a node: NATS says when nobody takes it. */
  say(from: string, to: Peer): void {
    if (this.dead.has(to.id)) {
      this.lookout(from).refused(to);
    }
  }

  /** So many looks of everybody who is alive. */
  async looks(count: number): Promise<void> {
    for (let look = 0; look < count; look++) {
      this.clock.step(200);
      for (const [id, { lookout }] of this.#lookouts) {
        if (!this.dead.has(id)) {
          await lookout.look();
        }
      }
    }
  }
}

describe("a lookout", () => {
  it("costs two questions a look, however many nodes there are", async () => {
    const town = new Town(Array.from({ length: 50 }, (_, index) => `n${index}`));
    await town.looks(10);
    expect(town.probes).toBe(50 * 2 * 10);
    expect(town.unreachable).toEqual([]);
  });

  it("finds a dead node within two looks, and all know it, once", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const town = new Town(ids);
    town.dead.add("n7");
    await town.looks(2);
    const others = ids.filter((id) => id !== "n7");
    expect([...town.unreachable].sort()).toEqual(others.map((id) => `${id} n7`).sort());
    expect(town.suspicions).toHaveLength(1);
    await town.looks(20);
    expect(town.unreachable).toHaveLength(19);
  });

  it("finds many that die at once, and whoever stood between them", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `n${index}`);
    const town = new Town(ids);
    const killed = ids.slice(0, 30);
    for (const id of killed) {
      town.dead.add(id);
    }
    await town.looks(40);
    expect(new Set(town.unreachable).size).toBe(10 * 30);
    expect(town.unreachable).toHaveLength(10 * 30);
  });

  it("does not take a node for dead that was away for one look", async () => {
    const town = new Town(["a", "b", "c", "d", "e"]);
    town.dead.add("c");
    town.say("a", town.peer("a", "c"));
    town.clock.step(50);
    town.dead.delete("c");
    await town.looks(3);
    expect(town.suspicions).toEqual(["a c"]);
    expect(town.unreachable).toEqual([]);
  });

  it("tells again when a node that was back is gone again", async () => {
    const town = new Town(["a", "b"]);
    town.dead.add("b");
    await town.looks(2);
    town.dead.delete("b");
    await town.looks(10);
    expect(town.unreachable).toEqual(["a b"]);
    town.dead.add("b");
    await town.looks(2);
    expect(town.unreachable).toEqual(["a b", "a b"]);
  });

  it("suspects nobody during its grace", async () => {
    const town = new Town(["a", "b"]);
    town.lookout("a").grace(2_000);
    town.dead.add("b");
    await town.looks(9);
    expect(town.unreachable).toEqual([]);
    await town.looks(3);
    expect(town.unreachable).toEqual(["a b"]);
  });

  it("does not mistake a node for the one that had its id before", async () => {
    const town = new Town(["a", "b"]);
    const former = town.peer("a", "b");
    town.lookout("a").add({ ...former, incarnation: "2" });
    town.lookout("a").refused(former);
    town.lookout("a").suspected("b", "1");
    await town.looks(3);
    expect(town.suspicions).toEqual([]);
    expect(town.unreachable).toEqual([]);
  });

  it("is not moved by a stranger who suspects all day: one question a look at most", async () => {
    const town = new Town(["a", "b"]);
    for (let index = 0; index < 1_000; index++) {
      town.lookout("a").suspected("b", "1");
      town.lookout("a").suspected("nobody", "1");
    }
    expect(town.probes).toBe(1);
  });

  it("asks nobody who left", async () => {
    const town = new Town(["a", "b"]);
    town.lookout("a").remove("b");
    town.dead.add("b");
    await town.looks(3);
    expect(town.probes).toBe(0);
  });
});
