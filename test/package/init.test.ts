import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { launchChromium } from "../examples/chromium.js";
import { emptyFolder, pack, plainEnvironment, run } from "./packed.js";

/* What somebody does who has nothing but the package: `nanowire init`, then what the project's README says, and then what the docs tell of running it. */

const folder = emptyFolder();
const demo = join(folder, "demo");
let server: ChildProcess | undefined;

beforeAll(() => {
  const tarball = pack(folder);
  run(folder, `npm init -y && npm install --no-audit --no-fund ${tarball}`);
  run(folder, `npx --no-install nanowire init demo --nanowire ${tarball}`);
  run(demo, "npm install --no-audit --no-fund");
}, 480_000);

afterAll(async () => {
  const running = server;
  if (running !== undefined && running.exitCode === null) {
    const exited = once(running, "exit");
    running.kill("SIGTERM");
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

describe("a project of nanowire init", () => {
  test("generates, compiles, and its test passes", { timeout: 120_000 }, () => {
    expect(run(demo, "npm test")).toMatch(/^# pass 1$[\s\S]*^# fail 0$/m);
  });

  test("is in step, and its .proto has nothing that the lint finds", { timeout: 120_000 }, () => {
    expect(run(demo, "npx --no-install nanowire sync --check")).toContain("1 complete");
    expect(run(demo, "npm run --silent check")).toContain("nothing found in 1 file");
  });

  test("starts, answers its client and who types, and ends when it is told to", { timeout: 120_000 }, async () => {
    const environment = { ...plainEnvironment(), PORT: "0", TCP_PORT: "0" };
    // What `npm start` does, step by step: a signal to npm would not reach the server on every system.
    run(demo, "npm run --silent build");
    const started = spawn(process.execPath, ["dist/src/main.js"], {
      cwd: demo,
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    server = started;
    const url = await listeningAt(started);
    const shown = run(demo, `URL=${url} node dist/src/client.js`);
    expect(shown).toBe("the counter is 2 now\nadded: 2\nrefused: nothing_to_add\n");
    const typed = `echo 'request Counter.Add {"amount": 2}' | npx --no-install nanowire repl ${url} --proto proto`;
    expect(run(demo, typed).split("\n")).toContain('{"value":"4"}');
    started.kill("SIGTERM");
    expect(await once(started, "exit")).toEqual([0, null]);
  });
});

/** docs/cluster-grpc.md, docs/metrics.md, docs/tracing.md and docs/studio.md in one program: a gate of the project's, and a member that hosts its component. */
const nodeProgram = `import { readFileSync } from "node:fs";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { createServer, ws } from "nanowire";
import { grpc } from "nanowire/grpc";
import { prometheus } from "nanowire/prometheus";
import { studio } from "nanowire/studio";
import { openTelemetryTracing } from "nanowire/tracing";
import { CounterComponent } from "../generated/counter/v1/counter.server.js";
import { Counter } from "./counter.js";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();

const join = process.argv[2];
const isGate = join === undefined;
const driver = isGate ? grpc({ master: true }) : grpc({ join });
const metrics = prometheus({ port: 0 });
const inspector = studio({ port: 0, descriptors: readFileSync("generated/descriptors.json") });
const server = createServer({
  components: isGate ? [] : [new Counter()],
  listen: isGate ? [ws({ port: 0, host: "127.0.0.1" })] : [],
  forward: isGate ? [CounterComponent] : [],
  cluster: { id: isGate ? "gate" : "member", driver },
  metrics: { reporters: [metrics] },
  inspectors: [inspector],
  tracing: openTelemetryTracing(),
});
await server.start();
server.stopOnSignals({
  onStopped: () => {
    const spans = exporter.getFinishedSpans().map((span) => ({
      name: span.name,
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      parentId: span.parentSpanContext?.spanId,
    }));
    console.log(JSON.stringify({ spans }));
  },
});
const { host, port } = metrics.address ?? {};
console.log(
  JSON.stringify({
    url: server.addresses[0]?.url,
    join: driver.address,
    metrics: \`http://\${host}:\${port}/metrics\`,
    studio: inspector.url,
  }),
);
`;

/** docs/bots.md, for the project's service. */
const scenario = `import { defineScenario } from "nanowire/bots";
import { CounterClient } from "../generated/counter/v1/counter.client.js";

export default defineScenario({
  name: "count",
  async run(bot) {
    const counter = new CounterClient(await bot.connect());
    await bot.repeat({ times: 5, every: "20ms" }, async () => {
      const { value } = await counter.add({ amount: 1 });
      bot.check("the counter grows", value > 0n);
    });
  },
});
`;

/** Where a node is reached. */
interface Addresses {
  readonly url: string;
  readonly join: string;
  readonly metrics: string;
  readonly studio: string;
}

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
}

/** A node of the project, run as a process. */
class DemoNode {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(...args: readonly string[]) {
    this.#process = spawn(process.execPath, ["dist/src/node.js", ...args], {
      cwd: demo,
      env: plainEnvironment(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#lines = createInterface(this.#process.stdout as Readable)[Symbol.asyncIterator]();
    nodes.push(this);
  }

  /** The next line that is an object: what the program says, and not its log. */
  async says<T>(): Promise<T> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) {
        throw new Error("the node ended before it said anything");
      }
      if (value.startsWith("{")) {
        return JSON.parse(value) as T;
      }
    }
  }

  async stop(): Promise<readonly Span[]> {
    this.#process.kill("SIGTERM");
    return (await this.says<{ readonly spans: readonly Span[] }>()).spans;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}

const nodes: DemoNode[] = [];

async function textAt(url: string): Promise<string> {
  return (await fetch(url)).text();
}

describe("what surrounds it, as the docs tell", { timeout: 240_000 }, () => {
  let gate: DemoNode;
  let member: DemoNode;
  let at: Addresses;
  let memberAt: Addresses;

  beforeAll(async () => {
    run(
      demo,
      "npm install --no-audit --no-fund @grpc/grpc-js prom-client @opentelemetry/api @opentelemetry/sdk-trace-node",
    );
    run(demo, "npm install --no-audit --no-fund -D esbuild");
    writeFileSync(join(demo, "src/node.ts"), nodeProgram);
    mkdirSync(join(demo, "bots"));
    writeFileSync(join(demo, "bots/count.ts"), scenario);
    run(demo, "npx --no-install nanowire generate --descriptors generated/descriptors.json && npx --no-install tsc");
    gate = new DemoNode();
    at = await gate.says();
    member = new DemoNode(at.join);
    memberAt = await member.says();
  }, 480_000);

  afterAll(() => {
    for (const node of nodes) {
      node.kill();
    }
  });

  test("a call by hand goes through the gate to the member, and stands in the metrics", async () => {
    const typed = `echo 'request Counter.Add {"amount": 2}' | npx --no-install nanowire repl ${at.url} --proto proto`;
    expect(run(demo, typed).split("\n")).toContain('{"value":"2"}');
    expect(await textAt(at.metrics)).toMatch(/^nanowire_forwarded_total\{.*route="Counter\.Add".*\} 1$/m);
    expect(await textAt(memberAt.metrics)).toMatch(/^nanowire_requests_total\{.*route="Counter\.Add".*\} 1$/m);
    expect((await fetch(at.metrics.replace("/metrics", "/ready"))).status).toBe(200);
  });

  test("bots call it, and their report is text, and a page", () => {
    const flags = "--bots 4 --html report.html --threshold 'counter.v1.Counter.Add count>=20' --threshold 'errors<=0'";
    const report = run(demo, `npx --no-install nanowire bots bots/count.ts --url ${at.url} ${flags}`);
    expect(report).toMatch(/^request +Counter\.Add +20 /m);
    expect(report).toContain("✓ errors<=0 (0)");
    const page = readFileSync(join(demo, "report.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain("Counter.Add");
  });

  test("the studio shows it in a browser: a request is written, sent and answered", async () => {
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(at.studio);
    await page.getByText("running", { exact: true }).first().waitFor();
    await page.keyboard.press("7");
    await page.locator(".route-item", { hasText: "Counter.Add" }).click();
    await page.getByLabel("amount", { exact: true }).fill("3");
    await page.keyboard.press("Control+Enter");
    await page.getByText("answered", { exact: true }).waitFor();
    expect(await page.locator(".reply .json").textContent()).toContain('"value": "25"');
  });

  test("and every call is one trace across both nodes", async () => {
    const ofMember = await member.stop();
    const ofGate = await gate.stop();
    const handlers = ofMember.filter(({ name }) => name === "Counter.Add handler");
    expect(handlers.length).toBe(22);
    const spans = new Map([...ofMember, ...ofGate].map((span) => [span.spanId, span]));
    for (const handler of handlers) {
      const trail: Span[] = [];
      for (let span: Span | undefined = handler; span !== undefined; span = spans.get(span.parentId ?? "")) {
        trail.push(span);
      }
      // The handler, its message at the member, the way there, and the message at the gate.
      expect(trail.map(({ name }) => name)).toEqual(["Counter.Add handler", ...Array(3).fill("Counter.Add")]);
      expect(new Set(trail.map(({ traceId }) => traceId)).size).toBe(1);
      expect(trail.slice(2).every((span) => ofGate.includes(span))).toBe(true);
    }
  });
});

/** The WebSocket URL that a server says it listens on. */
async function listeningAt({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) {
    throw new Error("the process has no output to read");
  }
  for await (const line of createInterface(stdout)) {
    const url = /ws:\/\/\S+/.exec(line)?.[0];
    if (url !== undefined) {
      stdout.resume();
      return url;
    }
  }
  throw new Error("the server ended before it listened");
}
