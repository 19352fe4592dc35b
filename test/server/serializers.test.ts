import { describe, expect, it } from "vitest";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import * as roomMessages from "../../generated/chat/v1/room.js";
import * as roomJson from "../../generated/chat/v1/room.json.js";
import { RoomComponent, RoomEvents } from "../../generated/chat/v1/room.server.js";
import { NanowireError } from "../../runtime/base/error.js";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import { clientSerializer } from "../../runtime/client/client-serializer.js";
import { connect } from "../../runtime/client/connect-node.js";
import type { ConnectOptions } from "../../runtime/client/connect-options.js";
import { jsonSerializer, type Serializer } from "../../runtime/protocol/serializer.js";
import type { ServerOptions } from "../../runtime/server/options.js";
import { wireProfiles } from "../../runtime/server/profile.js";
import type { Session } from "../../runtime/session/session.js";
import type { MemoryTransport } from "../../runtime/transport/memory.js";
import { concat, hex, toHex } from "../protocol/hex.js";
import { request } from "../support/client.js";
import { startServer, type TestServer } from "../support/server.js";
import { textWithoutJson } from "../support/service.js";
import { taggedSerializer } from "../support/tagged-serializer.js";
import { defer } from "../support/wait.js";

class Room extends RoomComponent {
  override join(session: Session, { name }: { name: string }): { members: string[] } {
    if (name === "") {
      throw new NanowireError("nameless", "who are you?", { details: { hint: "a name" } });
    }
    RoomEvents.said(session, { name, text: "hi", atMs: 12_345_678_901_234_567n });
    return { members: [name, "eve"] };
  }

  override say(): void {}

  override leave(): void {}
}

const modules = [[roomMessages, roomJson]] as const;

async function startRoom(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  return await startServer({ components: [new Room()], ...options });
}

async function connectTo(test: TestServer, options: ConnectOptions): Promise<ClientConnection> {
  return await connect((test.transport as MemoryTransport).dial, options);
}

describe.each<[string, Serializer]>([
  ["one of a user's own", taggedSerializer],
  ["JSON", jsonSerializer],
])("%s, on both sides", (_name, serializer) => {
  const options: Partial<ServerOptions> = serializer === taggedSerializer ? { serializers: [taggedSerializer] } : {};
  const spoken = { serializers: [clientSerializer(serializer, modules)] };

  it("carries requests, answers, pushes and nothing", async () => {
    const connection = await connectTo(await startRoom(options), spoken);
    const said = defer<roomMessages.UserSaid>();
    new RoomEventsClient(connection).onSaid((message) => said.resolve(message));
    const room = new RoomClient(connection);
    expect(await room.join({ name: "ada" })).toEqual({ members: ["ada", "eve"] });
    expect(await said.promise).toEqual({ name: "ada", text: "hi", atMs: 12_345_678_901_234_567n });
  });

  it("carries errors", async () => {
    const connection = await connectTo(await startRoom(options), spoken);
    await expect(new RoomClient(connection).join({ name: "" })).rejects.toMatchObject({
      code: "nameless",
      message: "who are you?",
      details: { hint: "a name" },
    });
  });

  it("cannot carry a message whose JSON codec the client was not given", async () => {
    const connection = await connectTo(await startRoom(options), { serializers: [clientSerializer(serializer)] });
    const room = new RoomClient(connection);
    await expect(room.join({ name: "ada" })).rejects.toMatchObject({ code: "invalid_payload" });
    // Of nothing there is always one; this is the server's answer.
    await expect(room.leave()).rejects.toMatchObject({ code: "unauthenticated" });
  });
});

describe("who speaks what", () => {
  const tagged = clientSerializer(taggedSerializer, modules);
  const json = clientSerializer(jsonSerializer, modules);

  it("a client gets what it asks for first, where the server has it", async () => {
    const test = await startRoom({ serializers: [taggedSerializer] });
    const client = await test.enter({ sys: { type: "nanowire", serializer: "tagged" } });
    expect(client.answered.sys.serializer).toBe("tagged");
    client.send(request(1, "Room.Join", hex(`'{' 01  '"' 04 'name'  '"' 03 'ada'`)));
    const [push, answer] = await client.messages(2);
    expect(push?.type).toBe("push");
    expect(toHex(answer?.payload ?? hex(""))).toBe(
      toHex(hex(`'{' 01  '"' 07 'members'  '[' 02  '"' 03 'ada'  '"' 03 'eve'`)),
    );
  });

  it("a client goes on with what the server chose, among what it has", async () => {
    const test = await startRoom({ serializer: "json" });
    const connection = await connectTo(test, { serializers: [tagged, json] });
    expect((await new RoomClient(connection).join({ name: "ada" })).members).toEqual(["ada", "eve"]);
  });

  it("protobuf is always there", async () => {
    const connection = await connectTo(await startRoom(), { serializers: [tagged] });
    expect((await new RoomClient(connection).join({ name: "ada" })).members).toEqual(["ada", "eve"]);
  });

  it("a client does not go on with what it does not have", async () => {
    const test = await startRoom({ serializer: "json" });
    await expect(connectTo(test, { serializers: [tagged] })).rejects.toMatchObject({
      code: "invalid_handshake",
      message: "the server speaks json; this client speaks protobuf, tagged",
    });
  });

  it("a server can speak one of its user's own to all, whatever they ask for", async () => {
    const test = await startRoom({ serializers: [taggedSerializer], serializer: "tagged" });
    expect((await test.enter({ sys: { type: "js-websocket" } })).answered.sys.serializer).toBe("tagged");
  });

  it("a profile of one's own can speak it", async () => {
    const test = await startRoom({
      serializers: [taggedSerializer],
      profiles: [{ ...wireProfiles.other, serializer: "tagged" }],
    });
    expect((await test.enter("{}")).answered.sys.serializer).toBe("tagged");
  });
});

describe("a serializer of one's own", () => {
  it("is a stranger's gate: what cannot be read is an invalid_payload, and told where it is", async () => {
    const test = await startRoom({ serializers: [taggedSerializer] });
    const client = await test.enter({ sys: { serializer: "tagged" } });
    const refused = await client.call(1, "Room.Join", hex("'{' 05"));
    expect(refused.flag).toBe(0x24);
    expect(refused.text).toContain("invalid_payload");
    const misfit = await client.call(2, "Room.Join", hex(`'{' 01  '"' 04 'name'  '+' 01 '7'`));
    expect(misfit.text).toContain("name: a text was expected, not 7");
  });

  it("that cannot write anything is answered with an error of no payload, once", async () => {
    const broken: Serializer = {
      ...taggedSerializer,
      encode: () => {
        throw new Error("out of order");
      },
    };
    const test = await startRoom({ serializers: [broken] });
    const client = await test.enter({ sys: { serializer: "tagged" } });
    const empty = hex("'{' 00");
    client.send(concat(request(1, "Room.Join", empty), request(2, "No.Such", empty)));
    const answers = await client.messages(2);
    expect(answers.map(({ flag, id, payload }) => [flag, id, payload.length])).toEqual([
      [0x24, 1n, 0],
      [0x24, 2n, 0],
    ]);
  });

  it("that works with JSON refuses its clients where a message has none", async () => {
    const Bare = { handle: (_session: Session, text: string) => text, response: textWithoutJson };
    const test = await startServer({ services: { Echo: { Bare } }, serializers: [taggedSerializer] });
    const connection = connect((test.transport as MemoryTransport).dial, {
      serializers: [clientSerializer(taggedSerializer)],
    });
    await expect(connection).rejects.toMatchObject({
      code: "handshake_refused",
      details: { reason: "the server was generated without JSON; the client asks for it" },
    });
  });

  it("that works with JSON cannot be everybody's where a message has none", async () => {
    const Bare = { handle: (_session: Session, text: string) => text, response: textWithoutJson };
    const serializers = [taggedSerializer];
    await expect(
      startServer({ services: { Echo: { Bare } }, serializers, serializer: "tagged" }),
    ).rejects.toMatchObject({
      code: "invalid_option",
      message: "serializer is tagged, but a component was generated without JSON",
    });
  });

  it.each([
    [{ ...taggedSerializer, name: "" }, "serializers[0] lacks a name, encode or decode"],
    [{ ...taggedSerializer, encode: undefined }, "serializers[0] lacks a name, encode or decode"],
    [{ ...taggedSerializer, name: "json" }, "serializers[0] has the name json, which is taken"],
    [{ ...taggedSerializer, name: "auto" }, "serializers[0] has the name auto, which is taken"],
  ])("is refused when it is none: %#", async (serializer, message) => {
    await expect(startRoom({ serializers: [serializer as Serializer] })).rejects.toMatchObject({
      code: "invalid_option",
      message,
    });
  });
});
