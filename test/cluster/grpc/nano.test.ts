import { describe, expect, onTestFinished, test } from "vitest";
import type { UnregisteredMember } from "../../../runtime/cluster/grpc/master.js";
import { until } from "../../support/wait.js";
import { decodeAs } from "./support/clusterpb-schema.js";
import { NanoPeer } from "./support/nano-peer.js";
import { join, startMaster } from "./support/nodes.js";

async function nanoPeer(
  roles: readonly ("master" | "member")[],
  answers?: ConstructorParameters<typeof NanoPeer>[0],
): Promise<NanoPeer> {
  const peer = new NanoPeer(answers);
  await peer.start(roles);
  onTestFinished(() => peer.stop());
  return peer;
}

describe("a member of nano's in our cluster", () => {
  test("registers, is told of the others, and the others of it", async () => {
    const master = await startMaster();
    const a = await join("a", { join: master, label: "north" }, { services: [{ name: "Room", methods: {} }] });
    const nano = await nanoPeer(["member"]);
    const { members } = await nano.call(master, "master", "Register", nano.info(["Topic"]));
    expect(members).toEqual([{ label: "north", serviceAddr: a.driver.address, services: ["Room"] }]);
    const id = `nano-${nano.address.replace(/\W/g, "-")}`;
    await until(() => a.host.nodes.has(id));
    expect(a.host.nodes.get(id)).toEqual({
      id,
      incarnation: "",
      protocol: 0,
      gate: false,
      services: [{ name: "Topic", methods: {} }],
      remotes: [],
      draining: false,
      labels: { "nano.address": nano.address, "nano.label": "go" },
    });
    expect(a.driver.nanoNodes).toEqual(new Set([id]));

    const b = await join("b", { join: master });
    expect(b.host.ids).toEqual(["a", id]);
    expect(nano.callsOf("NewMember")).toEqual([
      { memberInfo: { label: "b", serviceAddr: b.driver.address, services: [] } },
    ]);
    a.send(id, "nobody there reads frames");
    const addressOfB = b.driver.address;
    await b.driver.leave();
    expect(nano.callsOf("DelMember").at(-1)).toEqual({ serviceAddr: addressOfB });

    await nano.call(master, "master", "Unregister", { serviceAddr: nano.address });
    await until(() => a.host.told.at(-1) === `left ${id}`);
    await expect(nano.call(master, "master", "Unregister", { serviceAddr: nano.address })).rejects.toThrow(
      `no member has registered as ${nano.address}`,
    );
  });

  test("is not told of what it cannot see, and never has anybody twice", async () => {
    const master = await startMaster();
    const nano = await nanoPeer(["member"]);
    await nano.call(master, "master", "Register", nano.info([]));
    const a = await join("a", { join: master });
    await a.driver.update({ ...a.info, draining: true });
    const b = await join("b", { join: master });
    await until(() => nano.callsOf("NewMember").length === 2);
    const told = nano.callsOf("NewMember").map(({ memberInfo }) => (memberInfo as { label: string }).label);
    expect(told).toEqual(["a", "b"]);
    await a.driver.update({ ...a.info, services: [{ name: "Room", methods: {} }] });
    await until(() => nano.callsOf("NewMember").length === 3);
    // It goes before it comes with what is new.
    expect(nano.calls.slice(-2).map(({ method }) => method)).toEqual(["DelMember", "NewMember"]);
    expect(b.host.ids.length).toBe(2);
  });

  test("that is silent for four of its intervals is gone, and onUnregister told why", async () => {
    const gone: UnregisteredMember[] = [];
    const master = await startMaster({
      heartbeatIntervalMs: 50,
      nanoHeartbeatIntervalMs: 50,
      onUnregister: (member) => {
        gone.push(member);
        throw new Error("a fault of the program's");
      },
    });
    const a = await join("a", { join: master });
    const nano = await nanoPeer(["member"]);
    await nano.call(master, "master", "Register", nano.info(["Topic"]));
    await until(() => a.host.told.length === 2);
    await a.driver.leave();
    const [first, second] = gone;
    expect(first).toEqual({
      address: nano.address,
      label: "go",
      services: ["Topic"],
      id: undefined,
      reason: "was silent for 4 heartbeats of 50 ms",
    });
    expect(second).toMatchObject({ id: "a", reason: "left the cluster" });
  });

  test("that a new master does not know is taken with its heartbeat, and told of all", async () => {
    const master = await startMaster();
    const a = await join("a", { join: master });
    const nano = await nanoPeer(["member"]);
    await nano.call(master, "master", "Heartbeat", nano.info(["Topic"]));
    await until(() => a.host.ids.length === 1);
    await until(() => nano.callsOf("NewMember").length === 1);
    await nano.call(master, "master", "Heartbeat", nano.info(["Topic"]));
    expect(a.host.told.length).toBe(1);
  });
});

describe("our node under a master of nano's", () => {
  test("registers, takes the list and what changes, sends heartbeats, and says that it goes", async () => {
    const other = await nanoPeer(["member"]);
    const master = await nanoPeer(["master", "member"], {
      Register: () => ({ members: [{ label: "go", serviceAddr: other.address, services: ["Topic"] }] }),
    });
    const a = await join(
      "a",
      { join: master.address, heartbeatIntervalMs: 50 },
      { services: [{ name: "Room", methods: { "Room.Join": "" } }] },
    );
    const id = `nano-${other.address.replace(/\W/g, "-")}`;
    expect(a.host.ids).toEqual([id]);
    expect(a.number >= 0 && a.number <= 1_023).toBe(true);
    const self = { label: "a", serviceAddr: a.driver.address, services: ["Room"] };
    expect(master.callsOf("Register")).toEqual([{ memberInfo: self }]);
    await until(() => master.callsOf("Heartbeat").length > 2);
    expect(master.callsOf("Heartbeat").at(-1)).toEqual({ memberInfo: self });

    const third = await nanoPeer(["member"]);
    await master.call(a.driver.address as string, "member", "NewMember", third.info([]));
    await until(() => a.host.ids.length === 2);
    await master.call(a.driver.address as string, "member", "DelMember", { serviceAddr: other.address });
    await until(() => a.host.ids.length === 1);
    expect(a.host.told.slice(1)).toEqual([`joined nano-${third.address.replace(/\W/g, "-")}`, `left ${id}`]);
    await a.driver.leave();
    expect(master.callsOf("Unregister")).toEqual([{ serviceAddr: self.serviceAddr }]);
  });

  test("takes its place back from its former self, of which an older master says that it has registered", async () => {
    let isTaken = true;
    const master = await nanoPeer(["master", "member"], {
      Register: () => {
        if (isTaken) {
          throw new Error("address 127.0.0.1 has registered");
        }
        return { members: [] };
      },
      Unregister: () => {
        isTaken = false;
        return {};
      },
    });
    await join("a", { join: master.address });
    expect(master.calls.map(({ method }) => method).slice(0, 3)).toEqual(["Register", "Unregister", "Register"]);
  });

  test("finds ours by asking, where somebody between leaves out what he does not know", async () => {
    const master = await startMaster();
    const b = await join("b", { join: master });
    const forgetful = await nanoPeer(["master", "member"], {
      Register: () => ({ members: [{ label: "b", serviceAddr: b.driver.address, services: [] }] }),
    });
    const a = await join("a", { join: forgetful.address });
    expect(a.host.nodes.get("b")).toEqual(b.info);
  });
});

test("what the tests know of clusterpb leaves out our fields", () => {
  expect(decodeAs("HeartbeatResponse", Uint8Array.of(0xc2, 0x3e, 0x01, 0x69))).toEqual({});
});
