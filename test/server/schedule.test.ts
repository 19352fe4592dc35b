import { describe, expect, it, onTestFinished } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { Scheduler } from "../../runtime/schedule/scheduler.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { request } from "../support/client.js";
import { SteppedClock } from "../support/clock.js";
import { KeptLog } from "../support/log.js";
import { startServer } from "../support/server.js";
import { components, type Life, pushOf, TestComponent } from "../support/service.js";
import { defer, turn, until } from "../support/wait.js";

function living(name: string, life: (component: () => TestComponent) => Life): TestComponent {
  const component: TestComponent = new TestComponent(
    name,
    [],
    { version: "v1", routes: {} },
    life(() => component),
  );
  return component;
}

function errorOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code, message } = error as NanowireError;
    return `${code}: ${message}`;
  }
  return "nothing";
}

describe("a component's scheduler", () => {
  it("is there from init on, runs until the sessions are closed, and is closed in shutdown", async () => {
    const seen: string[] = [];
    const note = (part: string, { scheduler }: TestComponent): void => {
      seen.push(`${part}: ${scheduler.name}, ${scheduler.closed ? "closed" : "open"}, ${scheduler.timerCount} timers`);
    };
    const component = living("Room", (self) => ({
      init() {
        self().scheduler.every(100, () => {});
        note("init", self());
      },
      afterInit: () => note("afterInit", self()),
      beforeShutdown: () => note("beforeShutdown", self()),
      shutdown: () => note("shutdown", self()),
    }));
    const before = errorOf(() => component.scheduler);
    const { server } = await startServer({ components: [component], keepRunning: true });
    await server.stop();
    expect(seen).toEqual([
      "init: Room, open, 1 timers",
      "afterInit: Room, open, 1 timers",
      "beforeShutdown: Room, open, 1 timers",
      "shutdown: Room, closed, 0 timers",
    ]);
    expect([before, errorOf(() => component.scheduler)]).toEqual(
      Array(2).fill("invalid_state: TestComponent has a scheduler from its init on, while its server runs"),
    );
  });

  it("takes its turn with messages where the component has a method of the order SERVICE", async () => {
    const running = defer<string>();
    const begun: string[] = [];
    const both = components({
      A: {
        Serial: {
          order: "service",
          handle(_session, text) {
            begun.push(text);
            return running.promise;
          },
        },
      },
      B: { Do: () => "" },
    });
    const { clock, enter } = await startServer({ components: both });
    const [a, b] = both;
    a?.scheduler.every(10, () => begun.push("timer of A"));
    b?.scheduler.every(10, () => begun.push("timer of B"));
    const client = await enter();
    client.send(request(1, "A.Serial", "message"));
    await turn();
    a?.scheduler.run(() => begun.push("task of A"));
    clock.step(10);
    await turn();
    expect(begun).toEqual(["message", "timer of B"]);
    running.resolve("");
    await turn();
    expect(begun.slice(2)).toEqual(["task of A", "timer of A"]);
  });

  it("is one component's in one server at a time", async () => {
    const shared = components({ A: { Do: () => "" } });
    const one = await startServer({ components: shared });
    const other = createServer({ components: shared, listen: [memory()], logger: new KeptLog() });
    await expect(other.start()).rejects.toMatchObject({
      code: "invalid_state",
      message: "TestComponent runs in another server already",
    });
    expect([other.state, one.server.state]).toEqual(["stopped", "running"]);
    expect(shared[0]?.scheduler.closed).toBe(false);
    await one.server.stop();
    await other.start();
    await other.stop();
  });
});

describe("a server's scheduler", () => {
  it("is there while the server runs, and another one each time", async () => {
    const { server, clock } = await startServer({ keepRunning: true });
    const schedulers: Scheduler[] = [server.scheduler];
    let calls = 0;
    server.scheduler.every(100, () => calls++);
    clock.step(250);
    await server.stop();
    const stopped = "invalid_state: the server is stopped: it has a scheduler while it runs";
    expect(errorOf(() => server.scheduler)).toBe(stopped);
    clock.step(1_000);
    await server.start();
    clock.step(1_000);
    schedulers.push(server.scheduler);
    expect([calls, schedulers[0]?.closed, schedulers[1]?.closed]).toEqual([2, true, false]);
    expect(errorOf(() => schedulers[0]?.run(() => {}))).toBe("scheduler_closed: scheduler server is closed");
    await server.stop();
  });

  it("leaves nothing behind, however often the server is started and stopped", async () => {
    const clock = new SteppedClock();
    let calls = 0;
    const component = living("Room", (self) => ({
      init() {
        const { scheduler } = self();
        scheduler.every(10, () => calls++);
        scheduler.queue("table").loop(10, () => calls++);
        scheduler.when(
          () => true,
          () => calls++,
        );
        scheduler.run(() => calls++);
      },
    }));
    const { server } = await startServer({ components: [component], clock, keepRunning: true });
    for (let round = 0; round < 50; round++) {
      await turn();
      clock.step(100);
      await server.stop();
      expect([clock.waiting, calls]).toEqual([0, (round + 1) * 22]);
      await server.start();
    }
    await server.stop();
  });

  it("is each server's own", async () => {
    const clock = new SteppedClock();
    const [one, other] = [await startServer({ clock, keepRunning: true }), await startServer({ clock })];
    const calls = { one: 0, other: 0 };
    one.server.scheduler.every(10, () => calls.one++);
    other.server.scheduler.every(10, () => calls.other++);
    clock.step(20);
    await one.server.stop();
    clock.step(20);
    expect(calls).toEqual({ one: 2, other: 4 });
  });

  it("logs and counts what fails, and the process goes on", async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listener);
    onTestFinished(() => void process.off("unhandledRejection", listener));
    const { server, clock, log } = await startServer();
    server.scheduler.run(() => {
      throw new Error("thrown");
    });
    server.scheduler.run(() => Promise.reject(new NanowireError("room_full", "rejected")));
    server.scheduler.queue("table 7").after(10, () => Promise.reject(new Error("rejected later")));
    clock.step(10);
    await turn();
    await turn();
    expect([server.counters.failedTasks, unhandled]).toEqual([3, []]);
    expect(log.at("error").map(({ fields }) => String(fields["error"]))).toEqual([
      "Error: rejected later",
      "Error: thrown",
      "NanowireError: rejected",
    ]);
  });

  it("may be used from anywhere: a task that pushes is written with the turn that it runs in", async () => {
    const { server, enter } = await startServer();
    const client = await enter();
    await until(() => server.sessions().length === 1);
    server.scheduler.run(() => {
      for (const session of server.sessions()) {
        session.push(pushOf("E.X", 0), "from a task");
      }
    });
    expect((await client.message()).text).toBe("from a task");
  });

  it("keeps time by the machine's own clock: never early, and it does not keep the process alive", async () => {
    const server = createServer({ components: [], listen: [memory()], logger: new KeptLog() });
    await server.start();
    const began = performance.now();
    const late: number[] = [];
    const done = defer();
    server.scheduler.times(5, 10, (timer) => {
      late.push(performance.now() - began - 5 * (timer.calls + timer.missed));
      if (timer.calls === 10) {
        done.resolve();
      }
    });
    await done.promise;
    await server.stop();
    expect(late).toHaveLength(10);
    // A millionth of a millisecond is what may be lost by rounding.
    expect(Math.min(...late)).toBeGreaterThan(-0.001);
  });
});

describe("a server that stops", () => {
  it("lets tasks that wait and run come to their end before any shutdown", async () => {
    const order: string[] = [];
    const work = defer();
    const component = living("Room", () => ({ shutdown: () => void order.push("shutdown") }));
    const { server } = await startServer({ components: [component], keepRunning: true });
    const queue = component.scheduler.queue("table 7");
    queue.run(async () => {
      await work.promise;
      order.push("first");
    });
    queue.run(() => order.push("second"));
    const stopped = server.stop();
    await until(() => queue.closed);
    expect(order).toEqual([]);
    work.resolve();
    await stopped;
    expect(order).toEqual(["first", "second", "shutdown"]);
  });

  it("waits for a task that hangs no longer than requestTimeoutMs", async () => {
    const { server, clock, log } = await startServer({ requestTimeoutMs: 500, keepRunning: true });
    const { scheduler } = server;
    scheduler.queue("table 7", { taskTimeoutMs: 0 }).run(() => new Promise(() => {}));
    const stopped = server.stop();
    await until(() => scheduler.closed);
    clock.step(500);
    await stopped;
    expect([server.state, log.at("warn").map(({ message }) => message)]).toEqual([
      "stopped",
      ["tasks are not waited for any longer"],
    ]);
  });

  it.each([
    ["a task", (server: Server, stop: () => unknown) => server.scheduler.run(stop)],
    ["a timer", (server: Server, stop: () => unknown) => server.scheduler.after(1, stop)],
    ["a task of a queue", (server: Server, stop: () => unknown) => server.scheduler.queue("q").run(stop)],
  ])("does not wait for %s that waits for the stop itself, nor keeps what waits behind it", async (_what, post) => {
    const { server, clock, log } = await startServer({ requestTimeoutMs: 0, keepRunning: true });
    const done: string[] = [];
    const queue = server.scheduler.queue("behind");
    post(server, async () => {
      queue.run(() => void done.push("behind"));
      await server.stop();
      done.push("stopped");
    });
    clock.step(1);
    await until(() => done.length === 2);
    expect([done, server.state, server.counters.failedTasks]).toEqual([["behind", "stopped"], "stopped", 0]);
    expect(log.lines.filter(({ level }) => level !== "info")).toEqual([]);
  });

  it("lets what waits in a queue behind the task that stops the server come to its end", async () => {
    const { server } = await startServer({ requestTimeoutMs: 0, keepRunning: true });
    const done: string[] = [];
    const queue = server.scheduler.queue("q");
    queue.run(() => server.stop());
    queue.run(async () => {
      await turn();
      done.push("behind");
    });
    await until(() => server.state === "stopped");
    expect(done).toEqual(["behind"]);
  });

  it("keeps tasks, timers and queues going while its clients leave", async () => {
    const running = defer<string>();
    const { server, clock, enter } = await startServer({
      services: { Room: { Play: () => running.promise } },
      keepRunning: true,
    });
    const { scheduler } = server;
    const table = scheduler.queue("table 7");
    let ticks = 0;
    table.every(100, () => ticks++);
    const client = await enter();
    await until(() => server.sessions().length === 1);
    server.sessions()[0]?.schedule(table);
    client.send(request(1, "Room.Play"));
    await until(() => table.length === 1);
    const stopped = server.stop({ graceMs: 10_000 });
    await turn();
    clock.step(1_000);
    // The client's message holds the table, and the tick waits behind it; the grace is for both.
    expect([server.counters.sessions, scheduler.closed, ticks]).toEqual([1, false, 0]);
    scheduler.run(() => running.resolve("played"));
    expect((await client.message()).text).toBe("played");
    await turn();
    expect(ticks).toBe(1);
    clock.step(50);
    await stopped;
    expect([server.state, scheduler.closed, ticks, clock.waiting]).toEqual(["stopped", true, 1, 0]);
  });

  it("waits for tasks no longer than to the second signal", async () => {
    const { server, clock } = await startServer({ requestTimeoutMs: 0, keepRunning: true });
    const { scheduler } = server;
    scheduler.run(() => new Promise(() => {}));
    await turn();
    server.stopOnSignals({ signals: ["SIGUSR2"] });
    process.emit("SIGUSR2");
    await until(() => scheduler.closed);
    expect(server.state).toBe("stopping");
    process.emit("SIGUSR2");
    await until(() => server.state === "stopped");
    expect(clock.waiting).toBe(0);
  });

  it("before it has started, for a component fails, stops the timers that were made", async () => {
    const clock = new SteppedClock();
    let scheduler: Scheduler | undefined;
    let calls = 0;
    const good = living("Good", (self) => ({
      init() {
        scheduler = self().scheduler;
        scheduler.every(10, () => calls++);
      },
    }));
    const bad = living("Bad", () => ({ init: () => Promise.reject(new Error("not today")) }));
    const server = createServer({ components: [good, bad], listen: [memory()], logger: new KeptLog(), clock });
    await expect(server.start()).rejects.toThrow("not today");
    clock.step(100);
    expect([calls, scheduler?.closed, clock.waiting]).toEqual([0, true, 0]);
    expect(errorOf(() => good.scheduler)).toContain("invalid_state");
    expect(errorOf(() => server.scheduler)).toContain("invalid_state");
  });
});
