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
  });
});
