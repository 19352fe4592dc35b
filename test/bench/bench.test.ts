// The bench itself, run as `npm run bench -- --quick` runs it, on the sources as they are: whether it measures, not
// how fast anything is.

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChaosFigures } from "../../bench/chaos/run-chaos.js";
import type { HopFigures, HopLatencyFigures } from "../../bench/cluster/hop.js";
import type { CommandFigures } from "../../bench/commands/command-comparison.js";
import type { WatchFigures } from "../../bench/commands/watch-comparison.js";
import type { ComparisonFigures, SideFigures } from "../../bench/comparison.js";
import type { FootprintFigures } from "../../bench/footprint/footprint.js";
import type { SimulationFigures } from "../../bench/simulation/simulation.js";
import type { SoakFigures } from "../../bench/soak/run-soak.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "nanowire-bench-"));
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  writeFileSync(
    join(directory, "package.json"),
    JSON.stringify({
      ...own,
      exports: {
        ".": "./runtime/index.js",
        "./client": "./runtime/client/index.js",
        "./grpc": "./runtime/cluster/grpc/index.js",
        "./json": "./runtime/protocol/json/index.js",
        "./nats": "./runtime/cluster/nats/index.js",
        "./wire": "./runtime/protocol/wire/index.js",
      },
      bin: undefined,
    }),
  );
  for (const folder of ["runtime", "bench", "generator"]) {
    await compile(folder);
  }
  symlinkSync(join(root, "generator/templates"), join(directory, "generator/templates"));
  symlinkSync(join(root, "proto"), join(directory, "proto"));
  cpSync(join(root, "bench/proto"), join(directory, "bench/proto"), { recursive: true });
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Takes the types off every source below a folder: what tsc does, without its checks. */
async function compile(folder: string): Promise<void> {
  mkdirSync(join(directory, folder));
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "templates" && path !== "bench/peers") {
        await compile(path);
      }
    } else if (entry.name.endsWith(".ts")) {
      const { code } = await transform(readFileSync(join(root, path), "utf8"), {
        loader: "ts",
        target: "es2022",
        tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      });
      writeFileSync(join(directory, path.replace(/\.ts$/, ".js")), code);
    }
  }
}

/** Runs comparisons of hop, each of which has measured what it is to, and returns the last lines with them, one for each. */
async function measuredHops(...names: string[]): Promise<{ hops: HopFigures[]; lastLines: string[] }> {
  const json = join(directory, "hop.json");
  const { code, output, errors } = await bench(...names, "--quick", "--json", json);
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: HopFigures[] }[] };
  const hops = cases[0]?.comparisons ?? [];
  expect(hops).toHaveLength(names.length);
  for (const { alone, forwarded, engines } of hops) {
    expectMeasured(alone, 64);
    expectMeasured(forwarded, 64);
    for (const { ratio, ratios, ...engine } of engines) {
      expectMeasured(engine, 64);
      expect(ratios).toHaveLength(2);
      expect(Number.isFinite(ratio)).toBe(true);
      expect([engine.requestBytes, engine.answerBytes]).toEqual([64, 64]);
    }
    // Packet, message and payload.
    expect([forwarded.requestBytes, forwarded.answerBytes]).toEqual([72, 70]);
  }
  return { hops, lastLines: output.trimEnd().split("\n").slice(-names.length) };
}

function bench(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(directory, "bench/main.js"), ...args], { timeout: 55_000 });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output, errors }));
  });
}

describe("npm run bench", () => {
  it("lists its cases", async () => {
    const { code, output } = await bench("--list");
    expect(code).toBe(0);
    expect(output).toContain("ping-pong/tcp-16: TCP, 16 in flight");
    expect(output).toContain("ping-pong-bytes/ws-1: WebSocket, 1 in flight");
    expect(output).toContain("timers/mixed: every 500 to 1,500 ms");
    expect(output).toContain("generator/with-json: ");
    expect(output).toContain("watch/large: ");
    expect(output).toContain("bundle/one-service: ");
    expect(output).toContain("broadcast-gates/nats-1: nats(), a message at once");
    expect(output).toContain("hop/grpc-512: grpc(), 512 requests at once");
  });

  it("refuses a case that there is not", async () => {
    const { code, errors } = await bench("ping");
    expect(code).toBe(1);
    expect(errors).toContain("there is no case ping");
  });

  it("says how to install other servers where they are not", async () => {
    const { code, errors } = await bench("peers/pinus-1", "--quick");
    expect(code).toBe(1);
    expect(errors).toBe("peers: `npm run peers` installs the other servers\n");
  });

  it("runs ping-pong: every request is answered, every figure is there, and the ratios are printed last", async () => {
    const json = join(directory, "figures.json");
    const { code, output, errors } = await bench("ping-pong", "--quick", "--json", json);
    expect(errors).toBe("");
    expect(code).toBe(0);
    const { cases } = JSON.parse(readFileSync(json, "utf8")) as {
      cases: { case: string; comparisons: ComparisonFigures[] }[];
    };
    expect(cases.map((each) => each.case)).toEqual(["ping-pong"]);
    const comparisons = cases[0]?.comparisons ?? [];
    expect(comparisons.map(({ name }) => name)).toEqual(["tcp-1", "tcp-16", "ws-1", "ws-16"]);
    for (const { baseline, subject, ratio, ratios } of comparisons) {
      expect(ratios).toHaveLength(2);
      expect(ratio).toBeGreaterThan(0);
      for (const side of [baseline, subject]) {
        expectMeasured(side);
      }
    }
    // Packet, message and payload; over WebSocket 6 bytes more for a masked frame, and 2 for one of the server's, which answers share.
    expect(comparisons.map(({ baseline }) => baseline.requestBytes)).toEqual([32, 32, 38, 38]);
    expect(comparisons.map(({ baseline }) => baseline.answerBytes)).toEqual([32, 32, 34, 34]);
    expect(comparisons.map(({ subject }) => subject.requestBytes)).toEqual([40, 40, 46, 46]);
    const [tcp1, tcp16, ws1, ws16] = comparisons.map(({ subject }) => subject.answerBytes);
    expect([tcp1, tcp16, ws1]).toEqual([38, 38, 40]);
    expect(ws16).toBeGreaterThan(38);
    expect(ws16).toBeLessThan(40);
    const last = output.trimEnd().split("\n").slice(-4);
    for (const line of last) {
      expect(line).toMatch(/^ratio ping-pong\/(tcp|ws)-(1|16) +× (node:net|ws) echo +\d+\.\d\d$/);
    }
  }, 60_000);

  it("runs ping-pong with a kibibyte: it goes there and comes back", async () => {
    const [tcp16, ws16] = await comparisonsOf("ping-pong-1k/tcp-16", "ping-pong-1k/ws-16");
    expectMeasured(tcp16?.baseline);
    expectMeasured(tcp16?.subject);
    expectMeasured(ws16?.subject);
    // Packet, message and payload; over WebSocket 8 bytes more for a masked frame, and 4 for one of the server's.
    expect([tcp16?.baseline.requestBytes, tcp16?.baseline.answerBytes]).toEqual([1_024, 1_024]);
    expect([tcp16?.subject.requestBytes, tcp16?.subject.answerBytes]).toEqual([1_032, 1_030]);
    expect(ws16?.subject.requestBytes).toBe(1_040);
    expect(ws16?.subject.answerBytes).toBeLessThanOrEqual(1_034);
  }, 60_000);

  it("runs broadcast: everybody is told, as often as is said, and each delivery counts", async () => {
    const comparisons = await comparisonsOf("broadcast/tcp-1", "broadcast/ws-100");
    for (const { name, baseline, subject } of comparisons) {
      expectMeasured(baseline);
      expectMeasured(subject);
      const times = Number(name.split("-")[1]);
      for (const { messages } of [...baseline.rounds, ...subject.rounds]) {
        expect(messages % (20 * times)).toBe(0);
      }
    }
    // Packet, message and payload, and a frame's header.
    expect(comparisons.map(({ baseline }) => baseline.answerBytes)).toEqual([39, 41]);
    const [tcp1, ws100] = comparisons.map(({ subject }) => subject.answerBytes);
    expect(tcp1).toBe(39);
    expect(ws100).toBeGreaterThanOrEqual(39);
    expect(ws100).toBeLessThanOrEqual(41);
  }, 60_000);

  it("runs nano: a notify is answered by a push", async () => {
    const [figures] = await comparisonsOf("nano/tcp-16");
    expectMeasured(figures?.baseline);
    expectMeasured(figures?.subject);
    // Packet, message without an id, payload.
    expect([figures?.subject.requestBytes, figures?.subject.answerBytes]).toEqual([13, 13]);
  }, 60_000);

  it("runs growth: fewer and more connections, and more routes", async () => {
    const comparisons = await comparisonsOf(
      "growth/connections-tenfold",
      "growth/ws-connections-tenth",
      "growth/routes-1000",
    );
    for (const { baseline, subject } of comparisons) {
      expectMeasured(baseline, 2);
      expectMeasured(subject, 2);
    }
    const [tenfold, tenth, routes] = comparisons.map(({ subject }) => subject);
    // With 20 connections on the other side.
    expect(tenth?.rounds.every(({ messages }) => messages >= 2)).toBe(true);
    expect(tenfold?.rounds.every(({ messages }) => messages >= 200)).toBe(true);
    expect(routes?.rounds.every(({ messages }) => messages >= 2_000)).toBe(true);
    expect([routes?.name, routes?.requestBytes]).toEqual(["1000 routes", 40]);
  }, 60_000);

  it("runs handshakes: clients come and are served while others are busy", async () => {
    const comparisons = await comparisonsOf("handshakes");
    expect(comparisons.map(({ name, measure }) => [name, measure])).toEqual([
      ["tcp", "rate"],
      ["ws", "rate"],
    ]);
    for (const { baseline, subject } of comparisons) {
      for (const side of [baseline, subject]) {
        expectMeasured(side);
        expect(side.rounds.every(({ messages }) => messages >= 64)).toBe(true);
      }
    }
  }, 60_000);

  it("runs flood: quiet clients are answered beside it", async () => {
    const [figures] = await comparisonsOf("flood/ws");
    expect(figures?.measure).toBe("p99");
    const [without, withFlood] = [figures?.baseline, figures?.subject];
    for (const round of [...(without?.rounds ?? []), ...(withFlood?.rounds ?? [])]) {
      // 20 clients, each twice a second, for a tenth of one.
      expect(round.messages).toBe(4);
      expect(round.latencyMs.p99).toBeGreaterThan(0);
    }
    expect(withFlood?.cpuMicrosPerMessage).toBeGreaterThan(without?.cpuMicrosPerMessage ?? Number.NaN);
  }, 60_000);

  it("runs start-up: a process that does nothing, and one that listens; and writes a report", async () => {
    const [figures] = await footprintsOf("start-up/tcp", "--rounds", "1", "--report");
    expect([figures?.baseline.name, figures?.subject.name]).toEqual(["empty process", "nanowire"]);
    for (const side of [figures?.baseline, figures?.subject]) {
      expect(side?.medians["startMs"]).toBeGreaterThan(10);
      expect(side?.medians["cpuMs"]).toBeGreaterThan(10);
      expect(side?.medians["residentMb"]).toBeGreaterThan(20);
    }
    const report = readFileSync(join(directory, "bench/RESULTS.md"), "utf8");
    expect(report).toMatch(/^\| command \| `npm run bench -- start-up\/tcp --quick --rounds 1 --report/m);
    expect(report).toContain(`| Node | ${process.version}, `);
    expect(report).toMatch(/^\| packages \| nanowire \d+\.\d+\.\d+, ws \d/m);
    expect(report).toMatch(
      /^## start-up\n[\s\S]+^ +ms to listen[\s\S]+^ {2}empty process +\d+[\s\S]+^ {2}nanowire +\d+/m,
    );
    expect(report).toMatch(/^ratio start-up\/tcp +÷ empty process: time \d/m);
  }, 60_000);

  it("runs wire: both kinds write the same bytes, and the ratio is printed last", async () => {
    const json = join(directory, "wire.json");
    const { code, output, errors } = await bench("wire/chat-encode", "--quick", "--json", json);
    expect(errors).toBe("");
    expect(code).toBe(0);
    const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: ComparisonFigures[] }[] };
    const [figures] = cases[0]?.comparisons ?? [];
    expect(figures?.baseline.requestBytes).toBeGreaterThan(80);
    expect(figures?.subject.requestBytes).toBe(figures?.baseline.requestBytes);
    expect(figures?.subject.cpuMicrosPerMessage).toBeGreaterThan(0);
    expect(output.trimEnd().split("\n").at(-1)).toMatch(/^ratio wire\/chat-encode +× @bufbuild\/protobuf +\d+\.\d\d$/);
  }, 60_000);

  it("runs codec: every codec writes what it has read", async () => {
    const comparisons = await comparisonsOf(
      "codec/small-decode-ts-proto",
      "codec/mid-encode-protobuf-es",
      "codec/mid-decode-protobufjs",
    );
    expect(comparisons.map(({ baseline }) => baseline.name)).toEqual(["ts-proto", "protobuf-es", "protobufjs"]);
    expect(comparisons.map(({ subject }) => subject.name)).toEqual(["nanowire", "nanowire", "nanowire"]);
    const [small, encoded, decoded] = comparisons;
    expect([small?.subject.answerBytes, small?.baseline.answerBytes]).toEqual([32, 32]);
    expect([encoded?.subject.requestBytes, decoded?.subject.answerBytes]).toEqual([1_704, 1_704]);
    for (const { baseline, subject } of comparisons) {
      expect(baseline.cpuMicrosPerMessage).toBeGreaterThan(0);
      expect(subject.cpuMicrosPerMessage).toBeGreaterThan(0);
    }
  }, 60_000);

  it("runs hop: through a gate to a member and back, each beside its bare engine, and the ratios are printed last", async () => {
    const { hops, lastLines } = await measuredHops("hop/grpc-64", "hop/nats-64");
    const [grpc, nats] = hops;
    expect(grpc?.engines.map(({ name }) => name)).toEqual(["unary call", "stream"]);
    expect(nats?.engines.map(({ name }) => name)).toEqual(["NATS request"]);
    expect(partsOf(grpc?.forwarded)).toEqual(["gate", "member"]);
    expect(partsOf(nats?.forwarded)).toEqual(["gate", "member", "nats-server"]);
    expect(partsOf(nats?.engines[0])).toEqual(["server", "nats-server", "caller"]);
    expect(lastLines[0]).toMatch(
      /^ratio hop\/grpc-64 +hop ÷ unary call -?\d+\.\d+, ÷ stream -?\d+\.\d+ \(less is better\)$/,
    );
    expect(lastLines[1]).toMatch(/^ratio hop\/nats-64 +hop ÷ NATS request -?\d+\.\d+ \(less is better\)$/);
  }, 60_000);

  it("runs hop in nano's way: nodes of ours that take each other for nano's, beside the two calls that it takes", async () => {
    const { hops, lastLines } = await measuredHops("hop/nano-64");
    expect(hops[0]?.engines.map(({ name }) => name)).toEqual(["unary call", "there and back"]);
    expect(lastLines[0]).toMatch(
      /^ratio hop\/nano-64 +hop ÷ unary call -?\d+\.\d+, ÷ there and back -?\d+\.\d+ \(less is better\)$/,
    );
  }, 60_000);

  it("runs hop at half of the load that it bears: requests go out at their rate", async () => {
    const json = join(directory, "hop-latency.json");
    const { code, output, errors } = await bench("hop/grpc-latency", "--quick", "--json", json);
    expect(errors).toBe("");
    expect(code).toBe(0);
    const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: HopLatencyFigures[] }[] };
    const [figures] = cases[0]?.comparisons ?? [];
    expectMeasured(figures?.paced, 1);
    expect(new Set(figures?.paced.rounds.map(({ messages }) => messages)).size).toBe(1);
    expect(output.trimEnd().split("\n").at(-1)).toMatch(
      /^time {2}hop\/grpc-latency +p99 \d+\.\d\d ms at [\d,]+ requests\/s \(less is better\)$/,
    );
  }, 60_000);

  it.each([
    // A push is a message a gate; a hundred of one turn go to a gate as one.
    ["broadcast-gates/grpc-1", 1, 4],
    ["broadcast-gates/nats-100", 100, 0.05],
  ] as const)(
    "runs %s: all clients of all gates are told, and each gate is sent one message a turn",
    async (name, times, most) => {
      const [figures] = await comparisonsOf(name);
      for (const side of [figures?.baseline, figures?.subject]) {
        expectMeasured(side);
        // 200 clients.
        expect(side?.rounds.map(({ messages }) => messages % (200 * times))).toEqual([0, 0]);
      }
      expect(messagesOnLinks(figures)).toHaveLength(2);
      expect(Math.min(...messagesOnLinks(figures))).toBeGreaterThan(0);
      expect(Math.max(...messagesOnLinks(figures))).toBeLessThanOrEqual(most);
    },
    60_000,
  );

  it("runs cluster-simulation: nodes, sessions and groups are there, and a push is one message a gate", async () => {
    const json = join(directory, "simulation.json");
    const { code, output, errors } = await bench("cluster-simulation/gates-10", "--quick", "--json", json);
    expect(errors).toBe("");
    expect(code).toBe(0);
    const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: SimulationFigures[] }[] };
    const [figures] = cases[0]?.comparisons ?? [];
    expect([figures?.nodes, figures?.sessions, figures?.groups]).toEqual([11, 2_000, 2_000]);
    // Groups of about a hundred have members at each of ten gates, mostly.
    expect(figures?.push.frames).toBeGreaterThan(9.5);
    expect(figures?.push.frames).toBeLessThanOrEqual(10);
    // A hundred pushes of a turn share ten messages.
    expect(figures?.pushTogether.frames).toBeCloseTo(0.1, 5);
    for (const figure of [figures?.nodeKb, figures?.sessionKb, figures?.guestKb, figures?.joinMicros]) {
      expect(figure).toBeGreaterThan(0);
    }
    expect(figures?.gateInfoBytes).toBeGreaterThan(100);
    expect(output).toContain("reckoned     100,000 sessions, 50 times as many as are there");
    expect(output.trimEnd().split("\n").at(-1)).toMatch(
      /^cost {2}cluster-simulation\/gates-10 +push [\d.]+ µs with [\d.]+ messages, join [\d.]+ µs \(less is better\)$/,
    );
  }, 60_000);

  it("runs chaos: faults happen to a cluster, and what was kept is printed last", async () => {
    const json = join(directory, "chaos.json");
    const { code, output, errors } = await bench("chaos/grpc", "--quick", "--json", json);
    expect(errors).toBe("");
    expect(output).toMatch(
      /kept {2}chaos\/grpc: \d+ faults, [\d,]+ requests answered, [\d,]+ failed as they may; all agreed within \d+ ms\n$/,
    );
    expect(code).toBe(0);
    const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: ChaosFigures[] }[] };
    const [figures] = cases[0]?.comparisons ?? [];
    expect(Object.values(figures?.faults ?? {}).length).toBeGreaterThan(0);
    expect(figures?.asked).toBe((figures?.answered ?? 0) + (figures?.failed ?? 0));
  }, 120_000);

  it("runs generator: both commands are measured, and the ratios are printed last", async () => {
    const json = join(directory, "generator.json");
    const { code, output, errors } = await bench("generator/with-json", "--quick", "--rounds", "1", "--json", json);
    expect(errors).toBe("");
    expect(code).toBe(0);
    const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: CommandFigures[] }[] };
    const [figures] = cases[0]?.comparisons ?? [];
    const sides = [figures?.baseline, figures?.subject];
    expect(sides.map((side) => side?.name)).toEqual(["ts-proto plugin", "nanowire generate"]);
    for (const side of sides) {
      expect(side?.rounds).toHaveLength(1);
      expect(side?.cpuMs).toBeGreaterThan(50);
      expect(side?.elapsedMs).toBeGreaterThan(50);
      expect(side?.peakBytes).toBeGreaterThan(30 << 20);
    }
    expect(output.trimEnd().split("\n").at(-1)).toMatch(
      /^ratio generator\/with-json +÷ ts-proto plugin: CPU \d+\.\d{3}, time \d+\.\d{3}, memory \d+\.\d{3} \(less is better\)$/,
    );
  }, 60_000);

  it("runs bundle: tells how large a page's client is", async () => {
    const { code, output } = await bench("bundle", "--quick");
    expect(code).toBe(0);
    const sizes = [...output.matchAll(/^size {2}bundle\/(\S+) +(\d+) bytes gzipped, (\d+) minified/gm)];
    expect(sizes.map(([, name]) => name)).toEqual(["library", "one-service"]);
    const [library = 0, oneService = 0] = sizes.map(([, , gzipped]) => Number(gzipped));
    expect(library).toBeGreaterThan(5_000);
    expect(oneService).toBeGreaterThan(library);
  });

  it("runs watch: every change is followed to its last written file, and the times are printed last", async () => {
    const json = join(directory, "watch.json");
    const { code, output, errors } = await bench("watch/small", "--quick", "--json", json);
    expect(errors).toBe("");
    expect(code).toBe(0);
    const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: WatchFigures[] }[] };
    const changes = cases[0]?.comparisons[0]?.changes ?? [];
    expect(changes.map(({ name }) => name)).toEqual(["a field and its comment", "one rpc more"]);
    // A renamed field: both codecs, and the fingerprint in the stubs. An rpc: stubs, proxies, the dictionary and its lock.
    expect(changes.map(({ first }) => first.files)).toEqual([3, 4]);
    for (const { first, rounds, elapsedMs } of changes) {
      expect(rounds).toHaveLength(2);
      for (const round of [first, ...rounds]) {
        expect(round.files).toBe(first.files);
        expect(round.elapsedMs).toBeGreaterThan(round.toldMs / 2);
      }
      expect(elapsedMs).toBeGreaterThan(0);
    }
    expect(output.trimEnd().split("\n").at(-1)).toMatch(
      /^time {2}watch\/small +a field and its comment \d+ ms, one rpc more \d+ ms \(less is better\)$/,
    );
  }, 60_000);

  // These wait, for most of their time.
  describe.concurrent("at once", () => {
    it("runs idle: memory of both sides, and heartbeats that are answered", async () => {
      const [figures] = await footprintsOf("idle/ws", "--rounds", "1", "--connections", "50");
      expect([figures?.baseline.name, figures?.subject.name]).toEqual(["ws sockets", "nanowire"]);
      expect(Object.keys(figures?.ratios ?? {})).toEqual(["connectedKb", "usedKb", "smallNurseryKb"]);
      // 500 connections.
      expect(figures?.baseline.medians["usedKb"]).toBeGreaterThan(0);
      expect(figures?.subject.medians["usedKb"]).toBeGreaterThan(0);
      expect(figures?.baseline.medians["heartbeatMicros"]).toBe(0);
      expect(figures?.subject.medians["heartbeatMicros"]).toBeGreaterThan(1);
    }, 60_000);

    it("runs timers: both kinds are called as often as they are to be, and the ratio is printed last", async () => {
      const json = join(directory, "timers.json");
      const { code, output, errors } = await bench("timers/mixed-10-ms", "--quick", "--json", json);
      expect(errors).toBe("");
      expect(code).toBe(0);
      const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: ComparisonFigures[] }[] };
      const [figures] = cases[0]?.comparisons ?? [];
      const sides = [figures?.baseline, figures?.subject];
      expect(sides.map((side) => side?.name)).toEqual(["setInterval", "nanowire"]);
      for (const round of sides.flatMap((side) => side?.rounds ?? [])) {
        // 2,000 timers, each about once a second, for a tenth of one, or longer where the machine is busy.
        expect(round.messages).toBeGreaterThan(20);
        expect(round.messages).toBeLessThan(2_000 * (round.elapsedMs / 500 + 1));
        expect(round.serverCpuMicros).toBeGreaterThan(0);
        expect(round.latencyMs.most).toBeGreaterThan(0);
      }
      expect(output.trimEnd().split("\n").at(-1)).toMatch(/^ratio timers\/mixed-10-ms +× setInterval +\d+\.\d\d$/);
    }, 60_000);

    it("runs soak: every kind of client comes, and what is kept is printed last", async () => {
      const json = join(directory, "soak.json");
      const { code, output, errors } = await bench("soak", "--quick", "--json", json);
      expect(errors).toBe("");
      expect(output).toMatch(/kept {2}soak\/mixed: [\d,]+ questions answered, in order; memory flat\n$/);
      expect(code).toBe(0);
      const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: SoakFigures[] }[] };
      const [figures] = cases[0]?.comparisons ?? [];
      expect(figures?.report.answered).toBeGreaterThan(100);
      expect(figures?.report.ticks).toBeGreaterThan(100);
      expect(figures?.report.cuts).toBeGreaterThan(0);
      expect(Object.keys(figures?.measures.at(-1)?.closed ?? {})).toEqual(
        expect.arrayContaining(["invalid_packet_type", "connection_lost"]),
      );
    }, 60_000);
  });
});

/** Runs cases whose sides are compared, or comparisons of them, and returns what came of each comparison. */
async function comparisonsOf(...names: string[]): Promise<ComparisonFigures[]> {
  const json = join(directory, `${names.join("+").replaceAll("/", "-")}.json`);
  const { code, output, errors } = await bench(...names, "--quick", "--json", json);
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: ComparisonFigures[] }[] };
  const comparisons = cases.flatMap((each) => each.comparisons);
  const last = output.trimEnd().split("\n").slice(-comparisons.length);
  expect(last.map((line) => /^ratio (\S+) +× .+ \d+\.\d\d/.exec(line)?.[1]?.split("/")[1])).toEqual(
    comparisons.map(({ name }) => name),
  );
  return comparisons;
}

/** The same of a case that measures memory, with more flags. */
async function footprintsOf(name: string, ...flags: string[]): Promise<FootprintFigures[]> {
  const json = join(directory, `${name.replaceAll("/", "-")}.json`);
  const { code, output, errors } = await bench(name, "--quick", ...flags, "--json", json);
  expect(errors).toBe("");
  expect(code).toBe(0);
  expect(output.trimEnd().split("\n").at(-1)).toMatch(new RegExp(`^ratio ${name} +÷ .+ \\(less is better\\)$`));
  const { cases } = JSON.parse(readFileSync(json, "utf8")) as { cases: { comparisons: FootprintFigures[] }[] };
  return cases.flatMap((each) => each.comparisons);
}

/** How many messages went to gates for a push, in each round. */
function messagesOnLinks(figures: ComparisonFigures | undefined): number[] {
  return (figures?.subject.rounds ?? []).map(({ beside }) => beside?.["messages on links a push"] ?? Number.NaN);
}

/** The processes that a side's CPU time is told of one by one. */
function partsOf(side: SideFigures | undefined): string[] {
  return Object.keys(side?.rounds[0]?.parts ?? {});
}

function expectMeasured(side: SideFigures | undefined, leastMessages = 20): void {
  if (side === undefined) {
    throw new Error("there is no such side");
  }
  const { rounds, latencyMs, name: _name, ...figures } = side;
  expect(rounds).toHaveLength(2);
  for (const round of rounds) {
    expect(round.messages).toBeGreaterThanOrEqual(leastMessages);
    expect(round.serverCpuMicros).toBeGreaterThan(0);
    expect(round.cpuMicros).toBeGreaterThan(0);
  }
  for (const figure of [...Object.values(figures), ...Object.values(latencyMs)]) {
    expect(Number.isFinite(figure)).toBe(true);
    expect(figure).toBeGreaterThan(0);
  }
  expect(latencyMs.p50).toBeLessThanOrEqual(latencyMs.p99);
  expect(latencyMs.p99).toBeLessThanOrEqual(latencyMs.p999);
}
