import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SessionData } from "../../runtime/session/session.js";
import { decodeValue, encodeValue, SessionChanges } from "../../runtime/session/session-changes.js";
import type { Services } from "../support/service.js";
import { turn, until } from "../support/wait.js";
import { Nodes, onlySession } from "./support/nodes.js";

type Data = Record<string, unknown>;

/** What tests keep: no program's types are known here. */
function dataOf(session: { readonly data: Partial<SessionData> }): Data {
  return session.data as Data;
}

const services: Services = {
  Score: {
    Add: (session, text) => {
      const data = dataOf(session);
      data["score"] = Number(data["score"] ?? 0) + Number(text);
      return String(data["score"]);
    },
    Later: async (session, text) => {
      const data = dataOf(session);
      await turn();
      await turn();
      data["late"] = text;
      return text;
    },
    Forget: (session, text) => {
      delete dataOf(session)[text];
      return text;
    },
    Show: (session) => JSON.stringify(dataOf(session), Object.keys(dataOf(session)).sort()),
  },
  Other: { Show: (session) => JSON.stringify(dataOf(session), Object.keys(dataOf(session)).sort()) },
};

async function scoreCluster() {
  const nodes = new Nodes();
  const gate = await nodes.gate("gate", { forwards: services });
  const one = await nodes.member("one", { Score: services["Score"] as Services[string] });
  const two = await nodes.member("two", { Other: services["Other"] as Services[string] });
  const client = await gate.enter();
  return { nodes, gate, one, two, client };
}

describe("a session's data in a cluster", () => {
  it("is at the gate before the answer, and at another member before its next message", async () => {
    const { gate, client } = await scoreCluster();
    expect((await client.call(1, "Score.Add", "5")).text).toBe("5");
    expect(dataOf(onlySession(gate))).toEqual({ score: 5 });
    expect((await client.call(2, "Other.Show")).text).toBe('{"score":5}');
    expect((await client.call(3, "Score.Add", "2")).text).toBe("7");
    expect((await client.call(4, "Other.Show")).text).toBe('{"score":7}');
  });

  it("is there when a handler changed it after it has waited", async () => {
    const { gate, client } = await scoreCluster();
    await client.call(1, "Score.Later", "x");
    expect(dataOf(onlySession(gate))).toEqual({ late: "x" });
  });

  it("comes along from the gate, and is changed there too", async () => {
    const { gate, client } = await scoreCluster();
    dataOf(onlySession(gate))["name"] = "ada";
    expect((await client.call(1, "Other.Show")).text).toBe('{"name":"ada"}');
    dataOf(onlySession(gate))["name"] = "eve";
    dataOf(onlySession(gate))["level"] = 3;
    expect((await client.call(2, "Other.Show")).text).toBe('{"level":3,"name":"eve"}');
    delete dataOf(onlySession(gate))["level"];
    expect((await client.call(3, "Other.Show")).text).toBe('{"name":"eve"}');
    expect((await client.call(4, "Score.Forget", "name")).text).toBe("name");
    expect(dataOf(onlySession(gate))).toEqual({});
    expect((await client.call(5, "Other.Show")).text).toBe("{}");
  });

  it("is told when the program changes it at the member, without a message", async () => {
    const { gate, one, client } = await scoreCluster();
    await client.call(1, "Score.Add", "1");
    dataOf(onlySession(one))["score"] = 100;
    await until(() => dataOf(onlySession(gate))["score"] === 100);
    expect((await client.call(2, "Other.Show")).text).toBe('{"score":100}');
  });

  it("keeps on its node what is no JSON", async () => {
    const { gate, one, client } = await scoreCluster();
    await client.call(1, "Score.Add", "1");
    const there = dataOf(onlySession(one));
    there["socket"] = new Map();
    there["handler"] = () => undefined;
    await client.call(2, "Score.Add", "1");
    expect(dataOf(onlySession(gate))).toEqual({ score: 2 });
    expect(there["socket"]).toBeInstanceOf(Map);
  });
});

describe("a value on its way", () => {
  const value = fc.letrec((tie) => ({
    leaf: fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.string(),
      fc.double(),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array({ maxLength: 20 }),
    ),
    node: fc.oneof(
      { depthSize: "small" },
      tie("leaf"),
      fc.array(tie("node"), { maxLength: 4 }),
      fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom("$bigint", "$date", "$object", "$bytes", "__proto__")),
        tie("node"),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  })).node;

  it("is what it was", () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeValue(encodeValue(given) as string)).toEqual(given);
      }),
    );
  });

  it("is undefined for what is no JSON, and for what holds itself", () => {
    const circle: Data = {};
    circle["self"] = circle;
    for (const given of [
      undefined,
      () => 1,
      Symbol("x"),
      new Map(),
      new (class Own {})(),
      circle,
      [new Set()],
      new Date(Number.NaN),
    ]) {
      expect(encodeValue(given)).toBeUndefined();
    }
  });
});

describe("changes between nodes", () => {
  const step = fc.record({
    at: fc.constantFrom("gate", "one", "two"),
    key: fc.constantFrom("a", "b", "__proto__"),
    value: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  });

  it("bring all to the same, whoever changes what, when each is told before it changes something", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const gate = { data: {} as Data, changes: new SessionChanges() };
        const members = { one: node(), two: node() };
        const sync = (): void => {
          for (const member of Object.values(members)) {
            member.changes.look(member.data);
            const told = member.changes.since(member.told, gate);
            member.told = member.changes.version;
            if (told !== undefined) {
              gate.changes.apply(told, gate.data, member);
            }
          }
          gate.changes.look(gate.data);
          for (const member of Object.values(members)) {
            const told = gate.changes.since(member.known, member);
            member.known = gate.changes.version;
            if (told !== undefined) {
              member.changes.apply(told, member.data, gate);
            }
          }
        };
        for (const { at, key, value: next } of steps) {
          const { data } = at === "gate" ? gate : members[at as "one" | "two"];
          if (next === undefined) {
            delete data[key];
          } else {
            Object.defineProperty(data, key, { value: next, writable: true, enumerable: true, configurable: true });
          }
          sync();
          expect(Object.entries(members.one.data).sort()).toEqual(Object.entries(gate.data).sort());
          expect(Object.entries(members.two.data).sort()).toEqual(Object.entries(gate.data).sort());
        }
      }),
    );
  });

  function node() {
    return { data: {} as Data, changes: new SessionChanges(), told: 0, known: 0 };
  }
});
