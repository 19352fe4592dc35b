import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { NanowireError } from "../../runtime/base/error.js";
import { Group } from "../../runtime/session/group.js";
import { sendPush } from "../../runtime/session/send-push.js";
import { feedFilter } from "../../runtime/studio/feed-filter.js";
import { type StudioOptions, studio } from "../../runtime/studio/index.js";
import { notify, request } from "../support/client.js";
import { KeptLog } from "../support/log.js";
import { startServer } from "../support/server.js";
import { pushOf, pushWith, textCodec } from "../support/service.js";
import { until } from "../support/wait.js";
import { ask, studioServer, watch } from "./support/door.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const token = "a-token-of-24-characters";
const bearer = { Authorization: `Bearer ${token}` };

afterEach(() => vi.unstubAllEnvs());

describe("the messages", () => {
  test("are told as they come and go, with the time that an answer took", async () => {
    const { enter, door, clock, server } = await studioServer(
      {},
      {
        services: {
          Echo: {
            Say: (_session, text) => text,
            Fail: () => {
              throw new Error("no");
            },
            Note: {
              kind: "notify",
              handle: () => {
                throw new Error("no");
              },
            },
          },
        },
      },
    );
    const client = await enter();
    const [session] = server.sessions();
    await session?.bind("ada");
    const feed = await watch(door);
    expect(feed.start).toEqual({ type: "start", atMs: clock.now(), node: "", dictVersion: "v1" });
    const common = {
      type: "message",
      atMs: clock.now(),
      session: session?.id,
      uid: "ada",
      serializer: "protobuf",
      compressed: false,
    };
    await client.call(7, "Echo.Say", "hello");
    expect(await feed.message()).toEqual({
      ...common,
      direction: "in",
      kind: "request",
      route: "Echo.Say",
      id: "7",
      code: "",
      bytes: 5,
      payload: base64("hello"),
    });
    expect(await feed.message()).toEqual({
      ...common,
      direction: "out",
      kind: "response",
      route: "Echo.Say",
      id: "7",
      code: "",
      bytes: 5,
      durationMs: 0,
      payload: base64("hello"),
    });
    client.send(request(8, "Echo.Fail"));
    expect(await feed.message()).toMatchObject({ kind: "request", id: "8", bytes: 0 });
    expect(await feed.message()).toMatchObject({
      kind: "response",
      route: "Echo.Fail",
      id: "8",
      code: "internal",
      durationMs: 0,
    });
    client.send(notify("Echo.Note", "x"));
    expect(await feed.message()).toMatchObject({ kind: "notify", direction: "in", id: "", payload: base64("x") });
    expect(await feed.message()).toEqual({
      ...common,
      serializer: "",
      direction: "out",
      kind: "failure",
      route: "Echo.Note",
      id: "",
      code: "internal",
      bytes: 0,
    });
    client.send(request(9, "Echo.Nowhere", "my password"));
    expect(await feed.message()).toMatchObject({
      kind: "request",
      route: "Echo.Nowhere",
      bytes: 11,
      withheld: "secret",
    });
    expect(await feed.message()).toMatchObject({ kind: "response", code: "unknown_route" });
    session?.push(pushOf("News.Arrived", 0), "news");
    expect(await feed.message()).toEqual({
      ...common,
      direction: "out",
      kind: "push",
      route: "News.Arrived",
      id: "",
      code: "",
      bytes: 4,
      payload: base64("news"),
    });
  });

  test("that are slow tell how long they took", async () => {
    let answer: (text: string) => void = () => {};
    const { enter, door, clock } = await studioServer(
      {},
      {
        services: {
          Slow: {
            Wait: () =>
              new Promise((resolve) => {
                answer = resolve;
              }),
          },
        },
      },
    );
    const client = await enter();
    const feed = await watch(door);
    client.send(request(1, "Slow.Wait"));
    await feed.message();
    clock.step(1_234);
    answer("late");
    expect(await feed.message()).toMatchObject({ kind: "response", durationMs: 1_234 });
  });

  test("never show what is marked debug_redact, nor payloads at all where they are off, nor longer ones than were asked for", async () => {
    const secret = { ...textCodec, redaction: { password: true as const } };
    const services = {
      Door: {
        Open: { request: secret, handle: () => "welcome" },
        Tell: { response: secret, handle: () => "the code" },
      },
    };
    const { enter, door } = await studioServer({}, { services });
    const closed = await studioServer({ payloads: false }, { services });
    const client = await enter();
    const feed = await watch(door, "?payload=7");
    await client.call(1, "Door.Open", "hunter2");
    await client.call(2, "Door.Tell", "12345678");
    expect(await feed.message()).toMatchObject({ bytes: 7, withheld: "secret" });
    expect(await feed.message()).toMatchObject({ payload: base64("welcome") });
    expect(await feed.message()).toMatchObject({ bytes: 8, withheld: "size" });
    expect(await feed.message()).toMatchObject({ bytes: 8, withheld: "secret" });
    const other = await watch(closed.door);
    await (await closed.enter()).call(1, "Door.Open", "hunter2");
    expect([await other.message(), await other.message()]).toMatchObject([{ withheld: "off" }, { withheld: "off" }]);
  });

  test("are filtered before anything is made for them", async () => {
    const { enter, door, server } = await studioServer(
      {},
      { services: { Echo: { Say: (_session, text) => text, Sing: (_session, text) => text } } },
    );
    const [ada, bob] = [await enter(), await enter()];
    await server.sessions()[0]?.bind("ada");
    const feed = await watch(door, "?route=Echo.S*&notRoute=Echo.Sing&kind=request&uid=ada&payload=0");
    await bob.call(1, "Echo.Say", "bob");
    await ada.call(1, "Echo.Sing", "la");
    await ada.call(2, "Echo.Say", "ada");
    const message = await feed.message();
    expect(message).toMatchObject({ uid: "ada", route: "Echo.Say", kind: "request", id: "2", withheld: "off" });
    expect(feed.lines.length).toBe(0);
  });

  test("that are more than was asked for are counted, and the count is told", async () => {
    const { enter, door, clock } = await studioServer();
    const client = await enter();
    const feed = await watch(door, "?rate=2");
    for (let id = 1; id <= 5; id++) {
      await client.call(id, "Echo.Say", "x");
    }
    clock.step(2_000);
    const lines = [await feed.next(), await feed.next(), await feed.next()];
    expect(lines.map(({ type }) => type)).toEqual(["message", "message", "lost"]);
    let lost = 0;
    await client.call(6, "Echo.Say", "x");
    const after = [lines[2], await feed.next(), await feed.next(), ...feed.lines.takeAll()];
    for (const line of after) {
      lost += line?.type === "lost" ? line.count : 0;
    }
    expect(lost).toBe(8);
  });

  test("of who reads nothing are lost, and do not wait without bound", async () => {
    const { enter, door, clock } = await studioServer();
    const client = await enter();
    const feed = await watch(door, "?payload=1048576&rate=20000&kind=request");
    feed.response.pause();
    const text = "x".repeat(60_000);
    for (let id = 1; id <= 300; id++) {
      await client.call(id, "Echo.Say", text);
    }
    feed.response.resume();
    let told = 0;
    let lost = 0;
    while (told + lost < 300) {
      clock.step(2_000);
      const line = await feed.next();
      told += line.type === "message" ? 1 : 0;
      lost += line.type === "lost" ? line.count : 0;
    }
    expect(lost).toBeGreaterThan(50);
    expect(told).toBeGreaterThan(10);
  });

  test("cost nothing when nobody watches any more", async () => {
    const { enter, door, server } = await studioServer();
    const client = await enter();
    const feed = await watch(door);
    feed.close();
    let encoded = 0;
    const codec = {
      ...textCodec,
      protobuf: {
        ...textCodec.protobuf,
        encode: (text: string) => {
          encoded++;
          return textCodec.protobuf.encode(text);
        },
      },
    };
    await until(() => feed.response.closed);
    await ask(door, "api/server");
    sendPush(server.sessions(), pushOf("News.Arrived", 0, codec), "once");
    await client.call(1, "Echo.Say", "x");
    expect(encoded).toBe(1);
  });

  test("tell what befalls sessions, and what was dropped", async () => {
    const { enter, door, server, clock } = await studioServer({}, { transport: "tcp" });
    const feed = await watch(door, "?kind=session&kind=push");
    const client = await enter();
    await until(() => server.sessions().length === 1);
    const [session] = server.sessions();
    await session?.bind("ada");
    const push = pushWith({ policy: "drop" }, "News.Arrived", 0);
    client.link.stopReading();
    const text = "x".repeat(100_000);
    for (let n = 0; n < 100; n++) {
      session?.push(push, text);
    }
    const befell = { type: "session", atMs: clock.now(), session: session?.id, code: "" };
    expect(await feed.next()).toEqual({ ...befell, event: "opened", uid: "" });
    expect(await feed.next()).toEqual({ ...befell, event: "bound", uid: "ada" });
    const codes = new Set<string>();
    while (!codes.has("dropped")) {
      codes.add((await feed.message()).code);
    }
    expect(codes).toEqual(new Set(["", "dropped"]));
    session?.kick("enough");
    const closed = async (): Promise<unknown> => {
      const line = await feed.next();
      return line.type === "session" ? line : closed();
    };
    expect(await closed()).toEqual({ ...befell, event: "closed", uid: "ada", code: "kicked" });
    client.link.destroy();
  });
});

describe("the lists", () => {
  test("are in pages, searched, and of one group", async () => {
    const { enter, door, server, clock } = await studioServer();
    const [red, blue] = [new Group("red"), new Group("blue")];
    for (let n = 0; n < 12; n++) {
      await enter('{"sys":{"type":"test","version":"1"},"user":{"password":"hunter2"}}');
      clock.step(1_000);
    }
    const sessions = server.sessions();
    for (const [n, session] of sessions.entries()) {
      await session.bind(`user-${n}`);
      (n % 3 === 0 ? red : blue).add(session);
    }
    const first = await ask(door, "api/sessions?limit=2&offset=1");
    expect(first.json).toEqual({
      total: 12,
      matched: 12,
      offset: 1,
      items: [1, 2].map((n) => ({
        id: sessions[n]?.id,
        uid: `user-${n}`,
        transport: "memory",
        address: "memory",
        gate: "",
        openedAtMs: clock.now() - 12_000 + n * 1_000,
        client: "test 1",
        serializer: "protobuf",
        groups: ["blue"],
        waitingBytes: 0,
        state: "open",
      })),
    });
    expect(first.body).not.toContain("hunter2");
    const uids = async (query: string): Promise<string[]> =>
      (await ask(door, `api/sessions?${query}`)).json.items.map(({ uid }: { uid: string }) => uid);
    expect(await uids("order=newest&limit=1")).toEqual(["user-11"]);
    expect(await uids("search=USER-1")).toEqual(["user-1", "user-10", "user-11"]);
    const groups = (await ask(door, "api/groups")).json;
    expect(groups.items.map(({ name, members }: { name: string; members: number }) => [name, members])).toEqual([
      ["blue", 8],
      ["red", 4],
    ]);
    expect(await uids(`group=${groups.items[1].id}`)).toEqual(["user-0", "user-3", "user-6", "user-9"]);
    expect((await ask(door, `api/sessions/${sessions[3]?.id}`)).json.uid).toBe("user-3");
    expect((await ask(door, "api/sessions/12")).json.error).toEqual({
      code: "session_closed",
      message: "there is no session 12: it has closed, or never was",
    });
  });

  test("are of many sessions, too, and of a server, its routes, its nodes, its metrics", async () => {
    const { enter, door, server, clock } = await studioServer(
      { title: "arena" },
      { extraRoutes: ["News.Arrived"], maxConnections: 5_000 },
    );
    for (let n = 0; n < 2_050; n++) {
      await enter();
    }
    const { json } = await ask(door, "api/sessions?limit=1000&offset=2000");
    expect([json.total, json.matched, json.items.length]).toEqual([2_050, 2_050, 50]);
    expect((await ask(door, "api/server")).json).toEqual({
      title: "arena",
      door: 1,
      state: "running",
      node: "",
      startedAtMs: clock.now(),
      sessions: 2_050,
      connections: 2_050,
      addresses: server.addresses.map(({ transport, url }) => ({ transport, url })),
      dictVersion: "v1",
      descriptors: false,
      payloads: true,
      readOnly: false,
    });
    const none = { forwarded: false, request: "", response: "", boundOnly: false, deprecated: false, comment: "" };
    expect((await ask(door, "api/routes")).json).toEqual([
      { route: "Echo.Say", code: 1, kind: "request", ...none },
      { route: "News.Arrived", code: 2, kind: "", ...none },
    ]);
    expect((await ask(door, "api/nodes")).json).toEqual([]);
    const metrics = (await ask(door, "api/metrics")).json;
    expect(metrics.counters).toMatchObject({ sessions: 2_050, requests: 0, failed: {} });
    expect(metrics.metrics.find(({ name }: { name: string }) => name === "nanowire_sessions").series).toEqual([
      { labels: {}, value: 2_050 },
    ]);
  });

  test("tell routes by their descriptors, where there are any, and measure nothing where they are not to", async () => {
    const route = {
      route: "Echo.Say",
      code: 1,
      kind: "request",
      request: "a.A",
      response: "a.B",
      boundOnly: true,
      deprecated: false,
      comment: "Says it.",
    };
    const descriptors = { version: 1, dictVersion: "v1", routes: [route], descriptorSet: "" };
    const { door } = await studioServer({ descriptors, charts: false });
    expect((await ask(door, "api/routes")).json).toEqual([{ ...route, forwarded: false }]);
    expect((await ask(door, "api/descriptors")).json).toEqual(descriptors);
    expect((await ask(door, "api/metrics")).json.metrics).toEqual([]);
  });
});

describe("what is done", () => {
  test("is a kick, with its reason", async () => {
    const { enter, door, server } = await studioServer();
    const client = await enter();
    const [session] = server.sessions();
    expect(
      (await ask(door, `api/sessions/${session?.id}/kick`, { method: "POST", body: { reason: "enough" } })).status,
    ).toBe(200);
    const { type, body } = await client.packet();
    expect([type, new TextDecoder().decode(body)]).toEqual([5, '{"reason":"enough"}']);
    expect(session?.closed).toBe(true);
  });

  test("is a drain, which is answered when it has begun, and once", async () => {
    const { enter, door, server, clock } = await studioServer();
    await enter();
    const drain = () => ask(door, "api/drain", { method: "POST", body: { graceMs: 5_000, reason: "new build" } });
    expect((await ask(door, "api/drain", { method: "POST", body: { graceMs: -1 } })).json.error.code).toBe(
      "invalid_option",
    );
    expect([(await drain()).status, server.state]).toEqual([202, "draining"]);
    const again = await drain();
    expect([again.status, again.json.error.code]).toEqual([409, "invalid_state"]);
    expect((await ask(door, "api/server")).json.state).toBe("draining");
    clock.step(5_000);
    await until(() => server.sessions().length === 0);
    await server.stop();
    expect(door.url).toBeUndefined();
  });

  test("is nothing where it is read-only, and nothing that is no JSON", async () => {
    const { enter, door, server } = await studioServer({ readOnly: true });
    await enter();
    const path = `api/sessions/${server.sessions()[0]?.id}/kick`;
    const told = async (options: Parameters<typeof ask>[2]) => {
      const { status, json } = await ask(door, path, { method: "POST", ...options });
      return [status, json.error.code];
    };
    expect(await told({ body: {} })).toEqual([405, "wrong_kind"]);
    expect(await told({ body: "[]" })).toEqual([400, "invalid_payload"]);
    expect(await told({ body: "{" })).toEqual([400, "invalid_payload"]);
    expect(await told({ body: `"${"x".repeat(5_000)}"` })).toEqual([413, "payload_too_large"]);
    expect(await told({ body: "{}", headers: { "Content-Type": "text/plain" } })).toEqual([400, "invalid_payload"]);
    expect(server.sessions().length).toBe(1);
  });
});

describe("who may", () => {
  test("is who has the token, and nobody with another", async () => {
    const { door } = await studioServer({ token });
    const status = async (headers: Record<string, string>) => (await ask(door, "api/server", { headers })).status;
    expect(await status(bearer)).toBe(200);
    expect(await status({})).toBe(401);
    expect(await status({ Authorization: `Bearer ${token}x` })).toBe(401);
    expect(await status({ Authorization: `Basic ${token}` })).toBe(401);
    expect((await ask(door, "api/messages")).json.error).toEqual({
      code: "unauthenticated",
      message: "the token is missing: Authorization: Bearer …",
    });
    expect((await ask(door, "api/drain", { method: "POST", body: {} })).status).toBe(401);
    expect((await watch(door, "", bearer)).start.type).toBe("start");
  });

  test("is no page of another origin, and none whose domain leads here", async () => {
    const { door } = await studioServer({ hostNames: ["Studio.example.com"] });
    const code = async (headers: Record<string, string>) =>
      (await ask(door, "api/server", { headers })).json.error?.code;
    const { host } = new URL(door.url ?? "");
    expect(await code({ Host: "localhost:1" })).toBeUndefined();
    expect(await code({ Host: "[::1]:7350" })).toBeUndefined();
    expect(await code({ Host: "studio.example.com" })).toBeUndefined();
    expect(await code({ Origin: `http://${host}` })).toBeUndefined();
    expect(await code({ Host: "evil.example.com" })).toBe("origin_refused");
    expect(await code({ Host: "localhost.evil.example.com" })).toBe("origin_refused");
    expect(await code({ Host: "a b" })).toBe("origin_refused");
    expect(await code({ Origin: "http://evil.example.com" })).toBe("origin_refused");
    expect(await code({ Origin: "null" })).toBe("origin_refused");
    expect(await code({ "Sec-Fetch-Site": "cross-site" })).toBe("origin_refused");
    expect((await ask(door, "", { headers: { Host: "evil.example.com" } })).status).toBe(403);
  });

  test("is nobody in production without a token, and that is told", async () => {
    vi.stubEnv("NODE_ENV", "production");
    const { door, log } = await studioServer();
    expect([door.url, door.measures]).toEqual([undefined, false]);
    expect(
      log.lines.filter(({ message }) => message.includes("studio")).map(({ level, message }) => [level, message]),
    ).toEqual([["warn", "the studio is not there: NODE_ENV is production, and it has no token"]]);
    const open = await studioServer({ token });
    expect((await ask(open.door, "api/server", { headers: bearer })).status).toBe(200);
  });

  test("is asked for by a program's own server, too", async () => {
    const { door, server } = await studioServer({ port: false, token });
    const http = createHttpServer((request, response) => {
      request.url = request.url?.replace(/^\/studio/, "");
      door.handle(request, response);
    });
    await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void http.close());
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/studio/`;
    expect(door.url).toBeUndefined();
    expect((await ask({ url }, "api/server", { headers: bearer })).json.state).toBe("running");
    await server.stop();
    expect((await ask({ url }, "api/server", { headers: bearer })).json.error).toEqual({
      code: "unavailable",
      message: "the server is stopped",
    });
  });
});

describe("what is asked wrongly", () => {
  test.each<[string, number, string]>([
    [
      "api/nothing",
      404,
      "there is no api/nothing; there are server, sessions, groups, nodes, routes, metrics, descriptors, messages",
    ],
    ["api/descriptors", 404, "there are no descriptors: studio({ descriptors }) hands them over"],
    ["../package.json", 404, "there is no /package.json"],
    ["api/sessions?limit=1001", 400, "limit 1001 is not an integer from 1 to 1000"],
    ["api/sessions?offset=-1", 400, "offset -1 is not an integer from 0 to 9007199254740991"],
    [
      "api/messages?routes=x",
      400,
      "there is no filter routes; there are route, notRoute, session, uid, kind, payload, rate",
    ],
    ["api/messages?kind=pushes", 400, "kind pushes is not one of request, notify, response, push, failure, session"],
    ["api/messages?rate=0", 400, "rate 0 is not an integer from 1 to 20000"],
    ["api/messages?route=*a*b*c*d*e*f*g*h*", 400, "route *a*b*c*d*e*f*g*h* has more than 8 *"],
  ])("%s is told", async (path, status, message) => {
    const { door } = await studioServer();
    const answer = await ask(door, path);
    expect([answer.status, answer.json.error.message]).toEqual([status, message]);
  });

  test("by more than eight who watch is refused", async () => {
    const { door } = await studioServer();
    const feeds = await Promise.all(Array.from({ length: 8 }, () => watch(door)));
    expect((await ask(door, "api/messages")).json.error).toEqual({
      code: "overloaded",
      message: "8 watch already, as many as may",
    });
    feeds[0]?.close();
    await until(() => feeds[0]?.response.closed === true);
    expect((await watch(door)).start.type).toBe("start");
  });

  test("when it is made is told at once", async () => {
    const code = (options: StudioOptions) => {
      try {
        studio(options);
        return "";
      } catch (error) {
        return (error as NanowireError).message;
      }
    };
    expect(code({ port: 70_000 })).toBe("studio.port 70000 is not an integer from 0 to 65535, or false");
    expect(code({ host: "0.0.0.0" })).toBe(
      "studio.token is missing: host is 0.0.0.0, and whoever gets there would get in",
    );
    expect(code({ port: false })).toBe("studio.token is missing: port is false, and whoever gets there would get in");
    expect(code({ token: "short" })).toBe(
      "studio.token of 5 characters is not 16 to 256 characters of ASCII without spaces",
    );
    expect(code({ hostNames: ["*"] })).toBe("studio.hostNames[0] * is no host name such as studio.example.com");
    expect(code({ title: "" })).toBe("studio.title of 0 characters is not one of 1 to 64");
    expect(code({ descriptors: "{}" })).toContain("descriptors are not what");
    expect(code({ tokn: token } as StudioOptions)).toContain("there is no option studio.tokn");
    const first = await studioServer();
    const port = Number(new URL(first.door.url ?? "").port);
    await expect(startServer({ inspectors: [studio({ port })], logger: new KeptLog() })).rejects.toMatchObject({
      code: "listen_failed",
    });
  });

  test("filters of routes take what a pattern takes, whatever it is", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", "b", "*", ".", "\\", "(", "+"), maxLength: 8 });
    fc.assert(
      fc.property(piece, piece, (pattern, route) => {
        fc.pre(pattern !== "" && pattern.split("*").length <= 9);
        const filter = feedFilter(new URLSearchParams({ route: pattern }));
        const expected = new RegExp(
          `^${pattern
            .split("*")
            .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
            .join(".*")}$`,
        );
        expect(filter.takes({} as never, route, "push")).toBe(expected.test(route));
      }),
    );
  });
});
