import { describe, expect, it } from "vitest";
import type { MetricReading } from "../../runtime/metrics/metric.js";
import { Metrics } from "../../runtime/metrics/metrics.js";
import { PeriodicReporter } from "../../runtime/metrics/periodic-reporter.js";
import type { MetricsOptions } from "../../runtime/server/metrics-options.js";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { KeptLog } from "../support/log.js";
import { startServer } from "../support/server.js";
import { components, echo } from "../support/service.js";
import { type Deferred, defer, turn, until } from "../support/wait.js";
import { KeptReporter } from "./support/kept-reporter.js";

/** Tells what it is told to do, each time that it is to report. */
class ScriptedReporter extends PeriodicReporter {
  readonly name = "scripted";
  readonly reports: (readonly MetricReading[])[] = [];
  report: (readings: readonly MetricReading[]) => void | Promise<void> = (readings) => void this.reports.push(readings);
}

function serverWith(metrics: MetricsOptions, log = new KeptLog()) {
  return createServer({ components: components(echo), listen: [memory()], logger: log, metrics });
}

describe("reporters", () => {
  it("are several at once, begin before all else and end after it, in the reverse order", async () => {
    const order: string[] = [];
    const noted = (name: string) => ({
      name,
      start: () => void order.push(`start ${name}`),
      stop: () => void order.push(`stop ${name}`),
    });
    const [component] = components(echo);
    Object.assign(component as object, {
      init: () => void order.push("init"),
      shutdown: () => void order.push("shutdown"),
    });
    const server = createServer({
      components: component === undefined ? [] : [component],
      listen: [memory()],
      logger: new KeptLog(),
      metrics: { reporters: [noted("a"), noted("b")] },
    });
    await server.start();
    await server.stop();
    expect(order).toEqual(["start a", "start b", "init", "shutdown", "stop b", "stop a"]);
  });

  it("that cannot start stop the start, and those that have are stopped", async () => {
    const first = new KeptReporter();
    const failing = {
      name: "failing",
      start: () => Promise.reject(new Error("no way out")),
      stop: () => undefined,
    };
    const server = serverWith({ reporters: [first, failing] });
    await expect(server.start()).rejects.toThrow("no way out");
    expect([server.state, first.calls]).toEqual(["stopped", ["start", "stop"]]);
  });

  it("that fail as they stop are logged, and the others stop", async () => {
    const first = new KeptReporter();
    const log = new KeptLog();
    const failing = {
      name: "failing",
      start: () => undefined,
      stop: () => {
        throw new Error("will not");
      },
    };
    const server = serverWith({ reporters: [first, failing] }, log);
    await server.start();
    await server.stop();
    expect(first.calls).toEqual(["start", "stop"]);
    expect(log.at("error").map(({ message, fields }) => [message, fields["name"]])).toEqual([
      ["a reporter of metrics failed as it stopped", "failing"],
    ]);
  });

  it("read the metrics that a program has declared before there was a server", async () => {
    const own = new Metrics();
    own.counter({ name: "gold_total", help: "Gold." }).add(3);
    const reporter = new KeptReporter();
    const server = serverWith({ reporters: [reporter], own });
    expect(server.metrics).toBe(own);
    await server.start();
    expect(reporter.value("gold_total")).toBe(3);
    await server.stop();
  });

  it.each([
    [{ reporters: 5 }, "metrics.reporters 5 is not an array"],
    [{}, "metrics.reporters is missing"],
    [{ reporters: [{}] }, "metrics.reporters[0] of type object lacks the method start"],
    [{ reporters: [], own: {} }, "metrics.own is no Metrics"],
    [{ reporter: [] }, "there is no option metrics.reporter"],
    [[], "the options of metrics are an array"],
  ])("are refused as %j", (metrics, message) => {
    expect(() => serverWith(metrics as unknown as MetricsOptions)).toThrow(message);
  });

  it("are refused where one is there twice", () => {
    const reporter = new KeptReporter();
    expect(() => serverWith({ reporters: [reporter, reporter] })).toThrow("metrics.reporters[1] is there twice");
  });
});

describe("a periodic reporter", () => {
  it("tells every metric every so often, and once more at the end", async () => {
    const reporter = new ScriptedReporter(500);
    const { clock, server } = await startServer({ metrics: { reporters: [reporter] } });
    clock.step(499);
    expect(reporter.reports).toHaveLength(0);
    clock.step(1);
    await turn();
    clock.step(500);
    await turn();
    expect(reporter.reports).toHaveLength(2);
    expect(reporter.reports[0]?.map(({ name }) => name)).toContain("nanowire_sessions");
    await server.stop();
    expect(reporter.reports).toHaveLength(3);
    clock.step(5_000);
    expect(reporter.reports).toHaveLength(3);
    await server.start();
    clock.step(500);
    await turn();
    expect(reporter.reports).toHaveLength(4);
  });

  it("that throws is logged when it begins to, and loses no message", async () => {
    const reporter = new ScriptedReporter(500);
    const { clock, log, enter } = await startServer({ metrics: { reporters: [reporter] } });
    const client = await enter();
    const scripts = [
      () => {
        throw new Error("first");
      },
      () => Promise.reject(new Error("second")),
      () => undefined,
      () => Promise.reject(new Error("third")),
    ];
    for (const [index, script] of scripts.entries()) {
      reporter.report = script;
      clock.step(500);
      await turn();
      expect((await client.call(index + 1, "Echo.Say", "here")).text).toBe("here");
    }
    expect(log.at("error").map(({ fields }) => [String(fields["error"]), fields["reporter"]])).toEqual([
      ["Error: first", "scripted"],
      ["Error: third", "scripted"],
    ]);
    reporter.report = () => undefined;
  });

  it("begins no report while one is under way, and the server waits for it", async () => {
    const reporter = new ScriptedReporter(500);
    const works: Deferred<void>[] = [];
    reporter.report = () => {
      const work = defer();
      works.push(work);
      return work.promise;
    };
    const { clock, server } = await startServer({ metrics: { reporters: [reporter] } });
    clock.step(500);
    clock.step(500);
    clock.step(500);
    await until(() => works.length === 1);
    const stopping = server.stop();
    await turn();
    expect(works).toHaveLength(1);
    works[0]?.resolve();
    await until(() => works.length === 2);
    expect(server.state).toBe("stopping");
    works[1]?.resolve();
    await stopping;
  });
});
