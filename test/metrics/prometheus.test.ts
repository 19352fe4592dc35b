import { connect } from "node:net";
import { Counter as PromCounter, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { Metrics } from "../../runtime/metrics/metrics.js";
import { type PrometheusOptions, prometheus } from "../../runtime/metrics/prometheus/index.js";
import { serverMetrics } from "../../runtime/metrics/server-readings.js";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { KeptLog } from "../support/log.js";
import { startServer } from "../support/server.js";
import { components, echo } from "../support/service.js";
import { defer, until } from "../support/wait.js";
import { parseExposition } from "./support/exposition.js";
import { scrape } from "./support/scrape.js";

async function scrapedServer(options: Partial<PrometheusOptions> = {}, own?: Metrics) {
  const reporter = prometheus({ port: 0, ...options });
  const test = await startServer({ metrics: { reporters: [reporter], ...(own === undefined ? {} : { own }) } });
  return { ...test, reporter };
}

const requestsOk = 'nanowire_requests_total{route="Echo.Say",kind="request",code="ok"}';

describe("what Prometheus reads", () => {
  it("is every metric, in its format, with its help and its type", async () => {
    const { enter, reporter, server } = await scrapedServer();
    const gold = server.metrics.counter({ name: "gold_total", help: 'Gold \\ "coins"\nand bars.', labels: ["shop"] });
    gold.add(2.5, { shop: 'the "old" shop \\ north\n' });
    const client = await enter();
    await client.call(1, "Echo.Say", "a");
    await client.call(2, "Echo.Say", "b");
    const { status, headers, body } = await scrape(reporter, "/metrics?x=1");
    expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    const metrics = parseExposition(body);
    expect(new Map([...metrics].map(([name, { type, help }]) => [name, { type, help }]))).toEqual(
      new Map([
        ...Object.values(serverMetrics).map(({ name, kind, help }) => [name, { type: kind, help }] as const),
        ["gold_total", { type: "counter", help: 'Gold \\\\ "coins"\\nand bars.' }],
      ]),
    );
    const samples = (name: string) => Object.fromEntries(metrics.get(name)?.samples ?? []);
    expect(samples("nanowire_requests_total")[requestsOk]).toBe(2);
    expect(samples("gold_total")).toEqual({ 'gold_total{shop="the \\"old\\" shop \\\\ north\\n"}': 2.5 });
    const durations = samples("nanowire_request_duration_seconds");
    expect(durations['nanowire_request_duration_seconds_count{route="Echo.Say"}']).toBe(2);
    expect(durations['nanowire_request_duration_seconds_bucket{route="Echo.Say",le="0.0001"}']).toBe(2);
    expect(durations['nanowire_request_duration_seconds_bucket{route="Echo.Say",le="+Inf"}']).toBe(2);
    expect(durations['nanowire_request_duration_seconds_sum{route="Echo.Say"}']).toBe(0);
  });

  it("is the same for all who ask at once, and new for who asks then", async () => {
    const { enter, reporter } = await scrapedServer();
    const client = await enter();
    const asked = [1, 2, 3, 4].map(() => scrape(reporter, "/metrics"));
    const texts = (await Promise.all(asked)).map(({ body }) => body);
    expect(texts.map((text) => parseExposition(text).size)).toEqual(texts.map(() => Object.keys(serverMetrics).length));
    await client.call(1, "Echo.Say");
    const { body } = await scrape(reporter, "/metrics");
    expect(parseExposition(body).get("nanowire_requests_total")?.samples.get(requestsOk)).toBe(1);
  });

  it("is read once for each answer: all of it is as of one moment", async () => {
    const { reporter, server } = await scrapedServer();
    let reads = 0;
    server.metrics.gauge({ name: "reads", help: "How often it was read.", read: () => ++reads });
    await scrape(reporter, "/metrics");
    const before = reads;
    const metrics = parseExposition((await scrape(reporter, "/metrics")).body);
    expect(metrics.get("reads")?.samples.get("reads")).toBe(before + 1);
    expect(reads).toBe(before + 1);
  });

  it("comes from a registry of one's own, with what else is in it", async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ region: "north" });
    new PromCounter({ name: "jobs_total", help: "Jobs.", registers: [registry] }).inc(3);
    const { reporter, server } = await scrapedServer({ registry, path: "/own" });
    expect(reporter.registry).toBe(registry);
    const metrics = parseExposition((await scrape(reporter, "/own")).body);
    expect(metrics.get("jobs_total")?.samples).toEqual(new Map([['jobs_total{region="north"}', 3]]));
    expect(metrics.get("nanowire_ready")?.samples).toEqual(new Map([['nanowire_ready{region="north"}', 1]]));
    expect(parseExposition(await registry.metrics()).has("nanowire_sessions")).toBe(true);
    await server.stop();
    expect([...parseExposition(await registry.metrics()).keys()]).toEqual(["jobs_total"]);
    await server.start();
    expect(parseExposition((await scrape(reporter, "/own")).body).has("nanowire_sessions")).toBe(true);
  });

  it("has no metric whose name the registry has already: at the start that is an error, later it is logged", async () => {
    const registry = new Registry();
    new PromCounter({ name: "gold_total", help: "Of another library.", registers: [registry] }).inc(9);
    const own = new Metrics(new KeptLog());
    own.counter({ name: "gold_total", help: "Gold." });
    await expect(scrapedServer({ registry }, own)).rejects.toMatchObject({
      code: "invalid_option",
      message: "prometheus.registry has a metric gold_total already",
    });
    const { reporter, server, log } = await scrapedServer({ registry });
    server.metrics.counter({ name: "gold_total", help: "Gold." }).add(1);
    server.metrics.counter({ name: "silver_total", help: "Silver." }).add(1);
    for (const _ of [1, 2]) {
      const metrics = parseExposition((await scrape(reporter, "/metrics")).body);
      expect(metrics.get("gold_total")?.samples.get("gold_total")).toBe(9);
      expect(metrics.get("silver_total")?.samples.get("silver_total")).toBe(1);
    }
    expect(log.at("error").map(({ fields }) => String(fields["error"]))).toEqual([
      "NanowireError: prometheus.registry has a metric gold_total already",
    ]);
  });

  it("is an error, and the server's log says which, where a metric of the registry cannot be read", async () => {
    const registry = new Registry();
    new PromCounter({
      name: "jobs_total",
      help: "Jobs.",
      registers: [registry],
      collect: () => Promise.reject(new Error("no such table")),
    });
    const { reporter, log, enter } = await scrapedServer({ registry });
    expect((await scrape(reporter, "/metrics")).status).toBe(500);
    expect(log.at("error").map(({ fields }) => String(fields["error"]))).toEqual(["Error: no such table"]);
    const client = await enter();
    expect((await client.call(1, "Echo.Say", "still here")).text).toBe("still here");
  });
});

describe("health and readiness", () => {
  it("are told from before the start is done until the server has stopped", async () => {
    const work = defer();
    const reporter = prometheus({ port: 0 });
    expect(reporter.address).toBeUndefined();
    const told = async (path: string) => {
      const { status, body } = await scrape(reporter, path);
      return [status, (JSON.parse(body) as { state: string }).state];
    };
    const server = createServer({
      components: components({ Slow: { Do: () => "" } }).map((one) => Object.assign(one, { init: () => work.promise })),
      listen: [memory()],
      logger: new KeptLog(),
      metrics: { reporters: [reporter] },
    });
    const starting = server.start();
    await until(() => reporter.address !== undefined);
    expect([await told("/health"), await told("/ready")]).toEqual([
      [200, "starting"],
      [503, "starting"],
    ]);
    work.resolve();
    await starting;
    expect([await told("/health"), await told("/ready")]).toEqual([
      [200, "running"],
      [200, "running"],
    ]);
    await server.drain({ graceMs: 0 });
    expect([await told("/health"), await told("/ready")]).toEqual([
      [200, "draining"],
      [503, "draining"],
    ]);
    await server.stop();
    expect(reporter.address).toBeUndefined();
  });

  it("answer GET and HEAD, and nothing else is there", async () => {
    const { reporter } = await scrapedServer();
    const head = await scrape(reporter, "/health", "HEAD");
    expect([head.status, head.body, Number(head.headers["content-length"]) > 10]).toEqual([200, "", true]);
    const posted = await scrape(reporter, "/metrics", "POST");
    expect([posted.status, posted.headers.allow]).toEqual([405, "GET, HEAD"]);
    const lost = await scrape(reporter, "/");
    expect([lost.status, lost.body]).toEqual([404, "there are /metrics, /health, /ready\n"]);
  });

  it("listen on this machine alone, unless they are told otherwise", async () => {
    const { reporter } = await scrapedServer();
    expect(reporter.address?.host).toBe("127.0.0.1");
    const everywhere = await scrapedServer({ host: "0.0.0.0" });
    expect(everywhere.reporter.address?.host).toBe("0.0.0.0");
  });

  it("do not keep a server from stopping, whoever is connected", async () => {
    const { reporter, server } = await scrapedServer();
    const socket = connect(reporter.address?.port ?? 0, "127.0.0.1");
    socket.on("error", () => {});
    await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
    socket.write("GET /metrics HTTP/1.1\r\n");
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    await server.stop();
    await closed;
    expect(server.state).toBe("stopped");
  });
});

describe("a port that is taken", () => {
  it("stops the start, and what was begun is undone", async () => {
    const first = await scrapedServer();
    const { port } = first.reporter.address as { port: number };
    const second = prometheus({ port });
    const server = createServer({
      components: components(echo),
      listen: [memory()],
      logger: new KeptLog(),
      metrics: { reporters: [second] },
    });
    await expect(server.start()).rejects.toMatchObject({
      code: "listen_failed",
      message: expect.stringContaining(`metrics cannot be told on 127.0.0.1:${port}: `) as string,
    });
    expect(server.state).toBe("stopped");
    await first.server.stop();
    await server.start();
    expect((await scrape(second, "/ready")).status).toBe(200);
    await server.stop();
  });
});

describe("the options", () => {
  it.each([
    [{ port: 65_536 }, "prometheus.port 65536 is not an integer from 0 to 65535"],
    [{}, "prometheus.port undefined is not an integer"],
    [{ port: 1, path: "metrics" }, "prometheus.path metrics is no path of its own"],
    [{ port: 1, path: "/ready" }, "prometheus.path /ready is no path of its own"],
    [{ port: 1, hosts: "x" }, "there is no option prometheus.hosts"],
  ])("refuse %j", (options, message) => {
    expect(() => prometheus(options as PrometheusOptions)).toThrow(message);
  });
});
