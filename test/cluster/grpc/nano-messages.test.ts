import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../runtime/base/clock.js";
import { NanowireError } from "../../../runtime/base/error.js";
import { grpc } from "../../../runtime/cluster/grpc/grpc.js";
import type { GrpcOptions } from "../../../runtime/cluster/grpc/grpc-options.js";
import { notify, request } from "../../support/client.js";
import { pushOf, type Services } from "../../support/service.js";
import { until } from "../../support/wait.js";
import { type Node, Nodes, onlySession } from "../support/nodes.js";
import { NanoPeer } from "./support/nano-peer.js";
import { startMaster } from "./support/nodes.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (data: unknown): string => Buffer.from(data as Uint8Array).toString();

async function nanoPeer(answers?: ConstructorParameters<typeof NanoPeer>[0]): Promise<NanoPeer> {
  const peer = new NanoPeer(answers);
  await peer.start(["member"]);
  onTestFinished(() => peer.stop());
  return peer;
}

/** A node of ours in a cluster over gRPC, at whose address nano's nodes call it. */
async function node(kind: "gate" | "member", services: Services, options: GrpcOptions): Promise<[Node, string]> {
  const driver = grpc(options);
  const nodes = new Nodes();
  const more = { clock: systemClock, cluster: { driver } };
  const made =
    kind === "gate"
      ? await nodes.gate("gate", { forwards: services, ...more })
      : await nodes.member("member", services, more);
  return [made, driver.address as string];
}

describe("a client of our gate, at a member of nano's", () => {
  const room: Services = { Room: { Join: () => "never called", Say: { kind: "notify", handle: () => "" } } };

  async function cluster(answers: ConstructorParameters<typeof NanoPeer>[0] = {}) {
    const master = await startMaster();
    const [gate, address] = await node("gate", room, { join: master, heartbeatIntervalMs: 100 });
    const member = await nanoPeer(answers);
    await member.call(master, "master", "Register", member.info(["Room"]));
    await until(() => gate.server.cluster?.others.length === 1);
    return { gate, address, member, client: await gate.enter() };
  }

  test("is answered, told things, and closed, by calls of their own", async () => {
    const { gate, address, member, client } = await cluster();
    const sessionId = onlySession(gate).id;
    client.send(request(7, "Room.Join", "ada"));
    await until(() => member.callsOf("HandleRequest").length === 1);
    const [asked] = member.callsOf("HandleRequest");
    expect(asked).toMatchObject({ gateAddr: address, sessionId, route: "Room.Join" });
    expect(textOf(asked?.["data"])).toBe("ada");
    await member.call(address, "member", "HandlePush", { sessionId, route: "onJoin", data: bytes("someone") });
    await member.call(address, "member", "HandleResponse", { sessionId, id: asked?.["id"], data: bytes("welcome") });
    const [push, answer] = await client.messages(2);
    expect(push).toMatchObject({ type: "push", route: "onJoin", text: "someone" });
    expect(answer).toMatchObject({ type: "response", id: 7n, text: "welcome" });
    await member.call(address, "member", "CloseSession", { sessionId });
    await until(() => member.callsOf("SessionClosed").length === 1);
    expect(member.callsOf("SessionClosed")).toEqual([{ sessionId }]);
    await expect(member.call(address, "member", "HandlePush", { sessionId, route: "x" })).rejects.toThrow(
      "session not found",
    );
  });

  test("is heard in order, a notify among requests", async () => {
    const { member, client } = await cluster();
    for (let index = 0; index < 30; index++) {
      client.send(index % 3 === 0 ? notify("Room.Say", String(index)) : request(index, "Room.Join", String(index)));
    }
    await until(() => member.calls.filter(({ method }) => method.startsWith("Handle")).length === 30);
    const texts = member.calls.flatMap(({ method, request: { data } }) =>
      method.startsWith("Handle") ? [textOf(data)] : [],
    );
    expect(texts).toEqual(Array.from({ length: 30 }, (_, index) => String(index)));
  });

  test("is told that a request was not taken", async () => {
    const { client } = await cluster({
      HandleRequest: () => {
        throw new Error("service not found in current node: Room.Join");
      },
    });
    const answer = await client.call(1, "Room.Join", "ada");
    expect(answer.text).toContain("unknown_route");
  });

  test("has its requests fail when the member dies, and goes on", async () => {
    const { member, client, gate } = await cluster();
    client.send(request(1, "Room.Join", "ada"));
    await until(() => member.callsOf("HandleRequest").length === 1);
    member.stop();
    client.send(request(2, "Room.Join", "ada"));
    const answers = await client.messages(2);
    expect(answers.map(({ text }) => text.includes("unavailable"))).toEqual([true, true]);
    expect((await client.call(3, "Room.Join", "ada")).text).toContain("unavailable");
    expect(gate.server.sessions().length).toBe(1);
  });
});

describe("a client of a gate of nano's, at our member", () => {
  const room: Services = {
    Room: {
      Join: async (session, text) => {
        await session.bind(text);
        session.push(pushOf("onJoin", 0), `hello ${session.uid}`);
        return `joined ${text}`;
      },
      Say: {
        kind: "notify",
        handle: (session, text) => {
          session.push(pushOf("onSay", 0), text);
          return "";
        },
      },
      Leave: (session) => {
        session.close();
        return "";
      },
      Fail: () => {
        throw new NanowireError("room_full", "the room holds 8 already");
      },
    },
  };

  async function cluster() {
    const master = await startMaster();
    const [member, address] = await node("member", room, { join: master });
    const gate = await nanoPeer();
    await gate.call(master, "master", "Register", gate.info([]));
    const sessionId = "1234567890123456789";
    const call = (method: string, id: number, route: string, text: string): Promise<unknown> =>
      gate.call(address, "member", method, { gateAddr: gate.address, sessionId, id, route, data: bytes(text) });
    return { master, member, address, gate, sessionId, call };
  }

  test("is answered and told things by calls of their own, and is one session from the first on", async () => {
    const { member, gate, sessionId, call } = await cluster();
    await call("HandleRequest", 5, "Room.Join", "ada");
    await until(() => gate.callsOf("HandleResponse").length === 1);
    const [answer] = gate.callsOf("HandleResponse");
    expect([answer?.["sessionId"], answer?.["id"], textOf(answer?.["data"])]).toEqual([sessionId, "5", "joined ada"]);
    await call("HandleNotify", 0, "Room.Say", "hi");
    await until(() => gate.callsOf("HandlePush").length === 2);
    const pushes = gate.callsOf("HandlePush").map(({ route, data }) => [route, textOf(data)]);
    expect(pushes).toEqual([
      ["onJoin", "hello ada"],
      ["onSay", "hi"],
    ]);
    expect(member.server.counters.guests).toBe(1);
    expect(gate.callsOf("HandleResponse").length).toBe(1);
  });

  test("ends when its gate says so, when a handler closes it, and when its gate is gone", async () => {
    const { master, member, address, gate, sessionId, call } = await cluster();
    await call("HandleRequest", 1, "Room.Join", "ada");
    await until(() => member.server.counters.guests === 1);
    await gate.call(address, "member", "SessionClosed", { sessionId });
    expect(member.server.counters.guests).toBe(0);
    await call("HandleRequest", 2, "Room.Leave", "");
    await until(() => gate.callsOf("CloseSession").length === 1);
    expect(member.server.counters.guests).toBe(0);
    await call("HandleRequest", 3, "Room.Join", "bob");
    await until(() => member.server.counters.guests === 1);
    await gate.call(master, "master", "Unregister", { serviceAddr: gate.address });
    expect(member.server.counters.guests).toBe(0);
  });

  test("gets no answer where nano has none, and what is not hosted is refused", async () => {
    const { member, gate, call } = await cluster();
    await call("HandleRequest", 1, "Room.Fail", "");
    await until(() => member.log.at("info").some(({ message }) => message.includes("nano has no answer for that")));
    expect(gate.callsOf("HandleResponse")).toEqual([]);
    await expect(call("HandleRequest", 1, "Topic.Open", "")).rejects.toThrow(
      "service not found in current node: Topic.Open",
    );
  });

  test("of whose gate nobody knows, is refused", async () => {
    const { gate, address } = await cluster();
    const endless = {
      gateAddr: gate.address,
      sessionId: "1",
      id: "9007199254740992",
      route: "Room.Join",
      data: bytes(""),
    };
    await expect(gate.call(address, "member", "HandleRequest", endless)).rejects.toThrow(
      "request 9007199254740992 has a greater number than 2^53 - 1",
    );
    const stranger = { gateAddr: "127.0.0.1:1", sessionId: "1", id: 1, route: "Room.Join", data: bytes("") };
    await expect(gate.call(address, "member", "HandleRequest", stranger)).rejects.toThrow(
      "no node of nano's is known at 127.0.0.1:1",
    );
    await expect(
      gate.call(address, "member", "HandleResponse", { sessionId: "1", id: 1, data: bytes("") }),
    ).rejects.toThrow("no request 1 of session 1 is waited for");
  });
});
