import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryNetwork } from "../../runtime/cluster/memory-network.js";
import type { Session } from "../../runtime/session/session.js";
import type { SecondSession } from "../../runtime/session/session-registry.js";
import { SteppedClock } from "../support/clock.js";
import { turn, until } from "../support/wait.js";
import { DirectoryNode } from "./support/directory-node.js";

/** What happens to a cluster of gates. Numbers choose among what is there. */
type Step =
  | { readonly what: "join"; readonly gate: number }
  | { readonly what: "kill" | "leave"; readonly gate: number }
  | { readonly what: "bind"; readonly gate: number; readonly session: number; readonly uid: string }
  | { readonly what: "unbind" | "close" | "suspend" | "resume"; readonly session: number }
  | { readonly what: "cut" | "mend"; readonly gate: number; readonly other: number }
  | { readonly what: "time"; readonly ms: number }
  | { readonly what: "turns"; readonly count: number };

const gateIds = ["a", "b", "c", "d"];
const number = fc.nat(7);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constant("join" as const), gate: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("kill" as const, "leave" as const), gate: fc.nat(3) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant("bind" as const),
      gate: fc.nat(3),
      session: number,
      uid: fc.constantFrom("ada", "bob", "eve", "kim", "lea"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constantFrom("unbind" as const, "close" as const, "suspend" as const, "resume" as const),
      session: number,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constantFrom("cut" as const, "mend" as const), gate: fc.nat(3), other: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("time" as const), ms: fc.constantFrom(100, 1_000, 6_000) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("turns" as const), count: fc.nat(3) }) },
);

/** Gates that come and go, and what became of what was asked of them. */
class World {
  readonly network = new MemoryNetwork();
  readonly clock = new SteppedClock();
  readonly gates = new Map<string, DirectoryNode>();
  readonly #sessions: { readonly session: Session; readonly gate: DirectoryNode }[] = [];
  readonly #second: SecondSession;
  /** Binds that are not answered yet. */
  binding = 0;

  constructor(second: SecondSession) {
    this.#second = second;
  }

  async take(step: Step): Promise<void> {
    switch (step.what) {
      case "join": {
        const id = gateIds[step.gate] as string;
        if (!this.gates.has(id)) {
          this.gates.set(id, await DirectoryNode.join(id, this.network, this.clock, this.#second));
        }
        break;
      }
      case "kill":
      case "leave":
        await this.#end(step);
        break;
      case "bind":
        this.#bind(step);
        break;
      case "unbind":
        await this.#at(step.session)?.session.unbind();
        break;
      case "close": {
        const one = this.#at(step.session);
        one?.gate.close(one.session);
        break;
      }
      case "suspend":
      case "resume": {
        const one = this.#at(step.session);
        one?.gate.suspend(one.session, step.what === "suspend");
        break;
      }
      case "cut":
        this.network.cut(gateIds[step.gate] as string, gateIds[step.other] as string);
        break;
      case "mend":
        this.network.mend(gateIds[step.gate] as string, gateIds[step.other] as string);
        break;
      case "time":
        await this.pass(step.ms);
        break;
      default:
        for (let count = 0; count < step.count; count++) {
          await turn();
        }
    }
  }

  async #end({ what, gate }: { readonly what: string; readonly gate: number }): Promise<void> {
    const id = gateIds[gate] as string;
    const node = this.gates.get(id);
    this.gates.delete(id);
    if (what === "kill") {
      this.network.kill(id);
    }
    for (const session of [...(node?.sessions.all() ?? [])]) {
      node?.close(session);
    }
    await node?.node.leave();
    node?.users.nodesChanged();
  }

  #bind({ gate, session: number, uid }: { readonly gate: number; readonly session: number; readonly uid: string }) {
    const node = this.gates.get(gateIds[gate] as string);
    if (node === undefined) {
      return;
    }
    const known = this.#at(number);
    const session = known?.gate === node ? known.session : node.open();
    this.#sessions.push({ session, gate: node });
    this.binding++;
    session.bind(uid).then(
      () => this.binding--,
      () => this.binding--,
    );
  }

  #at(index: number): { readonly session: Session; readonly gate: DirectoryNode } | undefined {
    const open = this.#sessions.filter(({ session }) => !session.closed);
    return open[index % Math.max(1, open.length)];
  }

  /** Time passes, in steps between which what was sent arrives. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.step(100);
      await turn();
      await turn();
    }
  }

  mendAll(): void {
    for (const one of gateIds) {
      for (const other of gateIds) {
        this.network.mend(one, other);
      }
    }
  }

  /** What each gate keeps; and what it should. */
  get kept(): Record<string, string[]> {
    return Object.fromEntries([...this.gates].map(([id, { kept }]) => [id, kept]));
  }

  get truth(): Record<string, string[]> {
    const all = [...this.gates.values()].flatMap(({ bound }) => bound);
    return Object.fromEntries(
      [...this.gates].map(([id, { users }]) => [
        id,
        all
          .filter(({ uid }) => users.gates.keeperOf(uid)?.id === id)
          .map(({ text }) => text)
          .sort(),
      ]),
    );
  }
}

const begin: readonly Step[] = [0, 1, 2].map((gate) => ({ what: "join", gate }));

async function run(second: SecondSession, steps: readonly Step[]): Promise<World> {
  const world = new World(second);
  for (const one of [...begin, ...steps]) {
    await world.take(one);
  }
  world.mendAll();
  // A link that was cut may have to be given up on both sides, and nobody bind any more.
  await world.pass(20_000);
  return world;
}

describe("the directory", () => {
  it("holds the truth, and nothing else, when all see the same gates again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const world = await run("allow", steps);
        expect(world.kept).toEqual(world.truth);
        expect(world.binding).toBe(0);
        expect([...world.gates.values()].flatMap(({ log }) => log.at("error"))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it.each(["kick", "refuse"] as const)("with %s: leaves a user one session, whatever happened", async (second) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const world = await run(second, steps);
        expect(world.kept).toEqual(world.truth);
        const uids = [...world.gates.values()].flatMap(({ bound }) => bound.map(({ uid }) => uid));
        expect(uids).toEqual([...new Set(uids)]);
        expect(world.binding).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});

/** Three gates, and a user whose keeper is the second. */
async function three(second: SecondSession) {
  const network = new MemoryNetwork();
  const clock = new SteppedClock();
  const [a, b, c] = [
    await DirectoryNode.join("a", network, clock, second),
    await DirectoryNode.join("b", network, clock, second),
    await DirectoryNode.join("c", network, clock, second),
  ];
  const uid = Array.from({ length: 100 }, (_, index) => `user-${index}`).find(
    (one) => a.users.gates.keeperOf(one)?.id === "b",
  ) as string;
  /** Lets time pass until something holds. */
  const pass = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      clock.step(100);
      await turn();
    }
  };
  return { network, clock, a, b, c, uid, pass };
}

describe("a session that is bound", () => {
  it("is known to its keeper, and to no other, by then", async () => {
    const { a, b, c, uid } = await three("allow");
    const session = a.open();
    await session.bind(uid);
    expect([a.kept, b.kept, c.kept]).toEqual([[], [`${uid} a:1 at a`], []]);
    await session.unbind();
    await until(() => b.kept.length === 0);
    expect(a.users.own.size).toBe(0);
  });

  it("waits for the next keeper when the one that it asks dies", async () => {
    const { network, a, c, uid } = await three("refuse");
    await c.open().bind(uid);
    const session = a.open();
    const bound = session.bind(uid);
    await Promise.resolve();
    network.kill("b");
    // The next keeper answers when it has been told what it has to know.
    await expect(bound).rejects.toMatchObject({ code: "uid_in_use" });
    const other = a.open();
    await other.bind(`not ${uid}`);
    expect(other.bound).toBe(true);
    expect([...a.kept, ...c.kept].filter((line) => line.startsWith(uid))).toEqual([`${uid} c:1 at c`]);
  });

  it("is bound all the same when nobody answers for a while; the newest stays when they hear each other again", async () => {
    const { network, clock, a, b, c, uid, pass } = await three("kick");
    const older = c.open();
    await older.bind(uid);
    network.cut("a", "b");
    clock.step(10);
    const newer = a.open();
    const bound = newer.bind(uid);
    await turn();
    expect(newer.bound).toBe(false);
    await pass(() => newer.bound);
    await bound;
    expect([older.closed, newer.closed]).toEqual([false, false]);
    network.mend("a", "b");
    await pass(() => older.closed);
    expect([newer.closed, c.kicked]).toEqual([false, ["c:1"]]);
    await pass(() => b.kept.length === 1);
    expect(b.kept).toEqual([`${uid} a:1 at a`]);
  });

  it("is one of many that ask at the same time: one of them stays", async () => {
    for (const second of ["kick", "refuse"] as const) {
      const { a, b, c, uid, pass } = await three(second);
      const sessions = [a, b, c, a, b, c, a, b, c].map((gate) => gate.open());
      const outcomes = await Promise.allSettled(sessions.map((session) => session.bind(uid)));
      const open = () => sessions.filter((session) => session.uid === uid && !session.closed);
      await pass(() => open().length === 1);
      expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
      await pass(() => b.kept.length === 1);
      expect(b.kept.map((line) => line.split(" ")[1])).toEqual(open().map(({ id }) => id));
    }
  });

  it("takes the place of one that is suspended, also where a second is refused", async () => {
    const { a, c, uid, pass } = await three("refuse");
    const older = a.open();
    await older.bind(uid);
    const newer = c.open();
    await expect(newer.bind(uid)).rejects.toMatchObject({ code: "uid_in_use" });
    a.suspend(older, true);
    a.suspend(older, false);
    await turn();
    await turn();
    await expect(newer.bind(uid)).rejects.toMatchObject({ code: "uid_in_use" });
    a.suspend(older, true);
    await turn();
    await turn();
    await newer.bind(uid);
    await pass(() => older.closed);
    expect(a.kicked).toEqual(["a:1"]);
  });

  it("is one of thousands that fall to others when a gate goes", async () => {
    const { network, a, b, c } = await three("allow");
    const sessions = Array.from({ length: 5_000 }, () => a.open());
    await Promise.all(sessions.map((session, index) => session.bind(`${index} ${"x".repeat(200)}`)));
    expect(a.kept.length + b.kept.length + c.kept.length).toBe(5_000);
    expect(Math.min(a.kept.length, b.kept.length, c.kept.length)).toBeGreaterThan(1_000);
    network.kill("b");
    const uids = sessions.map(({ uid }) => uid);
    const { found, error } = await c.users.find(uids);
    expect([found.length, error]).toEqual([5_000, undefined]);
    expect(a.kept.length + c.kept.length).toBe(5_000);
  });

  it("is known to nobody when a listener has closed it", async () => {
    const { a, b, uid } = await three("allow");
    a.sessions.onBind(({ session }) => a.close(session));
    await a.open().bind(uid);
    await until(() => b.kept.length === 0);
    expect(a.users.own.size).toBe(0);
  });

  it("has its uid letter for letter", async () => {
    const { a, c } = await three("allow");
    const uids = ["\ufeffada", "ada", "ä".repeat(255), "😀", " "];
    for (const uid of uids) {
      await a.open().bind(uid);
    }
    const { found } = await c.users.find(uids);
    expect(found.map(({ uid }) => uid).sort()).toEqual([...uids].sort());
  });
});

describe("a question about users", () => {
  it("is answered when all gates see the same, not before", async () => {
    const { network, clock, a, b, c, uid } = await three("allow");
    await a.open().bind(uid);
    network.kill("b");
    const { found } = await c.users.find([uid]);
    expect(found.map(({ session }) => session)).toEqual(["a:1"]);
    const late = await DirectoryNode.join("b", network, clock, "allow");
    expect((await c.users.find([uid])).found.map(({ session }) => session)).toEqual(["a:1"]);
    expect((await late.users.find([uid])).found.map(({ session }) => session)).toEqual(["a:1"]);
    expect(b.log.at("error")).toEqual([]);
  });

  it("is answered without a word by a gate that is alone", async () => {
    const alone = await DirectoryNode.join("alone", new MemoryNetwork(), new SteppedClock());
    await alone.open().bind("ada");
    await until(() => alone.users.findHere(["ada", "bob"]) !== undefined);
    expect(alone.users.findHere(["ada", "bob"])?.map(({ session }) => session)).toEqual(["alone:1"]);
  });
});
