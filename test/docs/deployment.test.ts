import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import type { PrometheusReporter } from "../../runtime/metrics/prometheus/index.js";
import { resolveOptions } from "../../runtime/server/options.js";
import type { Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { findUpMistakes, type UpConfig } from "../../runtime/up/up-config.js";
import { scrape } from "../metrics/support/scrape.js";
import { codeBlocks, root } from "./support/markdown-pages.js";
import { PageProgram } from "./support/page-program.js";
import { runServer } from "./support/running-program.js";

const name = "docs/deployment.md";
const text = readFileSync(root + name, "utf8");
const blocks = codeBlocks(name, text);
const codeOf = (language: string): string[] =>
  blocks.filter((block) => block.language === language).map(({ code }) => code);
const [program = ""] = codeOf("ts");
const [unit = "", upUnit = ""] = codeOf("ini");
const [dockerfile = ""] = codeOf("dockerfile");
const [composeText = "", kubernetesText = ""] = codeOf("yaml");
const [nginx = ""] = codeOf("nginx");
const upFile = JSON.parse(codeOf("json")[0] ?? "") as UpConfig;

const numberIn = (source: string, pattern: RegExp): number =>
  Number((pattern.exec(source)?.[1] ?? "none").replaceAll("_", ""));
const port = numberIn(program, /"PORT"\] \?\? (\d+)/);
const metricsPort = numberIn(program, /prometheus\(\{ port: (\d+)/);
const graceMs = numberIn(program, /graceMs: ([\d_]+)/);
const spreadMs = numberIn(program, /spreadMs: ([\d_]+)/);
const { heartbeatIntervalMs, maxConnections } = resolveOptions({ components: [], listen: [memory()] });

// biome-ignore lint/suspicious/noExplicitAny: what YAML holds is anything; a path that is not there fails the test.
type Yaml = any;

describe("the program", () => {
  test("listens, and tells how it is", async () => {
    vi.stubEnv("PORT", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    const page = new PageProgram(name);
    expect(page.count).toBe(1);
    const { reporter, come } = await runServer<{ server: Server; reporter: PrometheusReporter }>(page, "createServer", [
      "reporter",
    ]);
    expect((await come()).state).toBe("open");
    for (const path of ["/health", "/ready", "/metrics"]) {
      expect([path, (await scrape(reporter, path)).status]).toEqual([path, 200]);
    }
    expect((await scrape(reporter, "/metrics")).body).toContain("nanowire_connections 1");
  });
});

describe("the times", () => {
  test("of the table are those of the files", () => {
    const rows = [...text.matchAll(/^\| (`?\w[^|]*?) \| (\d+) s \|/gm)].map(([, , seconds]) => Number(seconds) * 1_000);
    const [grace, spread, kill = 0, pause = 0, idle = 0, ...others] = rows;
    expect(others).toEqual([]);
    expect([grace, spread]).toEqual([graceMs, spreadMs]);
    expect(kill).toBe(numberIn(unit, /TimeoutStopSec=(\d+)/) * 1_000);
    expect(kill).toBeGreaterThan(graceMs + pause);
    expect(idle).toBeGreaterThan(2 * heartbeatIntervalMs);
    expect([...nginx.matchAll(/proxy_(?:read|send)_timeout (\d+)s;/g)].map(([, s]) => Number(s) * 1_000)).toEqual([
      idle,
      idle,
    ]);
    expect(spreadMs).toBeLessThan(graceMs);
  });
});

describe("systemd", () => {
  test("gives processes the time that they take", () => {
    expect(numberIn(unit, /TimeoutStopSec=(\d+)/) * 1_000).toBeGreaterThan(graceMs);
    const { roles, graceMs: upGraceMs = 0 } = upFile;
    expect(upGraceMs).toBe(graceMs);
    expect(numberIn(upUnit, /TimeoutStopSec=(\d+)/) * 1_000).toBeGreaterThan(roles.length * (upGraceMs + 5_000));
    for (const service of [unit, upUnit]) {
      expect(numberIn(service, /LimitNOFILE=(\d+)/)).toBeGreaterThan(2 * maxConnections);
    }
    expect(numberIn(unit, /PORT=(\d+)/)).toBe(port);
  });

  test("the file of nanowire up is one that it takes", () => {
    const folder = mkdtempSync(join(tmpdir(), "docs-deployment-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(`${folder}/deploy`);
    mkdirSync(`${folder}/dist/src`, { recursive: true });
    for (const { entry } of upFile.roles) {
      writeFileSync(join(folder, "deploy", entry), "");
    }
    expect(upUnit).toContain(" up deploy/game.up.json\n");
    expect(findUpMistakes(upFile, `${folder}/deploy`)).toEqual([]);
  });

  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

  test.skipIf(!hasSystemd)("takes the units", () => {
    const folder = mkdtempSync(join(tmpdir(), "docs-units-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const files = [unit, upUnit].map((service) => {
      const [, file = ""] = /^# \/etc\/systemd\/system\/([\w-]+\.service)\n/.exec(service) ?? [];
      // Node is where it is on this machine.
      writeFileSync(`${folder}/${file}`, service.replace("/usr/bin/node", process.execPath));
      return `${folder}/${file}`;
    });
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], { encoding: "utf8" });
    const told = stderr
      .split("\n")
      .filter((line) => files.some((file) => line.includes(file.slice(folder.length + 1))));
    expect(told).toEqual([]);
    expect(status).toBe(0);
  });
});

describe("containers", () => {
  test("the image starts the program by itself, as nobody in particular", () => {
    const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|EXPOSE|CMD) \S/;
    expect(
      dockerfile
        .trim()
        .split("\n")
        .filter((line) => line !== "" && !known.test(line)),
    ).toEqual([]);
    expect(dockerfile).toContain(`EXPOSE ${port} ${metricsPort}\n`);
    expect(dockerfile).toContain(`PORT=${port} METRICS_HOST=0.0.0.0`);
    expect(dockerfile).toMatch(/\nUSER node\n[\s\S]*\nCMD \["node", "dist\/src\/main\.js"\]\n$/);
    const major = numberIn(readFileSync(`${root}package.json`, "utf8"), /"node": ">=(\d+)"/);
    expect([...dockerfile.matchAll(/^FROM node:(\d+)-slim/gm)].map(([, version]) => Number(version))).toEqual([
      major,
      major,
    ]);
  });

  test("Compose waits long enough, and asks what the program answers", () => {
    const { services } = parse(composeText) as Yaml;
    for (const service of [services.room, services.gate]) {
      expect(Number.parseInt(service.stop_grace_period, 10) * 1_000).toBeGreaterThan(graceMs);
    }
    expect(services.gate.environment).toMatchObject({ PORT: String(port), METRICS_HOST: "0.0.0.0" });
    expect(services.gate.ports).toEqual([`${port}:${port}`]);
    const [, , , script] = services.gate.healthcheck.test;
    expect(script).toContain(`http://127.0.0.1:${metricsPort}/ready`);
    expect(() => new Function(script)).not.toThrow();
  });
});

describe("Kubernetes", () => {
  const documents = parseAllDocuments(kubernetesText).map((document) => document.toJS() as Yaml);
  const [deployment, service, budget, autoscaler] = documents;
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;
  const environment = Object.fromEntries(container.env.map(({ name, value }: Yaml) => [name, value]));

  test("has what it takes: a Deployment, a Service, a budget, an autoscaler, which mean the same pods", () => {
    expect(documents.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      "apps/v1 Deployment",
      "v1 Service",
      "policy/v1 PodDisruptionBudget",
      "autoscaling/v2 HorizontalPodAutoscaler",
    ]);
    const { labels } = deployment.spec.template.metadata;
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(service.spec.selector).toEqual(labels);
    expect(budget.spec.selector.matchLabels).toEqual(labels);
    expect(autoscaler.spec.scaleTargetRef).toEqual({
      apiVersion: deployment.apiVersion,
      kind: deployment.kind,
      name: deployment.metadata.name,
    });
  });

  test("has the program's ports and paths", () => {
    const ports = Object.fromEntries(container.ports.map(({ name, containerPort }: Yaml) => [name, containerPort]));
    expect(ports).toEqual({ ws: port, metrics: metricsPort });
    expect(environment).toMatchObject({ PORT: String(port), METRICS_HOST: "0.0.0.0" });
    expect(service.spec.ports[0].targetPort).toBe("ws");
    const { startupProbe, readinessProbe, livenessProbe } = container;
    expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { path: "/ready", port: "metrics" },
      { path: "/ready", port: "metrics" },
      { path: "/health", port: "metrics" },
    ]);
    const { annotations } = deployment.spec.template.metadata;
    expect(annotations["prometheus.io/port"]).toBe(String(metricsPort));
  });

  test("leaves time for the drain, and replaces one pod at a time", () => {
    const [command, seconds] = container.lifecycle.preStop.exec.command;
    expect(command).toBe("sleep");
    expect(spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(Number(seconds) * 1_000 + graceMs + 5_000);
    expect(text).toContain(
      `${spec.terminationGracePeriodSeconds} seconds after the first step: ${seconds} for \`preStop\`, ${graceMs / 1_000} for \`graceMs\``,
    );
    const { maxSurge, maxUnavailable } = deployment.spec.strategy.rollingUpdate;
    expect([maxSurge, maxUnavailable, budget.spec.maxUnavailable]).toEqual([1, 0, 1]);
    expect(container.readinessProbe.periodSeconds * container.readinessProbe.failureThreshold).toBeLessThan(
      Number(seconds),
    );
  });

  test("scales before a process is full, and keeps V8 below the memory that there is", () => {
    const [{ pods }] = autoscaler.spec.metrics;
    expect(readFileSync(`${root}docs/metrics.md`, "utf8")).toContain(`| \`${pods.metric.name}\` | gauge |`);
    expect(Number(pods.target.averageValue)).toBeLessThan(maxConnections);
    expect(autoscaler.spec.minReplicas).toBe(deployment.spec.replicas);
    expect(container.resources.limits).toEqual({ memory: "1Gi" });
    expect(environment["NODE_OPTIONS"]).toBe(`--max-old-space-size=${0.75 * 1_024}`);
  });
});

test("nginx hands upgrades on", () => {
  expect(nginx.split("{").length).toBe(nginx.split("}").length);
  for (const line of ["proxy_http_version 1.1;", "Upgrade $http_upgrade;", "Connection upgrade;", `:${port};`]) {
    expect(nginx).toContain(line);
  }
});
