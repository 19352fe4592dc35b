import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MetricsAnswer } from "../../runtime/studio/answers.js";
import { Protocol } from "../../runtime/studio/page/protocol.js";
import { Series } from "../../runtime/studio/page/series.js";
import { slowDial } from "../../runtime/studio/page/slow-dial.js";
import { botSnippet, replSnippet, testSnippet } from "../../runtime/studio/page/snippet.js";
import type { ClientReceiver } from "../../runtime/transport/client-socket.js";

describe("what is copied", () => {
  const protocol = new Protocol();
  protocol.learn(
    JSON.parse(readFileSync(new URL("../validate/shop/generated/descriptors.json", import.meta.url), "utf8")),
  );
  const [route] = protocol.routes.filter(({ kind }) => kind === "request");

  test("is a test, a bot's step, a line for the REPL: as the generated client is called", () => {
    const tried = { route: route as never, request: {}, response: undefined };
    expect(testSnippet(tried, protocol)).toMatchInlineSnapshot(`
      "import assert from "node:assert/strict";
      import test from "node:test";
      import { startTestServer } from "nanowire/testing";
      import { ShopClient } from "../generated/shop/v1/shop.client.js";
      import { Shop } from "./shop.js";

      test("Shop.Buy", async () => {
        const server = await startTestServer({ components: [new Shop()] });
        const { connection } = await server.connect();
        const shop = new ShopClient(connection);
        await shop.buy({
          name: "",
          lines: [],
          labels: new Map(),
          proof: Buffer.from("", "base64"),
          currency: "",
        });
        await server.stop();
      });
      "
    `);
    expect(botSnippet(tried, protocol)).toMatchInlineSnapshot(`
      "// import { ShopClient } from "../generated/shop/v1/shop.client.js";
      // const shop = new ShopClient(await bot.connect());
      await bot.step("Shop.Buy", () => shop.buy({
        name: "",
        lines: [],
        labels: new Map(),
        proof: Buffer.from("", "base64"),
        currency: "",
      }));
      "
    `);
    expect(replSnippet(tried)).toMatchInlineSnapshot(`
      "request Shop.Buy {}
      "
    `);
  });
});

describe("a slow connection", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }));
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  async function open(conditions: { latencyMs: number; lossPercent: number }) {
    const [sent, received]: [number[], (number | string)[]] = [[], []];
    let inner: ClientReceiver | undefined;
    const dial = slowDial(
      async () => ({
        start: (receiver) => {
          inner = receiver;
        },
        send: ([first = 0]) => void sent.push(first),
        close: () => void sent.push(-1),
      }),
      conditions,
    );
    const socket = await dial(new AbortController().signal);
    socket.start({ receive: ([first = 0]) => void received.push(first), closed: () => void received.push("closed") });
    return { socket, sent, received, inner: inner as ClientReceiver };
  }

  test("takes half of its latency each way, in order, whatever becomes of the slider", async () => {
    const conditions = { latencyMs: 100, lossPercent: 0 };
    const { socket, sent, received, inner } = await open(conditions);
    socket.send(Uint8Array.of(1));
    conditions.latencyMs = 0;
    socket.send(Uint8Array.of(2));
    inner.receive(Uint8Array.of(3));
    expect([sent, received]).toEqual([[], [3]]);
    vi.advanceTimersByTime(49);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual([1, 2]);
    socket.close();
    inner.closed(undefined);
    expect([sent, received]).toEqual([[1, 2, -1], [3]]);
  });

  test("loses nothing: what is lost is late, and what is behind it", async () => {
    vi.spyOn(Math, "random").mockReturnValueOnce(0.05).mockReturnValue(0.5);
    const { socket, sent } = await open({ latencyMs: 0, lossPercent: 10 });
    socket.send(Uint8Array.of(1));
    socket.send(Uint8Array.of(2));
    vi.advanceTimersByTime(199);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual([1, 2]);
  });
});

test("rates and percentiles are made of what was counted between two readings", () => {
  const answer = (atMs: number, requests: number, counts: readonly number[]): MetricsAnswer => ({
    atMs,
    counters: {
      sessions: 2,
      connections: 3,
      requests,
      notifies: 0,
      pushes: 0,
      droppedPushes: 0,
      failed: { internal: requests / 10 },
    },
    metrics: [
      {
        name: "nanowire_requests_total",
        kind: "counter",
        help: "",
        series: [{ labels: { route: "A.B", kind: "request", code: "ok" }, value: requests }],
      },
      {
        name: "nanowire_request_duration_seconds",
        kind: "histogram",
        help: "",
        bounds: [0.001, 0.01],
        series: [{ labels: { route: "A.B" }, counts, sum: 1 }],
      },
    ],
  });
  const series = new Series();
  series.take(answer(1_000, 100, [100, 0, 0]));
  series.take(answer(3_000, 300, [200, 100, 0]));
  expect(series.readings[0]?.values).toEqual({ sessions: 2, connections: 3 });
  expect(series.readings[1]?.values).toMatchObject({
    requests: 100,
    failed: 10,
    took50: 1,
    took99: expect.closeTo(9.82),
  });
  expect(series.routes).toEqual([
    {
      route: "A.B",
      kind: "request",
      perSecond: 100,
      total: 300,
      failed: 0,
      p50: expect.closeTo(0.75),
      p99: expect.closeTo(9.73),
    },
  ]);
  // It was started again, and counts from nothing.
  series.take(answer(5_000, 10, [10, 0, 0]));
  expect(series.readings[2]?.values).toEqual({ sessions: 2, connections: 3 });
});
