import { describe, expect, it, onTestFinished } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { HistogramReading } from "../../runtime/metrics/metric.js";
import { serverMetrics } from "../../runtime/metrics/server-readings.js";
import { createServer } from "../../runtime/server/server.js";
import { sendPush } from "../../runtime/session/send-push.js";
import { memory } from "../../runtime/transport/memory.js";
import { Nodes } from "../cluster/support/nodes.js";
import { notify, packet, request } from "../support/client.js";
import { startServer, type TestServerOptions } from "../support/server.js";
import { components, echo, pushOf, type Services } from "../support/service.js";
import { type Deferred, defer, turn, until } from "../support/wait.js";
import { KeptReporter } from "./support/kept-reporter.js";

const requests = "nanowire_requests_total";
const seconds = "nanowire_request_duration_seconds";
const queueSeconds = "nanowire_request_queue_seconds";

async function measured(options: TestServerOptions = {}) {
  const reporter = new KeptReporter();
  const test = await startServer({ ...options, metrics: { reporters: [reporter] } });
  return { ...test, reporter };
}

describe("messages", () => {
  const services: Services = {
    Room: {
      Join: (_session, text) => text,
      Later: async (_session, text) => text,
      Full: () => {
        throw new NanowireError("room_full", "the room is full");
      },
      Break: () => Promise.reject(new TypeError("broken")),
      Note: { kind: "notify", handle: () => "" },
      Seldom: { handle: () => "", rateLimit: { messages: 1, perMs: 1_000 } },
      Bound: { handle: () => "", boundOnly: true },
      Unsayable: {
        handle: () => "",
        response: { protobuf: { encode: () => ({ finish: () => JSON.parse("{") }), decode: () => "" } },
      },
    },
  };

  it("are counted by route, kind and how they ended", async () => {
    const { enter, reporter } = await measured({ services });
    const client = await enter();
    let id = 0;
    for (const route of ["Join", "Join", "Later", "Full", "Break", "Seldom", "Seldom", "Bound", "Unsayable", "Note"]) {
      await client.call(++id, `Room.${route}`);
    }
    client.send(notify("Room.Note"));
    client.send(notify("Room.Join"));
    client.send(notify("No.Such"));
    await client.call(++id, "Room.Join");
    expect(reporter.values(requests)).toEqual({
      "route=Room.Join kind=request code=ok": 3,
      "route=Room.Join kind=request code=wrong_kind": 1,
      "route=Room.Later kind=request code=ok": 1,
      "route=Room.Full kind=request code=room_full": 1,
      "route=Room.Break kind=request code=internal": 1,
      "route=Room.Seldom kind=request code=ok": 1,
      "route=Room.Seldom kind=request code=rate_limited": 1,
      "route=Room.Bound kind=request code=unauthenticated": 1,
      "route=Room.Unsayable kind=request code=internal": 1,
      "route=Room.Note kind=notify code=ok": 1,
      "route=Room.Note kind=notify code=wrong_kind": 1,
      "route=(unknown) kind=notify code=unknown_route": 1,
    });
    expect(reporter.value("nanowire_rate_limited_total")).toBe(1);
  });

  it("of routes that there are not are one series, whatever strangers ask for", async () => {
    const { enter, reporter } = await measured();
    const client = await enter();
    const before = reporter.host.read().flatMap(({ series }) => series as readonly unknown[]).length;
    for (let id = 1; id <= 500; id++) {
      client.send(request(id, `Room.Guess${id}`));
    }
    await client.messages(500);
    expect(reporter.values(requests)).toEqual({ "route=(unknown) kind=request code=unknown_route": 500 });
    const after = reporter.host.read().flatMap(({ series }) => series as readonly unknown[]).length;
    expect(after).toBe(before + 1);
  });

  it("fail with no more codes than are told apart, whatever a handler makes them of", async () => {
    const services: Services = {
      Echo: {
        Say: (_session, text) => {
          throw new NanowireError(text, "as you say");
        },
      },
    };
    const { enter, reporter } = await measured({ services });
    const client = await enter();
    for (let id = 1; id <= 300; id++) {
      client.send(request(id, "Echo.Say", `code_${id}`));
    }
    await client.messages(300);
    const values = reporter.values(requests);
    expect(Object.keys(values)).toHaveLength(101);
    expect(values["route=Echo.Say kind=request code=other"]).toBe(200);
  });

  it("are timed: how long they waited for their turn, and how long they took", async () => {
    const works: Deferred<string>[] = [];
    const services: Services = {
      Test: {
        Wait: () => {
          const work = defer<string>();
          works.push(work);
          return work.promise;
        },
      },
    };
    const { enter, reporter, clock } = await measured({ services });
    const client = await enter();
    client.send(request(1, "Test.Wait"));
    client.send(request(2, "Test.Wait"));
    await until(() => works.length === 1);
    clock.step(300);
    works[0]?.resolve("");
    await until(() => works.length === 2);
    clock.step(50);
    works[1]?.resolve("");
    await client.messages(2);
    expect(reporter.times(queueSeconds, "Test.Wait")).toEqual({ count: 2, sum: 0.3 });
    const { count, sum } = reporter.times(seconds, "Test.Wait");
    expect(count).toBe(2);
    expect(sum).toBeCloseTo(0.35, 9);
    const { series } = reporter.metric(seconds) as HistogramReading;
    expect(series[0]?.counts).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]);
  });

  it("are all counted and, where a turn has many, timed by samples that stand for them", async () => {
    const { enter, reporter } = await measured({ services: echo, maxQueuedMessages: 100_000 });
    const client = await enter();
    const many = Array.from({ length: 4_000 }, (_, index) => request(index + 1, "Echo.Say"));
    client.send(new Uint8Array(Buffer.concat(many)));
    await client.messages(many.length);
    expect(reporter.values(requests)).toEqual({ "route=Echo.Say kind=request code=ok": many.length });
    const { count } = reporter.times(seconds, "Echo.Say");
    expect(count).toBeGreaterThan(many.length * 0.7);
    expect(count).toBeLessThan(many.length * 1.3);
  });

  it("that gave way have waited, and took no time", async () => {
    const work = defer<string>();
    const services: Services = {
      Test: {
        Hold: () => work.promise,
        Move: { kind: "notify", handle: () => "", overload: { policy: "conflate" } },
      },
    };
    const { enter, reporter, clock, server } = await measured({ services });
    const client = await enter();
    client.send(request(1, "Test.Hold"));
    client.send(notify("Test.Move", "a"));
    await until(() => server.counters.notifies === 1);
    // The next comes in another turn of the event loop.
    await turn();
    await turn();
    clock.step(40);
    client.send(notify("Test.Move", "b"));
    await until(() => "route=Test.Move kind=notify code=replaced" in reporter.values(requests));
    work.resolve("");
    await client.message();
    await until(() => "route=Test.Move kind=notify code=ok" in reporter.values(requests));
    expect(reporter.times(queueSeconds, "Test.Move")).toEqual({ count: 2, sum: 0.04 });
    expect(reporter.times(seconds, "Test.Move").count).toBe(1);
  });
});

describe("connections", () => {
  it("are told with how they came, were refused and closed", async () => {
    const { open, enter, reporter, server } = await measured({
      onHandshake: ({ user }) => {
        if (user === "mallory") {
          throw new NanowireError("banned", "you are banned");
        }
        return undefined;
      },
    });
    const client = await enter();
    const stranger = await open();
    stranger.send(packet(9));
    await stranger.ended;
    const banned = await open();
    banned.send(packet(1, JSON.stringify({ sys: { type: "t", version: "1" }, user: "mallory" })));
    await banned.ended;
    const babbler = await open();
    babbler.send(packet(1, "hello"));
    await babbler.ended;
    await until(() => reporter.value("nanowire_connections") === 1);
    expect(reporter.value("nanowire_sessions")).toBe(1);
    expect(reporter.value("nanowire_connections_accepted_total")).toBe(4);
    expect(reporter.values("nanowire_handshakes_refused_total")).toEqual({
      "code=banned": 1,
      "code=invalid_handshake": 1,
    });
    expect(reporter.values("nanowire_connections_closed_total")).toEqual({
      "code=invalid_packet_type": 1,
      "code=banned": 1,
      "code=invalid_handshake": 1,
    });
    expect(reporter.values("nanowire_protocol_errors_total")).toEqual({
      "code=invalid_packet_type": 1,
      "code=invalid_handshake": 1,
    });
    expect(server.counters.refusedHandshakes).toEqual({ banned: 1, invalid_handshake: 1 });
    client.link.end();
    await until(() => reporter.value("nanowire_sessions") === 0);
  });

  it("that do not take what they are sent show in the outboxes' bytes", async () => {
    const { enter, reporter, server } = await measured();
    const slow = await enter();
    await enter();
    expect(reporter.value("nanowire_outbox_bytes")).toBe(0);
    await until(() => server.sessions().length === 2);
    const [first] = server.sessions();
    expect(first).toBeDefined();
    sendPush(first as NonNullable<typeof first>, pushOf("Test.Told", 7), "x".repeat(1_000));
    const waiting = reporter.value("nanowire_outbox_bytes");
    expect(waiting).toBeGreaterThan(1_000);
    expect(reporter.value("nanowire_outbox_largest_bytes")).toBe(waiting);
    await slow.packet();
    expect(reporter.value("nanowire_outbox_bytes")).toBe(0);
    expect(reporter.value("nanowire_pushes_total")).toBe(1);
  });
});

describe("the cluster", () => {
  it("is counted at the gate by what is forwarded, and at the member by what is handled", async () => {
    const nodes = new Nodes();
    const work = defer<string>();
    const services: Services = {
      Room: {
        Join: () => "",
        Wait: () => work.promise,
        Seldom: { handle: () => "", rateLimit: { messages: 1, perMs: 1_000 } },
      },
    };
    const [atGate, atMember] = [new KeptReporter(), new KeptReporter()];
    const gate = await nodes.gate("gate", { forwards: services, metrics: { reporters: [atGate] } });
    await nodes.member("member", services, { metrics: { reporters: [atMember] } });
    expect([atGate, atMember].map((reporter) => reporter.value("nanowire_cluster_members"))).toEqual([2, 2]);
    const client = await gate.enter();
    await client.call(1, "Room.Join");
    await client.call(2, "Room.Seldom");
    await client.call(3, "Room.Seldom");
    client.send(request(4, "Room.Wait"));
    await until(() => atGate.value("nanowire_forwards_pending") === 1);
    nodes.clock.step(20);
    work.resolve("");
    await client.message();
    expect(atGate.values("nanowire_forwarded_total")).toEqual({
      "route=Room.Join kind=request code=ok": 1,
      "route=Room.Seldom kind=request code=ok": 1,
      "route=Room.Seldom kind=request code=rate_limited": 1,
      "route=Room.Wait kind=request code=ok": 1,
    });
    expect(atGate.values(requests)).toEqual({});
    expect(atGate.times("nanowire_forward_duration_seconds", "Room.Wait")).toEqual({ count: 1, sum: 0.02 });
    expect(atGate.value("nanowire_forwards_pending")).toBe(0);
    expect(atMember.values(requests)).toEqual({
      "route=Room.Join kind=request code=ok": 1,
      "route=Room.Seldom kind=request code=ok": 1,
      "route=Room.Wait kind=request code=ok": 1,
    });
    expect(atMember.value("nanowire_guest_sessions")).toBe(1);
    expect(atMember.values("nanowire_remote_calls_total")).toEqual({});
  });
});

describe("the process", () => {
  it("tells how late its timers come, and what memory it has", async () => {
    const { reporter, clock, server } = await measured();
    clock.step(40);
    clock.stall(320);
    clock.step(20);
    const { series } = reporter.metric("nanowire_event_loop_delay_seconds") as HistogramReading;
    expect(series).toEqual([{ labels: {}, counts: [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], sum: 0.3 }]);
    expect(reporter.value("nanowire_heap_used_bytes")).toBeGreaterThan(1_000_000);
    expect(reporter.value("nanowire_heap_size_bytes")).toBeGreaterThan(reporter.value("nanowire_heap_used_bytes") / 2);
    expect(reporter.value("nanowire_resident_memory_bytes")).toBeGreaterThan(1_000_000);
    expect(reporter.value("nanowire_ready")).toBe(1);
    await server.stop();
    expect(reporter.value("nanowire_ready")).toBe(0);
  });
});

describe("what is told", () => {
  it("is every metric of the table, once, in its order, then the program's", async () => {
    const { reporter, server } = await measured();
    server.metrics.counter({ name: "gold_total", help: "Gold." });
    const readings = reporter.host.read();
    expect(readings.map(({ name }) => name).toSorted()).toEqual(
      [...Object.values(serverMetrics).map(({ name }) => name), "gold_total"].toSorted(),
    );
    expect(readings.at(-1)?.name).toBe("gold_total");
    for (const { labels, series } of readings) {
      for (const one of series) {
        expect(Object.keys(one.labels).toSorted()).toEqual(labels.toSorted());
      }
    }
  });

  it("is nothing where there is no reporter: no endpoint counts", async () => {
    const server = createServer({
      components: components(echo),
      listen: [memory()],
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    await server.start();
    onTestFinished(() => server.stop());
    server.metrics.counter({ name: "gold_total", help: "Gold." }).add(1);
    expect(server.metrics.read()).toHaveLength(1);
  });
});
