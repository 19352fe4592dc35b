import { once } from "node:events";
import { connect } from "node:net";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { type MemberInfo, memberGone, registerRequest } from "../../../runtime/cluster/grpc/clusterpb.js";
import { encodeNode } from "../../../runtime/cluster/node-json.js";
import { until } from "../../support/wait.js";
import { nodeInfo } from "../support/watching-host.js";
import { join, startMaster, type TestNode } from "./support/nodes.js";

function clientOf(address: string): Client {
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  return client;
}

/** Calls with bytes, whatever they are. */
function call(address: string, path: string, bytes: Uint8Array): Promise<Uint8Array> {
  const same = (message: Buffer): Buffer => message;
  return new Promise((resolve, reject) => {
    clientOf(address).makeUnaryRequest(path, same, same, Buffer.from(bytes), (error, response) =>
      error === null ? resolve(response as Uint8Array) : reject(error),
    );
  });
}

function member(more: Partial<MemberInfo>): MemberInfo {
  const nothing = { label: "", services: [], node: new Uint8Array(0), numberAndOne: 0, heartbeatIntervalMs: 0 };
  return { serviceAddr: "127.0.0.1:9", ...nothing, ...more };
}

/** Opens a stream of frames as somebody; resolved with the status that it ends with. */
function openFrames(
  address: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ code: status; details: string }> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, value);
  }
  const same = (message: Buffer): Buffer => message;
  const stream = clientOf(address).makeBidiStreamRequest("/nanowire.cluster.v1.Node/Frames", same, same, metadata);
  stream.on("data", () => {});
  stream.on("error", () => {});
  stream.write(Buffer.from("whoever I am"));
  return new Promise((resolve) => stream.on("status", resolve));
}

async function expectTalk(one: TestNode, other: TestNode): Promise<void> {
  const before = other.host.frames.length;
  one.send(other.info.id, "still here");
  await until(() => other.host.frames.length === before + 1);
}

describe("what strangers send", () => {
  test("is no HTTP/2: the connection is closed, and nothing else", async () => {
    const master = await startMaster();
    const [a, b] = [await join("a", { join: master }), await join("b", { join: master })];
    for (const bytes of [
      "GET / HTTP/1.1\r\n\r\n",
      "\0".repeat(1_000),
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"x".repeat(5_000)}`,
    ]) {
      const socket = connect(Number(a.driver.address?.split(":")[1]), "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.write(bytes);
      await once(socket, "close");
    }
    await expectTalk(b, a);
  });

  test("is no protobuf, or no member: the call fails, and nobody is told", async () => {
    const master = await startMaster();
    const a = await join("a", { join: master });
    const register = (bytes: Uint8Array): Promise<unknown> => call(master, "/clusterpb.Master/Register", bytes);
    await expect(register(Uint8Array.of(0x0a, 0xff))).rejects.toMatchObject({ code: status.INTERNAL });
    const refused: readonly [MemberInfo | undefined, string][] = [
      [undefined, "a member needs an address, host:port"],
      [member({ serviceAddr: "nowhere" }), "a member needs an address, host:port"],
      [member({ label: "x".repeat(1_025) }), "a member's label and services are too long, or too many"],
      [member({ node: new TextEncoder().encode("{") }), "what a node says of itself cannot be read: no JSON"],
      [member({ node: new TextEncoder().encode('{"id":"../x"}') }), 'cannot be read: id "../x"'],
      [member({ node: new Uint8Array(1_048_577) }), "1048577 bytes are more than 1048576"],
    ];
    for (const [wrong, message] of refused) {
      await expect(register(registerRequest.encode({ member: wrong }))).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: expect.stringContaining(message),
      });
    }
    expect(a.host.told).toEqual([]);
  });

  test("is a farewell in another's name: without its incarnation it is not taken", async () => {
    const master = await startMaster();
    const a = await join("a", { join: master });
    const b = await join("b", { join: master });
    const gone = { serviceAddr: b.driver.address as string, incarnation: "guessed", version: 0, reason: "" };
    await expect(call(master, "/clusterpb.Master/Unregister", memberGone.encode(gone))).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
    await expectTalk(a, b);
  });

  test("is a stream of frames in nobody's name, in an older one's, or for somebody else", async () => {
    const master = await startMaster();
    const [a, b] = [await join("a", { join: master }), await join("b", { join: master })];
    const right = {
      "nanowire-from": "a",
      "nanowire-from-incarnation": a.info.incarnation,
      "nanowire-to": "b",
      "nanowire-to-incarnation": b.info.incarnation,
    };
    const address = b.driver.address as string;
    for (const wrong of [
      {},
      { ...right, "nanowire-from": "nobody" },
      { ...right, "nanowire-from-incarnation": "former" },
      { ...right, "nanowire-to": "a" },
      { ...right, "nanowire-to-incarnation": "former" },
    ]) {
      expect(await openFrames(address, wrong)).toMatchObject({ code: status.FAILED_PRECONDITION });
    }
    await expectTalk(a, b);
    expect(b.host.frames).toEqual([{ from: "a", text: "still here" }]);
  });

  test("is a member at another's address, or of another's id: who is alive keeps them", async () => {
    const master = await startMaster();
    const a = await join("a", { join: master });
    const b = await join("b", { join: master });
    const register = (wrong: MemberInfo): Promise<unknown> =>
      call(master, "/clusterpb.Master/Register", registerRequest.encode({ member: wrong }));
    const ofA = a.driver.address as string;
    for (const wrong of [
      member({ serviceAddr: ofA, node: encodeNode(nodeInfo("c")) }),
      member({ node: encodeNode(nodeInfo("a")) }),
    ]) {
      await expect(register(wrong)).rejects.toMatchObject({
        code: status.ALREADY_EXISTS,
        details: `member a at ${ofA} is alive`,
      });
    }
    expect(b.host.told).toEqual(["joined a"]);
  });
});
