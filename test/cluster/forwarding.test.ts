import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { Session } from "../../runtime/session/session.js";
import { notify, request } from "../support/client.js";
import { pushOf, type Services } from "../support/service.js";
import { Arrivals, defer, until } from "../support/wait.js";
import { Nodes, onlySession } from "./support/nodes.js";

const room: Services = {
  Room: {
    Join: (_session, text) => `joined ${text}`,
    Fail: () => {
      throw new NanowireError("room_full", "the room holds 8 already", { details: { most: "8" } });
    },
    Break: () => {
      throw new TypeError("a secret");
    },
  },
};

async function roomCluster(services: Services = room, extraRoutes: readonly string[] = []) {
  const nodes = new Nodes();
  const gate = await nodes.gate("gate", { forwards: services, extraRoutes });
  const member = await nodes.member("member", services, { extraRoutes });
  const client = await gate.enter();
  return { nodes, gate, member, client };
}

describe("a message that is forwarded", () => {
  it("is answered by the member", async () => {
    const { client, gate, member } = await roomCluster();
    expect((await client.call(1, "Room.Join", "ada")).text).toBe("joined ada");
    expect((await client.call(2, 1, "by code")).text).toBe("joined by code");
    expect(gate.server.counters).toMatchObject({ requests: 2, sessions: 1, guests: 0 });
    expect(member.server.counters).toMatchObject({ requests: 2, sessions: 0, guests: 1 });
  });

  it("gets the error that the handler raised for the client, and no other", async () => {
    const { client, gate, member } = await roomCluster();
    const failed = await client.call(1, "Room.Fail");
    expect(failed.text).toContain("room_full");
    expect(failed.text).toContain("most");
    const broken = await client.call(2, "Room.Break");
    expect(broken.text).toContain("internal");
    expect(broken.text).not.toContain("secret");
    expect(member.log.at("error").map(({ fields }) => String(fields["error"]))).toEqual(["TypeError: a secret"]);
    expect(gate.server.counters.failed).toEqual({ room_full: 1, internal: 1 });
    expect(member.server.counters.failed).toEqual({ room_full: 1, internal: 1 });
  });

  it("fails, and nothing else with it, when its error is longer than nodes send each other", async () => {
    const nodes = new Nodes();
    const services: Services = {
      Room: {
        Join: (_session, text) => `joined ${text}`,
        Fail: () => Promise.reject(new NanowireError("too_long", "x".repeat(40_000))),
      },
    };
    const cluster = { maxUnackedBytes: 65_536 };
    const gate = await nodes.gate("gate", { forwards: services, cluster });
    await nodes.member("member", services, { cluster });
    const client = await gate.enter();
    expect((await client.call(1, "Room.Fail")).text).toContain("message_too_large");
    expect((await client.call(2, "Room.Join", "ada")).text).toBe("joined ada");
    expect(gate.server.counters.failed).toEqual({ message_too_large: 1 });
  });

  it("is handled where its service is hosted, also at a gate that hosts another", async () => {
    const nodes = new Nodes();
    const lobby: Services = { Lobby: { Look: () => "here" } };
    const both = { ...lobby, ...room };
    const gate = await nodes.gate("gate", { hosts: lobby, forwards: both });
    const member = await nodes.member("member", both);
    const client = await gate.enter();
    expect((await client.call(1, "Lobby.Look")).text).toBe("here");
    expect((await client.call(2, "Room.Join", "x")).text).toBe("joined x");
    expect(member.server.counters.requests).toBe(1);
  });

  it("is refused when no node hosts its service, and goes through when one has come", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: room });
    const client = await gate.enter();
    const refused = await client.call(1, "Room.Join", "ada");
    expect(refused.text).toContain("unavailable");
    expect(refused.text).toContain("no node hosts Room");
    await nodes.member("member", room);
    expect((await client.call(2, "Room.Join", "ada")).text).toBe("joined ada");
  });

  it("goes to the member as it came, and back, in JSON too", async () => {
    const { gate } = await roomCluster();
    const client = await gate.enter({ sys: { type: "js-websocket", version: "0.0.1", serializer: "json" } });
    const answer = await client.call(1, "Room.Join", '{"text":"ada"}');
    expect(JSON.parse(answer.text)).toEqual({ text: "joined ada" });
    const failed = await client.call(2, "Room.Fail", "{}");
    expect(JSON.parse(failed.text)).toMatchObject({ code: "room_full" });
  });

  it("is one of thousands, each answered once and with its own", async () => {
    const { gate } = await roomCluster({ Room: { Join: (_session, text) => Promise.resolve(`joined ${text}`) } });
    const clients = await Promise.all(Array.from({ length: 20 }, () => gate.enter()));
    for (const [number, client] of clients.entries()) {
      for (let id = 1; id <= 200; id++) {
        client.send(request(id, "Room.Join", `${number}:${id}`));
      }
    }
    for (const [number, client] of clients.entries()) {
      const answers = await client.messages(200);
      expect(answers.map(({ id, text }) => [Number(id), text])).toEqual(
        Array.from({ length: 200 }, (_, index) => [index + 1, `joined ${number}:${index + 1}`]),
      );
    }
  });
});

describe("the order of a session", () => {
  it("is kept at the member: the next message waits for the one before", async () => {
    const seen: string[] = [];
    const first = defer();
    const { client } = await roomCluster({
      Room: {
        Say: {
          kind: "notify",
          async handle(_session, text) {
            seen.push(`begin ${text}`);
            await (text === "one" ? first.promise : undefined);
            seen.push(`end ${text}`);
            return "";
          },
        },
        Join: (_session, text) => {
          seen.push(text);
          return text;
        },
      },
    });
    client.send(notify("Room.Say", "one"));
    client.send(notify("Room.Say", "two"));
    client.send(request(1, "Room.Join", "three"));
    await until(() => seen.length === 1);
    first.resolve();
    expect((await client.message()).text).toBe("three");
    expect(seen).toEqual(["begin one", "end one", "begin two", "end two", "three"]);
  });

  it("lets a slow member hold up nothing but what goes there", async () => {
    const nodes = new Nodes();
    const slow = defer<string>();
    const services: Services = { Slow: { Wait: () => slow.promise }, Fast: { Go: (_session, text) => text } };
    const gate = await nodes.gate("gate", { forwards: services, hosts: { Own: { Go: (_session, text) => text } } });
    await nodes.member("slow", { Slow: services["Slow"] as Services[string] });
    await nodes.member("fast", { Fast: services["Fast"] as Services[string] });
    const client = await gate.enter();
    client.send(request(1, "Slow.Wait"));
    client.send(request(2, "Fast.Go", "overtakes"));
    client.send(request(3, "Own.Go", "here"));
    expect((await client.messages(2)).map(({ text }) => text).sort()).toEqual(["here", "overtakes"]);
    slow.resolve("at last");
    expect((await client.message()).text).toBe("at last");
  });

  it("holds up a message that is to be forwarded as long as one before it is handled at the gate", async () => {
    const nodes = new Nodes();
    const login = defer<string>();
    const gate = await nodes.gate("gate", {
      forwards: room,
      hosts: {
        Login: {
          In: async (session) => {
            const answer = await login.promise;
            await session.bind("ada");
            return answer;
          },
        },
      },
    });
    const seen: string[] = [];
    await nodes.member("member", {
      Room: {
        ...room["Room"],
        Join: (session) => {
          seen.push(session.uid);
          return session.uid;
        },
      },
    });
    const client = await gate.enter();
    client.send(request(1, "Login.In"));
    client.send(request(2, "Room.Join"));
    login.resolve("welcome");
    expect((await client.messages(2)).map(({ text }) => text)).toEqual(["welcome", "ada"]);
    expect(seen).toEqual(["ada"]);
  });
});

describe("a session at a member", () => {
  it("has the id, the address, the transport and the handshake of the client's", async () => {
    const { gate, member, client } = await roomCluster();
    await client.call(1, "Room.Join", "x");
    const there = onlySession(member);
    const here = onlySession(gate);
    expect(there.id).toBe(here.id);
    expect(there.remoteAddress).toBe("memory");
    expect(there.transport).toBe("memory");
    expect(there.handshake).toEqual(here.handshake);
    expect([there.gate, here.gate]).toEqual(["gate", undefined]);
    expect(member.server.session(here.id)).toBe(there);
  });

  it("is there as long as the client's", async () => {
    const { gate, member, client } = await roomCluster();
    const closed = defer<string>();
    member.server.onSessionClose(({ session, reason }) => closed.resolve(`${session.id} ${reason.code}`));
    await client.call(1, "Room.Join", "x");
    const { id } = onlySession(gate);
    client.link.destroy();
    expect(await closed.promise).toBe(`${id} connection_lost`);
    expect(member.server.sessions()).toEqual([]);
    expect(member.server.counters.guests).toBe(0);
  });

  it("can be bound there: the gate knows before the answer goes out", async () => {
    const services: Services = {
      Room: {
        Login: async (session, uid) => {
          await session.bind(uid);
          return `${session.uid} ${session.bound}`;
        },
        Secret: { handle: (session) => session.uid, boundOnly: true },
        Logout: async (session) => {
          await session.unbind();
          return String(session.bound);
        },
      },
    };
    const { gate, member, client } = await roomCluster(services);
    const bound: string[] = [];
    member.server.onSessionBind(({ session, previousUid }) => bound.push(`${previousUid}>${session.uid}`));
    expect((await client.call(1, "Room.Secret")).text).toContain("unauthenticated");
    expect((await client.call(2, "Room.Login", "ada")).text).toBe("ada true");
    expect(onlySession(gate).uid).toBe("ada");
    expect(gate.server.sessionsOf("ada")).toHaveLength(1);
    expect(member.server.sessionsOf("ada")).toHaveLength(1);
    expect((await client.call(3, "Room.Secret")).text).toBe("ada");
    expect((await client.call(4, "Room.Login", "eve")).text).toContain("already_bound");
    expect((await client.call(5, "Room.Login", "")).text).toContain("invalid_uid");
    expect((await client.call(6, "Room.Logout")).text).toBe("false");
    expect(onlySession(gate).bound).toBe(false);
    expect(bound).toEqual([">ada", "ada>"]);
  });

  it("lets messages through that come right behind the one that binds", async () => {
    const { client } = await roomCluster({
      Room: {
        Login: async (session, uid) => {
          await session.bind(uid);
          return "in";
        },
        Secret: { handle: (session) => session.uid, boundOnly: true },
      },
    });
    client.send(request(1, "Room.Login", "ada"));
    client.send(request(2, "Room.Secret"));
    expect((await client.messages(2)).map(({ text }) => text)).toEqual(["in", "ada"]);
  });

  it("can be kicked, and closed, from there", async () => {
    const { gate, member, client } = await roomCluster({
      Room: {
        Kick: (session) => {
          session.kick("be nice");
          return "";
        },
        Close: (session) => {
          session.close();
          return "";
        },
      },
    });
    const closed = new Arrivals<string>();
    gate.server.onSessionClose(({ reason }) => closed.push(`gate ${reason.code}`));
    member.server.onSessionClose(({ reason }) => closed.push(`member ${reason.code}`));
    client.send(request(1, "Room.Kick"));
    expect(new TextDecoder().decode((await client.packet()).body)).toContain("be nice");
    await client.ended;
    expect([await closed.next(), await closed.next()].sort()).toEqual(["gate kicked", "member kicked"]);
    const second = await gate.enter();
    second.send(request(1, "Room.Close"));
    await second.ended;
    expect([await closed.next(), await closed.next()].sort()).toEqual(["gate closed", "member closed"]);
  });

  it("is suspended and resumed with the client's", async () => {
    const nodes = new Nodes();
    const gate = await nodes.gate("gate", { forwards: room, resume: true });
    const member = await nodes.member("member", room);
    const told: string[] = [];
    member.server.onSessionSuspend(() => void told.push("suspended"));
    member.server.onSessionClose(({ reason }) => void told.push(reason.code));
    const client = await gate.enter({
      sys: { type: "nanowire", version: "1", capabilities: ["drain", "ping", "resume"] },
    });
    await client.call(1, "Room.Join", "x");
    client.link.destroy();
    await until(() => told.length === 1);
    expect(told).toEqual(["suspended"]);
    expect(onlySession(member).suspended).toBe(true);
    expect(onlySession(member).blocked).toBe(true);
  });
});

describe("a push of a member", () => {
  const said = pushOf("RoomEvents.Said", 2);

  it("comes to the client, and in its place among the answers", async () => {
    const { client } = await roomCluster(
      {
        Room: {
          Join: (session, text) => {
            session.push(said, "before");
            queueMicrotask(() => session.push(said, "after"));
            return text;
          },
        },
      },
      ["RoomEvents.Said"],
    );
    client.send(request(1, "Room.Join", "answer"));
    expect((await client.messages(3)).map(({ text }) => text)).toEqual(["before", "answer", "after"]);
  });

  it("goes to clients of each kind in their own form", async () => {
    const nodes = new Nodes();
    let members: Session[] = [];
    const services: Services = {
      Room: {
        Join: (session) => {
          members = [...members, session];
          return "";
        },
      },
    };
    const gate = await nodes.gate("gate", { forwards: services, extraRoutes: ["RoomEvents.Said"] });
    const { server } = await nodes.member("member", services, { extraRoutes: ["RoomEvents.Said"] });
    const binary = await gate.enter();
    const json = await gate.enter({ sys: { type: "js-websocket", version: "0.0.1", serializer: "json" } });
    await binary.call(1, "Room.Join");
    await json.call(1, "Room.Join", "{}");
    expect(server.everyone.push(said, "hello")).toBe(2);
    expect((await binary.message()).text).toBe("hello");
    expect(JSON.parse((await json.message()).text)).toEqual({ text: "hello" });
    expect(members).toHaveLength(2);
  });
});
