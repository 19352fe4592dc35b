import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import type { InMemoryMetricExporter, MeterProvider } from "@opentelemetry/sdk-metrics";
import { describe, expect, onTestFinished, test } from "vitest";
import type { PrometheusReporter } from "../../runtime/metrics/prometheus/index.js";
import { serverMetrics } from "../../runtime/metrics/server-readings.js";
import type { Server } from "../../runtime/server/server.js";
import { parseExposition } from "../metrics/support/exposition.js";
import { scrape } from "../metrics/support/scrape.js";
import { Arrivals } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";

const page = new PageProgram("docs/metrics.md");
const text = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
const dashboard = readFileSync(new URL("../../docs/grafana-dashboard.json", import.meta.url), "utf8");

function stoppedAfterTest(server: Server): void {
  onTestFinished(() => (server.state === "stopped" ? undefined : server.stop()));
}

describe("the programs of docs/metrics.md", () => {
  test("are all run", () => {
    expect(page.count).toBe(5);
  });

  test("a server tells Prometheus, and how it is", async () => {
    const { server, reporter } = await page.run<{ server: Server; reporter: PrometheusReporter }>(
      "const reporter = prometheus({ port: 9464 })",
      ["server", "reporter"],
    );
    stoppedAfterTest(server);
    expect(parseExposition((await scrape(reporter, "/metrics")).body).has("nanowire_sessions")).toBe(true);
    expect((await scrape(reporter, "/health")).status).toBe(200);
    expect((await scrape(reporter, "/ready")).status).toBe(200);
  });

  test("a server tells statsd", async () => {
    const socket = createSocket("udp4");
    const datagrams = new Arrivals<string>();
    socket.on("message", (datagram) => datagrams.push(datagram.toString("utf8")));
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    onTestFinished(() => new Promise<void>((resolve) => void socket.close(() => resolve())));
    const { server } = await page.run<{ server: Server }>("statsd({", ["server"], {
      instead: { 8125: String(socket.address().port) },
    });
    stoppedAfterTest(server);
    await server.stop();
    expect(await datagrams.next()).toContain("chat.nanowire_forwards_pending:0|g|#env:production");
  });

  test("a server tells OpenTelemetry", async () => {
    const { server, provider, exporter } = await page.run<{
      server: Server;
      provider: MeterProvider;
      exporter: InMemoryMetricExporter;
    }>("opentelemetry()", ["server", "provider", "exporter"]);
    stoppedAfterTest(server);
    onTestFinished(() => provider.shutdown());
    await provider.forceFlush();
    const names = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .map(({ descriptor }) => descriptor.name);
    expect(names).toContain("nanowire_requests_total");
  });

  test("a program counts what it wants", async () => {
    const { server, reporter } = await page.run<{ server: Server; reporter: PrometheusReporter }>("const gold", [
      "server",
      "reporter",
    ]);
    stoppedAfterTest(server);
    const metrics = parseExposition((await scrape(reporter, "/metrics")).body);
    expect(metrics.get("gold_spent_total")?.samples).toEqual(new Map([['gold_spent_total{shop="north"}', 5]]));
    expect(metrics.get("players")?.samples).toEqual(new Map([["players", 1]]));
    expect(metrics.get("map_loading_seconds")?.samples.get('map_loading_seconds_bucket{map="desert",le="0.5"}')).toBe(
      1,
    );
  });

  test("a reporter of one's own is told all", async () => {
    const { server, told } = await page.run<{ server: Server; told: string[] }>("class LineReporter", [
      "server",
      "told",
    ]);
    stoppedAfterTest(server);
    await server.stop();
    expect(told).toContain("nanowire_sessions {} 0");
  });
});

test("the table of docs/metrics.md is that of the code", () => {
  const rows = text
    .split("\n")
    .filter((line) => line.startsWith("| `nanowire_"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, name = "", kind, labels = "", help]) => ({
      name: name.replaceAll("`", ""),
      kind,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
      help,
    }));
  expect(rows).toEqual(
    Object.values(serverMetrics).map(({ name, kind, labels, help }) => ({ name, kind, labels, help })),
  );
});

test("names have their unit, and what only grows ends with _total", () => {
  for (const { name, kind } of Object.values(serverMetrics)) {
    expect(name).toMatch(/^nanowire_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(kind === "counter");
    expect(kind !== "histogram" || name.endsWith("_seconds")).toBe(true);
  }
});

describe("the dashboard", () => {
  interface Panel {
    readonly id: number;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }
  const { panels } = JSON.parse(dashboard) as { panels: readonly Panel[] };
  const expressions = panels.flatMap(({ targets = [] }) => targets);
  const definitions = Object.values(serverMetrics);

  test("names metrics that there are, and all of them", () => {
    const exposed = definitions.flatMap(({ name, kind }) => (kind === "histogram" ? [`${name}_bucket`] : [name]));
    const shown = new Set(expressions.flatMap(({ expr }) => expr.match(/nanowire_\w+/g) ?? []));
    expect([...shown].filter((name) => !exposed.includes(name))).toEqual([]);
    expect(exposed.filter((name) => !shown.has(name))).toEqual([]);
    const others = dashboard.match(/nanowire_\w+/g) ?? [];
    expect(others.filter((name) => !exposed.includes(name))).toEqual([]);
  });

  test("sums, and tells apart, by labels that they have", () => {
    const groupings = expressions.flatMap(({ expr, legendFormat }) =>
      [...expr.matchAll(/sum by \(([^)]+)\) \((?:rate\()?(nanowire_\w+)/g)].map(([, by = "", name = ""]) => ({
        by: by.split(", "),
        name: name.replace(/_bucket$/, ""),
        legendFormat,
      })),
    );
    expect(groupings.length).toBeGreaterThan(15);
    for (const { by, name, legendFormat } of groupings) {
      const { labels = [] } = definitions.find((definition) => definition.name === name) ?? {};
      const known: readonly string[] = [...labels, "le", "instance"];
      expect(by.filter((label) => !known.includes(label))).toEqual([]);
      const told = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? "");
      expect(told.filter((label) => !by.includes(label))).toEqual([]);
    }
  });

  test("has a panel of each number, with a title", () => {
    expect(panels.length).toBeGreaterThan(20);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });
});
