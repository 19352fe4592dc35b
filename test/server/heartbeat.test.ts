import { describe, expect, it } from "vitest";
import { HeartbeatSweep, type SweepSchedule } from "../../runtime/server/heartbeat.js";
import { notify, packet, request } from "../support/client.js";
import { SteppedClock } from "../support/clock.js";
import { startServer } from "../support/server.js";
import { defer, turn } from "../support/wait.js";

const options = { heartbeatIntervalMs: 1_000 };

describe("heartbeats of the server", () => {
  it("begin right after the ack", async () => {
    const test = await startServer(options);
    const client = await test.open();
    client.send(packet(1, "{}"));
    await client.answer();
    await turn();
    expect(client.heartbeats).toBe(0);
    client.send(packet(2));
    await client.call(1, "Echo.Say");
    expect(client.heartbeats).toBe(1);
  });

  it("go on, one each interval, whether or not the client says something", async () => {
    const test = await startServer(options);
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    const counts: number[] = [];
    for (let interval = 0; interval < 5; interval++) {
      client.send(packet(3));
      await turn();
      test.clock.step(999);
      await client.call(1, "Echo.Say");
      counts.push(client.heartbeats);
      test.clock.step(1);
      await client.call(1, "Echo.Say");
      counts.push(client.heartbeats);
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 4, 4, 5, 5, 6]);
  });

  it("are not answers to the client's", async () => {
    const test = await startServer(options);
    const client = await test.enter();
    client.send(new Uint8Array([...packet(3), ...packet(3), ...packet(3)]));
    await client.call(1, "Echo.Say");
    expect(client.heartbeats).toBe(1);
  });

  it("are four bytes", async () => {
    const test = await startServer(options);
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    client.deliveries.length = 0;
    test.clock.step(1_000);
    await turn();
    expect(client.deliveries.map((bytes) => [...bytes])).toEqual([[3, 0, 0, 0]]);
  });

  it("are none where the interval is 0, and nobody is closed for silence", async () => {
    const test = await startServer({ heartbeatIntervalMs: 0 });
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    test.clock.step(100_000_000);
    await client.call(1, "Echo.Say");
    expect([client.heartbeats, client.endings]).toEqual([0, 0]);
  });
});

describe("a client that is silent", () => {
  it("for two intervals and a sweep is closed", async () => {
    const test = await startServer(options);
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    test.clock.step(2_000);
    await turn();
    expect(client.endings).toBe(0);
    test.clock.step(250);
    await client.ended;
    expect(test.server.counters).toMatchObject({ closed: { heartbeat_timeout: 1 }, sessions: 0, open: 0 });
    expect(test.log.at("warn").map(({ fields }) => [fields["code"], fields["reason"]])).toEqual([
      ["heartbeat_timeout", "nothing was heard for 2000 ms"],
    ]);
  });

  it.each([
    ["a heartbeat", packet(3)],
    ["a request", request(9, "Echo.Say")],
    ["a notify", notify("No.Such")],
    ["half a packet", packet(3).slice(0, 1)],
  ])("but for %s now and then is not", async (_what, bytes) => {
    const test = await startServer(options);
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    test.clock.step(1_900);
    client.send(bytes);
    await turn();
    test.clock.step(1_900);
    await turn();
    expect(client.endings).toBe(0);
    test.clock.step(400);
    await client.ended;
    expect(test.server.counters.closed).toEqual({ heartbeat_timeout: 1 });
  });

  it("because it is not read is not closed, and has its time again when it is read on", async () => {
    const handler = defer<string>();
    const test = await startServer({
      ...options,
      requestTimeoutMs: 0,
      maxQueuedMessages: 2,
      services: { Slow: { Do: () => handler.promise } },
    });
    const client = await test.enter();
    client.send(request(1, "Slow.Do"));
    client.send(request(2, "Slow.Do"));
    await turn();
    test.clock.step(20_000);
    await turn();
    expect(client.endings).toBe(0);
    handler.resolve("done");
    expect((await client.messages(2)).map(({ id }) => id)).toEqual([1n, 2n]);
    test.clock.step(1_900);
    await turn();
    expect(client.endings).toBe(0);
    test.clock.step(400);
    await client.ended;
    expect(test.server.counters.closed).toEqual({ heartbeat_timeout: 1 });
  });

  it("is closed alone", async () => {
    const test = await startServer(options);
    const [silent, lively] = [await test.enter(), await test.enter()];
    await silent.call(1, "Echo.Say");
    for (let time = 0; time < 2_250; time += 250) {
      await lively.call(1, "Echo.Say");
      test.clock.step(250);
    }
    await silent.ended;
    expect((await lively.call(2, "Echo.Say", "here")).text).toBe("here");
    expect(test.server.counters.open).toBe(1);
  });
});

describe("the sweep", () => {
  function sweepOf(heartbeatIntervalMs: number, handshakeTimeoutMs: number) {
    const clock = new SteppedClock(0);
    const seen: { at: number; schedule: SweepSchedule }[] = [];
    const connection = { sweep: (schedule: SweepSchedule) => void seen.push({ at: clock.now(), schedule }) };
    const sweep = new HeartbeatSweep(clock, heartbeatIntervalMs, handshakeTimeoutMs, [[connection]]);
    return { clock, sweep, seen };
  }

  it.each([
    [30_000, 10_000],
    [1_000, 10_000],
    [0, 10_000],
    [11_225, 10_000],
    [30_000, 7_000],
    [12_400, 10_000],
    [1, 100],
    [5, 100],
    [7, 600_000],
    [2_147_483_647, 100],
  ])("with heartbeats each %d ms and %d ms for a handshake is due in time", (heartbeatMs, handshakeMs) => {
    const { clock, sweep, seen } = sweepOf(heartbeatMs, handshakeMs);
    sweep.start();
    clock.step(300_000);
    sweep.stop();
    const [first, second] = seen as [(typeof seen)[0], (typeof seen)[0]];
    const periodMs = second.at - first.at;
    const { heartbeat, silence, handshake } = first.schedule;
    // A heartbeat is sent at the n-th sweep, a silent client closed at the n-th and one: never early, late by a sweep.
    const inTime = (sweeps: number, ms: number) => [sweeps * periodMs >= ms, (sweeps - 1) * periodMs < Math.max(ms, 1)];
    expect([heartbeat > 0, silence > 0]).toEqual([heartbeatMs > 0, heartbeatMs > 0]);
    expect(inTime(heartbeat, heartbeatMs)).toEqual([true, true]);
    expect(inTime(silence, 2 * heartbeatMs)).toEqual([true, true]);
    expect(inTime(handshake, handshakeMs)).toEqual([true, true]);
    expect(periodMs).toBeLessThanOrEqual(Math.max(5, handshakeMs / 4, heartbeatMs / 4));
  });

  it("has one timer, and none when it is stopped", () => {
    const { clock, sweep, seen } = sweepOf(1_000, 10_000);
    sweep.stop();
    sweep.start();
    expect(clock.waiting).toBe(1);
    clock.step(1_000);
    expect(seen.map(({ at }) => at)).toEqual([250, 500, 750, 1_000]);
    sweep.stop();
    expect(clock.waiting).toBe(0);
    sweep.start();
    clock.step(250);
    expect(seen).toHaveLength(5);
    sweep.stop();
  });
});
