import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { Turn } from "../../runtime/base/turn.js";
import { Call, type Caller } from "../../runtime/dispatch/call.js";
import { Dispatcher, type Endpoint } from "../../runtime/dispatch/dispatcher.js";
import { CodeLabels } from "../../runtime/metrics/code-labels.js";
import type { HistogramReading } from "../../runtime/metrics/metric.js";
import { Metrics } from "../../runtime/metrics/metrics.js";
import { serverMetrics } from "../../runtime/metrics/server-readings.js";
import { Traffic } from "../../runtime/metrics/traffic.js";
import { ServerMetrics } from "../../runtime/server/server-metrics.js";
import { sendPush } from "../../runtime/session/send-push.js";
import { Nodes } from "../cluster/support/nodes.js";
import { notify, packet, request } from "../support/client.js";
import { SteppedClock } from "../support/clock.js";
import { KeptLog } from "../support/log.js";
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

describe("a session of another gate", () => {
  it("that ends before its message is done leaves it counted as what it came to", async () => {
    const nodes = new Nodes();
    const work = defer<string>();
    const services: Services = { Room: { Wait: () => work.promise } };
    const atMember = new KeptReporter();
    const gate = await nodes.gate("gate", { forwards: services });
    const member = await nodes.member("member", services, { metrics: { reporters: [atMember] } });
    const client = await gate.enter();
    client.send(request(1, "Room.Wait"));
    await until(() => member.server.counters.requests === 1);
    client.link.end();
    await until(() => member.server.counters.guests === 0);
    work.reject(new NanowireError("room_closed", "the room is closed"));
    await until(() => Object.keys(atMember.values(requests)).length > 0);
    expect(atMember.values(requests)).toEqual({ "route=Room.Wait kind=request code=room_closed": 1 });
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

  it("is what was counted, each number in its place", () => {
    const remote = (base: number) => ({
      calls: base + 1,
      tells: base + 2,
      pending: base + 3,
      failed: { internal: base + 4 },
    });
    const counted = {
      arriving: 1,
      accepted: 2,
      refused: { server_full: 3, tls_failed: 4 },
      open: 5,
      sessions: 6,
      suspended: 7,
      resumed: 8,
      guests: 9,
      requests: 10,
      notifies: 11,
      pushes: 12,
      droppedPushes: 13,
      replacedPushes: 14,
      failed: { rate_limited: 15, internal: 16 },
      failedTasks: 17,
      closed: { invalid_frame: 18, kicked: 19 },
      refusedHandshakes: { handshake_refused: 20 },
      remote: {
        made: remote(20),
        answered: remote(30),
        jobs: { enqueued: 41, pending: 42, done: 43, again: 44, failed: 45 },
      },
    };
    const turn = new Turn(() => {});
    const dispatcher = new Dispatcher(components(echo), turn, 0);
    const host = { dispatcher, counted, clusterMembers: 51, forwardsPending: 52, outboxBytes: () => [100, 300, 200] };
    const clock = new SteppedClock();
    const metrics = new ServerMetrics(host, clock, turn, new Metrics(new KeptLog()));
    const readings = metrics.read({ live: true, ready: true });
    const told = readings.flatMap((reading) =>
      reading.kind === "histogram" || /heap|resident|requests/.test(reading.name)
        ? []
        : reading.series.map(({ labels, value }) => [[reading.name, ...Object.values(labels)].join(" "), value]),
    );
    expect(Object.fromEntries(told)).toEqual({
      nanowire_rate_limited_total: 15,
      nanowire_forwards_pending: 52,
      nanowire_pushes_total: 12,
      nanowire_pushes_dropped_total: 13,
      nanowire_pushes_replaced_total: 14,
      nanowire_outbox_bytes: 600,
      nanowire_outbox_largest_bytes: 300,
      nanowire_sessions: 6,
      nanowire_sessions_suspended: 7,
      nanowire_sessions_resumed_total: 8,
      nanowire_guest_sessions: 9,
      nanowire_connections: 5,
      nanowire_connections_arriving: 1,
      nanowire_connections_accepted_total: 2,
      "nanowire_connections_refused_total server_full": 3,
      "nanowire_connections_refused_total tls_failed": 4,
      "nanowire_connections_closed_total invalid_frame": 18,
      "nanowire_connections_closed_total kicked": 19,
      "nanowire_handshakes_refused_total handshake_refused": 20,
      "nanowire_protocol_errors_total invalid_frame": 18,
      nanowire_cluster_members: 51,
      "nanowire_remote_calls_total made": 21,
      "nanowire_remote_calls_total answered": 31,
      "nanowire_remote_tells_total made": 22,
      "nanowire_remote_tells_total answered": 32,
      "nanowire_remote_pending made": 23,
      "nanowire_remote_pending answered": 33,
      "nanowire_remote_failed_total made internal": 24,
      "nanowire_remote_failed_total answered internal": 34,
      nanowire_jobs_enqueued_total: 41,
      nanowire_jobs_pending: 42,
      "nanowire_job_attempts_total done": 43,
      "nanowire_job_attempts_total again": 44,
      "nanowire_job_attempts_total failed": 45,
      nanowire_tasks_failed_total: 17,
      nanowire_ready: 1,
    });
  });
});

describe("without reporters", () => {
  it("nobody is told of a call, and with them somebody", () => {
    const turn = new Turn(() => {});
    const dispatcher = new Dispatcher(components(echo), turn, 0);
    const [endpoint] = dispatcher.endpoints as [Endpoint];
    const makeCall = () => new Call({} as Caller, endpoint, 1, new Uint8Array(0), 0, 0, false, false);
    expect(makeCall().observer).toBeUndefined();
    endpoint.observer = new Traffic(new SteppedClock(), turn, new CodeLabels()).add("Echo.Say", "request", false);
    expect(makeCall().observer).toBeDefined();
  });

  it("nothing looks at the clock for a message, and the event loop is not watched", async () => {
    const looks = async (options: TestServerOptions) => {
      const clock = new SteppedClock();
      let count = 0;
      const watched = {
        now: () => clock.now(),
        steady: () => {
          count++;
          return clock.steady();
        },
        after: clock.after.bind(clock),
        every: clock.every.bind(clock),
      };
      const { enter, server } = await startServer({ ...options, clock: watched, requestTimeoutMs: 0 });
      const client = await enter();
      await client.call(1, "Echo.Say");
      const [before, timers] = [count, clock.waiting];
      await client.call(2, "Echo.Say");
      await server.stop();
      return { looks: count - before, timers };
    };
    const off = await looks({});
    const on = await looks({ metrics: { reporters: [new KeptReporter()] } });
    expect(off.looks).toBe(0);
    expect(on.looks).toBe(3);
    expect(on.timers).toBe(off.timers + 1);
  });

  it("a program's own metrics are counted for nobody", async () => {
    const { server } = await startServer();
    server.metrics.counter({ name: "gold_total", help: "Gold." }).add(1);
    expect(server.metrics.read()).toHaveLength(1);
  });
});
