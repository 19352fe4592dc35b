import { describe, expect, it } from "vitest";
import type { Session } from "../../runtime/session/session.js";
import { notify, request } from "../support/client.js";
import { pushOf, type Services } from "../support/service.js";
import { Arrivals, defer, turn, until } from "../support/wait.js";
import { Nodes, onlySession } from "./support/nodes.js";

/** A room that says which node it is on, and one request of which never ends. */
function roomAt(id: string): Services {
  return {
    Room: {
      Where: () => id,
      Hang: () => new Promise<string>(() => {}),
      Say: { kind: "notify", handle: () => new Promise<string>(() => {}) },
    },
  };
}

async function settle(): Promise<void> {
  for (let index = 0; index < 20; index++) {
    await turn();
  }
}

describe("when a member dies", () => {
  it("what was under way there fails at once with its name, the client stays, and goes on at another", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: roomAt("") });
    await nodes.member("one", roomAt("one"));
    await nodes.member("two", roomAt("two"));
    const client = await gate.enter();
    const first = (await client.call(1, "Room.Where")).text;
    client.send(request(2, "Room.Hang"));
    client.send(request(3, "Room.Hang"));
    client.send(notify("Room.Say"));
    await settle();
    const lost: string[] = [];
    gate.server.cluster?.onVisitLost(({ node, services, session }) => {
      lost.push(`${session.id === onlySession(gate).id} ${node} ${services.join()}`);
    });
    nodes.kill(first);
    const failed = await client.messages(2);
    expect(failed.map(({ id }) => Number(id))).toEqual([2, 3]);
    for (const { text } of failed) {
      expect(text).toContain("unavailable");
      expect(text).toContain(first);
    }
    expect(lost).toEqual([`true ${first} Room`]);
    expect((await client.call(4, "Room.Where")).text).toBe(first === "one" ? "two" : "one");
    expect(gate.server.counters.failed).toEqual({ unavailable: 3 });
    expect(gate.server.cluster?.others.map(({ id }) => id)).toEqual([first === "one" ? "two" : "one"]);
  });

  it("its sessions find it again when it is back, as new ones", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: roomAt("") });
    await nodes.member("one", roomAt("before"));
    const client = await gate.enter();
    expect((await client.call(1, "Room.Where")).text).toBe("before");
    nodes.kill("one");
    expect((await client.call(2, "Room.Where")).text).toContain("unavailable");
    const again = await nodes.member("one", roomAt("after"));
    expect((await client.call(3, "Room.Where")).text).toBe("after");
    expect(onlySession(again).id).toBe(onlySession(gate).id);
  });

  it("a bind that it has asked for is done or not, and nothing hangs", async () => {
    const nodes = new Nodes();
    const judge = defer();
    const services: Services = {
      Room: {
        Login: async (session, uid) => {
          await session.bind(uid);
          return "in";
        },
      },
    };
    const gate = await nodes.gate("gate", { forwards: services, onBind: () => judge.promise });
    await nodes.member("one", services);
    const client = await gate.enter();
    client.send(request(1, "Room.Login", "ada"));
    await settle();
    nodes.kill("one");
    expect((await client.message()).text).toContain("unavailable");
    judge.resolve();
    await until(() => onlySession(gate).uid === "ada");
  });
});

describe("when a gate dies", () => {
  it("its sessions close at every member, and leave their groups", async () => {
    const nodes = new Nodes();
    const there = await nodes.gate("stays", { forwards: roomAt("") });
    const dies = await nodes.gate("dies", { forwards: roomAt("") });
    const member = await nodes.member("one", roomAt("one"));
    const [staying, going] = [await there.enter(), await dies.enter()];
    await staying.call(1, "Room.Where");
    await going.call(1, "Room.Where");
    const closed = new Arrivals<string>();
    member.server.onSessionClose(({ session, reason }) => closed.push(`${session.gate} ${reason.code}`));
    expect(member.server.counters.guests).toBe(2);
    nodes.kill("dies");
    expect(await closed.next()).toBe("dies connection_lost");
    expect(member.server.counters.guests).toBe(1);
    expect((await staying.call(2, "Room.Where")).text).toBe("one");
  });
});

describe("when the way between two nodes is cut", () => {
  it("for a moment, nothing is lost and nothing comes twice", async () => {
    const nodes = new Nodes();
    const seen: string[] = [];
    const services: Services = {
      Room: {
        Note: (_session, text) => {
          seen.push(text);
          return text;
        },
      },
    };
    const gate = await nodes.gate("gate", { forwards: services });
    await nodes.member("one", services);
    const client = await gate.enter();
    await client.call(1, "Room.Note", "0");
    for (let round = 1; round <= 5; round++) {
      nodes.network.cut("gate", "one");
      for (let index = 0; index < 10; index++) {
        client.send(request(round * 10 + index, "Room.Note", `${round}.${index}`));
        await settle();
      }
      nodes.network.mend("gate", "one");
      const answers = client.messages(10);
      // What was lost is noticed by and by: time passes.
      let done = false;
      void answers.then(() => {
        done = true;
      });
      while (!done) {
        nodes.clock.step(250);
        await settle();
      }
      expect((await answers).map(({ text }) => text)).toEqual(
        Array.from({ length: 10 }, (_, index) => `${round}.${index}`),
      );
    }
    expect(seen).toHaveLength(51);
  });

  it("for longer than silenceMs, both sides give up, and begin anew when it is mended", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: roomAt("") });
    const member = await nodes.member("one", roomAt("one"));
    const client = await gate.enter();
    await client.call(1, "Room.Where");
    const closed: string[] = [];
    member.server.onSessionClose(({ reason }) => void closed.push(reason.code));
    nodes.network.cut("gate", "one");
    client.send(request(2, "Room.Where"));
    let failed: string | undefined;
    void client.message().then(({ text }) => {
      failed = text;
    });
    let passedMs = 0;
    while (failed === undefined || closed.length === 0) {
      nodes.clock.step(250);
      passedMs += 250;
      await settle();
    }
    expect(passedMs).toBeGreaterThanOrEqual(5_000);
    expect(passedMs).toBeLessThanOrEqual(7_000);
    expect(failed).toContain("unavailable");
    expect(closed).toEqual(["connection_lost"]);
    expect(gate.server.sessions()).toHaveLength(1);
    nodes.network.mend("gate", "one");
    expect((await client.call(3, "Room.Where")).text).toBe("one");
    expect(onlySession(member).id).toBe(onlySession(gate).id);
  });
});

describe("a node that drains", () => {
  it("gets no new sessions, and keeps those that it has until they go", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: roomAt("") });
    const one = await nodes.member("one", roomAt("one"));
    const early = await gate.enter();
    expect((await early.call(1, "Room.Where")).text).toBe("one");
    await nodes.member("two", roomAt("two"));
    const drained = one.server.drain({ graceMs: 60_000 });
    await until(() => gate.server.cluster?.node("one")?.draining === true);
    for (let index = 0; index < 10; index++) {
      const late = await gate.enter();
      expect((await late.call(1, "Room.Where")).text).toBe("two");
    }
    expect((await early.call(2, "Room.Where")).text).toBe("one");
    early.link.destroy();
    await until(() => one.server.counters.guests === 0);
    nodes.clock.step(1_000);
    await drained;
    await one.server.stop();
    expect(gate.server.cluster?.others.map(({ id }) => id)).toEqual(["two"]);
  });

  it("that is the only one is still used", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: roomAt("") });
    const one = await nodes.member("one", roomAt("one"));
    const drained = one.server.drain({ graceMs: 1_000 });
    await until(() => gate.server.cluster?.node("one")?.draining === true);
    const client = await gate.enter();
    expect((await client.call(1, "Room.Where")).text).toBe("one");
    nodes.clock.step(1_000);
    await drained;
    await one.server.stop();
    expect((await client.call(2, "Room.Where")).text).toContain("unavailable");
  });
});

describe("a server in a cluster", () => {
  it("is stopped and started again, with other sessions", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: roomAt("") });
    const one = await nodes.member("one", roomAt("one"));
    const client = await gate.enter();
    await client.call(1, "Room.Where");
    await one.server.stop();
    expect(one.server.counters.guests).toBe(0);
    expect((await client.call(2, "Room.Where")).text).toContain("unavailable");
    await one.server.start();
    expect((await client.call(3, "Room.Where")).text).toBe("one");
  });

  it("does not start when its id is taken, and undoes what was begun", async () => {
    const nodes = new Nodes();
    await nodes.member("one", roomAt("one"));
    await expect(nodes.member("one", roomAt("one"))).rejects.toMatchObject({ code: "node_exists" });
    expect(nodes.network.nodes).toEqual(["one"]);
  });

  it("gives session ids that no other node gives", async () => {
    const nodes = new Nodes();
    const gates = await Promise.all(["a", "b", "c"].map((id) => nodes.gate(id)));
    const ids = new Set<string>();
    for (const gate of gates) {
      for (let index = 0; index < 20; index++) {
        await gate.enter();
      }
      for (const { id } of gate.server.sessions()) {
        ids.add(id);
      }
    }
    expect(ids.size).toBe(60);
  });
});

describe("a group whose members sit on several gates", () => {
  const said = pushOf("RoomEvents.Said", 2);

  it("is told by one message a gate, whatever the number of members", async () => {
    const nodes = new Nodes();
    const joined: Session[] = [];
    const services: Services = {
      Room: {
        Join: (session) => {
          joined.push(session);
          return "";
        },
      },
    };
    const extraRoutes = ["RoomEvents.Said"];
    const gates = await Promise.all(["a", "b"].map((id) => nodes.gate(id, { forwards: services, extraRoutes })));
    const member = await nodes.member("one", services, { extraRoutes });
    const clients = await Promise.all(gates.flatMap((gate) => Array.from({ length: 25 }, () => gate.enter())));
    for (const client of clients) {
      await client.call(1, "Room.Join");
    }
    const frames: string[] = [];
    nodes.network.onFrame((from, to, frame) => {
      if (from === "one" && frame.length > 100) {
        frames.push(to);
      }
    });
    expect(member.server.everyone.push(said, "x".repeat(200))).toBe(50);
    for (const client of clients) {
      expect((await client.message()).text).toBe("x".repeat(200));
    }
    expect(frames.sort()).toEqual(["a", "b"]);
  });
});
