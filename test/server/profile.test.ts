import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHandshakeRequest, type HandshakeSys } from "../../runtime/protocol/handshake.js";
import { type Profile, profileOf, wireProfiles } from "../../runtime/server/profile.js";
import type { Session } from "../../runtime/session/session.js";
import { ws } from "../../runtime/transport/ws.js";
import { Client, notify, packet, request, textOf } from "../support/client.js";
import type { WebSocketLink } from "../support/link.js";
import { startServer } from "../support/server.js";
import { pushOf, type Services } from "../support/service.js";
import { turn, until } from "../support/wait.js";

const mine: Profile = {
  ...wireProfiles.other,
  name: "mine",
  recognises: ({ sys }) => sys.type === "mine",
};

const long = "abc".repeat(100);
const services: Services = {
  Echo: {
    Say: (_session, text) => text,
    Fail: () => {
      throw new Error("secret");
    },
    Tell: { kind: "notify", handle: (session, text) => told(session, text) },
  },
};

function told(session: Session, text: string): string {
  session.push(pushOf("Events.Told", 4), text);
  return "";
}

describe("a client is recognised", () => {
  it.each<[string, HandshakeSys, keyof typeof wireProfiles]>([
    ["ours", { type: "nanowire", version: "0.1.0", serializer: "protobuf" }, "nanowire"],
    ["pitaya's in Go", { platform: "mac", libVersion: "0.3.5-release", clientVersion: "2.1" }, "pitaya"],
    ["libpitaya, without a platform", { libVersion: "4.6.3" }, "pitaya"],
    ["nano's in a browser", { type: "js-websocket", version: "0.0.1" }, "browser"],
    ["pomelo's over socket.io", { type: "js-socket", version: "0.0.1" }, "browser"],
    ["libpomelo", { type: "c", version: "0.0.1" }, "pomelo"],
    ["pomelo's for Unity", { type: "unity-socket", version: "0.3.0" }, "pomelo"],
    ["somebody who says nothing of himself", {}, "other"],
    ["somebody", { type: "test", version: "1" }, "other"],
    ["somebody who names a serializer only", { serializer: "json" }, "other"],
  ])("%s", (_who, sys, name) => {
    expect(profileOf({ sys, user: null }, [])).toBe(wireProfiles[name]);
  });

  it("nano's in Go, whose handshake has no bytes", () => {
    expect(profileOf(decodeHandshakeRequest(new Uint8Array()), [])).toBe(wireProfiles.nano);
    expect(profileOf(decodeHandshakeRequest(new TextEncoder().encode("{}")), [])).toBe(wireProfiles.other);
  });

  it("whatever it says", () => {
    const texts = fc.record(
      { type: fc.string(), version: fc.string(), serializer: fc.string(), platform: fc.string() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(texts, (sys) => {
        expect(Object.values(wireProfiles)).toContain(profileOf({ sys, user: null }, []));
      }),
    );
  });

  it("by the profiles that the server was given, in their order, before those that ship", () => {
    const all: Profile = { ...mine, name: "all", recognises: () => true };
    const find = (type: string, given: readonly Profile[]) => profileOf({ sys: { type }, user: null }, given).name;
    expect(find("mine", [mine, all])).toBe("mine");
    expect(find("nanowire", [mine, all])).toBe("all");
    expect(find("nanowire", [mine])).toBe("nanowire");
  });
});

describe("a profile of one's own", () => {
  const handshake = { sys: { type: "mine" } };

  it("says what a client gets for an error: no flag", async () => {
    const test = await startServer({ services, profiles: [{ ...mine, serializer: "json", errors: "unflagged" }] });
    const client = await test.enter(handshake);
    expect(await client.call(1, "Echo.Fail", "{}")).toMatchObject({
      flag: 0x04,
      text: '{"code":"internal","msg":"the server failed to handle the request","metadata":{}}',
    });
  });

  it("says what a client gets for an error: nothing, and the error is counted all the same", async () => {
    const test = await startServer({ services, profiles: [{ ...mine, errors: "none" }] });
    const client = await test.enter(handshake);
    client.send(request(1, "Echo.Fail"));
    expect(await client.call(2, "Echo.Say", "x")).toMatchObject({ id: 2n, text: "x" });
    expect(test.server.counters.failed).toEqual({ internal: 1 });
  });

  it("says whether an empty payload may come", async () => {
    const test = await startServer({ services, profiles: [{ ...mine, emptyResponses: false }] });
    const client = await test.enter(handshake);
    expect([...(await client.call(1, "Echo.Say")).payload]).toEqual([0xc0, 0xa3, 0x09, 0x00]);
    const other = await test.enter({ sys: { type: "test" } });
    expect([...(await other.call(1, "Echo.Say")).payload]).toEqual([]);
  });

  it.each(["json", "empty"] as const)("says what is in a kick: %s", async (kickBody) => {
    const test = await startServer({ services, profiles: [{ ...mine, kickBody }] });
    const client = await test.enter(handshake);
    await client.call(1, "Echo.Say");
    test.server.sessions()[0]?.kick("bye");
    const { type, body } = await client.packet();
    expect([type, textOf(body)]).toEqual([5, kickBody === "json" ? '{"reason":"bye"}' : ""]);
  });

  it.each([
    ["always", "code", "code"],
    ["learned", "full", "code"],
    ["never", "full", "full"],
  ] as const)("says when pushes go with codes: %s", async (pushCodes, before, after) => {
    const test = await startServer({
      services,
      extraRoutes: ["Events.Told"],
      profiles: [{ ...mine, pushCodes }],
    });
    const client = await test.enter(handshake);
    const form = async () => ((await client.message()).code === undefined ? "full" : "code");
    client.send(notify("Echo.Tell", "x"));
    expect(await form()).toBe(before);
    client.send(notify(3, "x"));
    expect(await form()).toBe(after);
  });

  it("never sends codes to one that cannot read them, even where it names the dictionary", async () => {
    const test = await startServer({
      services,
      extraRoutes: ["Events.Told"],
      profiles: [{ ...mine, pushCodes: "never" }],
    });
    const client = await test.enter({ sys: { type: "mine", dictVersion: "v1" } });
    client.send(notify("Echo.Tell", "x"));
    expect((await client.message()).route).toBe("Events.Told");
  });

  it.each([
    ["any", 0, 0],
    ["any", 1_500, 1.5],
    ["whole", 0, 0],
    ["whole", 1, 1],
    ["whole", 1_500, 2],
    ["whole", 2_000, 2],
    ["positive", 0, 1_000_000],
    ["positive", 30_000, 30],
  ] as const)(
    "says what a heartbeat is told as: %s, %d ms is %d s",
    async (heartbeat, heartbeatIntervalMs, seconds) => {
      const test = await startServer({ services, heartbeatIntervalMs, profiles: [{ ...mine, heartbeat }] });
      expect((await test.enter(handshake)).answered.sys.heartbeat).toBe(seconds);
    },
  );

  it.each([
    ["as they are", false],
    ["compressed", true],
  ])("says whether several packets go in one WebSocket frame, %s", async (_, compression) => {
    const one: Profile = { ...mine, manyPacketsAFrame: false };
    const transport = ws({ host: "127.0.0.1", port: 0, compression: compression && { thresholdBytes: 0 } });
    await startServer({ services, profiles: [one], transport });
    for (const [type, frames] of [
      ["mine", 3],
      ["test", 1],
    ] as const) {
      const client = await Client.open(transport, { headers: ["Sec-WebSocket-Extensions: permessage-deflate"] });
      await client.enter({ sys: { type } });
      await client.call(1, "Echo.Say");
      const before = (client.link as WebSocketLink).frames.length;
      client.send(new Uint8Array([...request(2, "Echo.Say"), ...request(3, "Echo.Say"), ...request(4, "Echo.Say")]));
      await client.messages(3);
      const sent = (client.link as WebSocketLink).frames.slice(before);
      expect(sent.map(({ compressed }) => compressed)).toEqual(Array(frames).fill(compression));
    }
  });

  it.each([
    [{ ...mine, name: 1 }, "profiles[0].name 1 is not a string"],
    [{ ...mine, recognises: true }, "profiles[0].recognises true is not a function"],
    [{ ...mine, errors: "loud" }, "profiles[0].errors loud is not flagged, unflagged, none"],
    [{ ...mine, useDict: "yes" }, "profiles[0].useDict yes is not true, false"],
    [{ ...mine, heartbeat: undefined }, "profiles[0].heartbeat undefined is not any, whole, positive"],
    [undefined, "profiles[0].name undefined is not a string"],
    [{ ...mine, serializer: "msgpack" }, "profiles[0] (mine) speaks msgpack, a serializer that there is not"],
  ])("is refused when it is none: %#", async (profile, message) => {
    await expect(startServer({ profiles: [profile as Profile] })).rejects.toMatchObject({
      code: "invalid_option",
      message,
    });
  });

  it("that throws refuses the client, and not the server", async () => {
    const broken: Profile = {
      ...mine,
      recognises: () => {
        throw new Error("oh");
      },
    };
    const test = await startServer({ profiles: [broken] });
    const client = await test.open();
    client.send(packet(1, "{}"));
    expect(await client.answer()).toMatchObject({ code: 400, error: "internal" });
    await client.ended;
    expect(test.server.state).toBe("running");
  });
});

describe("compression", () => {
  const pitaya = { sys: { platform: "mac", libVersion: "1" } };

  it("is off unless asked for", async () => {
    const test = await startServer({ services });
    expect(await (await test.enter(pitaya)).call(1, "Echo.Say", long)).toMatchObject({ flag: 0x04, text: long });
  });

  it.each([
    ["pitaya's", pitaya, true],
    ["ours", { sys: { type: "nanowire" } }, true],
    ["a browser's", { sys: { type: "js-websocket" } }, false],
    ["nano's", "", false],
    ["somebody's", { sys: { type: "test" } }, false],
  ])("is for those who know it: a client of %s", async (_who, handshake, knows) => {
    const test = await startServer({ services, serializer: "protobuf", compressPayloadsFromBytes: 100 });
    const client = await test.enter(handshake);
    const { flag, payload } = await client.call(1, "Echo.Say", long);
    expect(flag).toBe(knows ? 0x14 : 0x04);
    expect(textOf(knows ? inflateSync(payload) : payload)).toBe(long);
  });

  it("begins at the size that was set", async () => {
    const test = await startServer({ services, compressPayloadsFromBytes: 100 });
    const client = await test.enter(pitaya);
    expect((await client.call(1, "Echo.Say", "a".repeat(99))).flag).toBe(0x04);
    expect((await client.call(2, "Echo.Say", "a".repeat(100))).flag).toBe(0x14);
  });

  it("comes after the outbound steps, which see the payload as it is", async () => {
    const seen: string[] = [];
    const test = await startServer({
      services,
      extraRoutes: ["Events.Told"],
      compressPayloadsFromBytes: 100,
      prepare: (server) => server.outbound.pushBack((_session, message) => void seen.push(textOf(message.payload))),
    });
    const client = await test.enter(pitaya);
    client.send(notify("Echo.Tell", long));
    const { flag, payload } = await client.message();
    expect([flag, textOf(inflateSync(payload))]).toEqual([0x16, long]);
    expect(seen).toEqual([long]);
  });

  it("of handshakes is for those who look for it", async () => {
    const extraRoutes = Array.from({ length: 100 }, (_, index) => `Events.Number${index}`);
    const test = await startServer({ services, extraRoutes, compressHandshakes: true });
    for (const [sys, first] of [
      [pitaya.sys, 0x78],
      [{ type: "nanowire" }, 0x78],
      [{ type: "js-websocket" }, 0x7b],
      [{ type: "test" }, 0x7b],
    ] as const) {
      const client = await test.open();
      client.send(packet(1, JSON.stringify({ sys })));
      const { body } = await client.packet();
      expect(body[0]).toBe(first);
      const answer = JSON.parse(textOf(first === 0x78 ? inflateSync(body) : body)) as { code: number };
      expect(answer.code).toBe(200);
    }
  });

  it.each([-1, 0.5, 16_777_216, "x"])("has limits: from %s bytes on is refused", async (compressPayloadsFromBytes) => {
    await expect(startServer({ compressPayloadsFromBytes: compressPayloadsFromBytes as number })).rejects.toMatchObject(
      { code: "invalid_option" },
    );
  });

  it("of handshakes is on or off", async () => {
    await expect(startServer({ compressHandshakes: "yes" as unknown as boolean })).rejects.toMatchObject({
      code: "invalid_option",
      message: "compressHandshakes yes is not true or false",
    });
  });
});

it("silence is measured by what a client was told", async () => {
  const test = await startServer({ services, heartbeatIntervalMs: 250 });
  const told = await test.enter({ sys: { libVersion: "1" } });
  const fraction = await test.enter({ sys: { type: "nanowire" } });
  await until(() => test.server.counters.sessions === 2);
  await turn();
  for (let step = 0; step < 9; step++) {
    test.clock.step(62.5);
  }
  await fraction.ended;
  test.clock.step(2_000 - 9 * 62.5);
  await turn();
  expect(told.endings).toBe(0);
  test.clock.step(62.5);
  await told.ended;
  expect(test.server.counters.closed).toEqual({ heartbeat_timeout: 2 });
});
