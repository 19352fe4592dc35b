import { describe, expect, it } from "vitest";
import { parseBenchArguments, usage } from "../../bench/arguments.js";
import { blob, crowd, pingPong, pingPongBytes, position } from "../../bench/cases/ping-pong.js";
import { rankProfile } from "../../bench/profile.js";
import { selectCases } from "../../bench/select-cases.js";

describe("parseBenchArguments", () => {
  it("has the defaults that --help tells", () => {
    expect(parseBenchArguments([])).toEqual({
      names: [],
      list: false,
      help: false,
      connections: 1_000,
      rounds: 5,
      roundMs: 2_000,
      warmUpMs: 2_000,
      pin: true,
      json: undefined,
      profile: undefined,
      report: false,
      tree: { services: 200, methods: 10 },
      soak: { clients: 2_000, seconds: 60 },
      chaos: { clients: 32, seconds: 60 },
    });
    expect(usage).toContain("default: 1000; for soak: 2000, chaos: 32");
    expect(usage).toContain("default: 5");
    expect(usage).toContain("default: 2; for soak and chaos, all of it: 60");
  });

  it("gives soak and chaos as many clients and as long as is said, and their own defaults where nothing is", () => {
    const said = parseBenchArguments(["--connections", "500", "--seconds", "10"]);
    expect(said.soak).toEqual({ clients: 500, seconds: 10 });
    expect(said.chaos).toEqual({ clients: 500, seconds: 10 });
    const quick = parseBenchArguments(["--quick"]);
    expect(quick.soak).toEqual({ clients: 40, seconds: 8 });
    expect(quick.chaos).toEqual({ clients: 8, seconds: 4 });
  });

  it("takes names and flags; what is said wins over --quick", () => {
    const args = [
      "ping-pong/tcp-1",
      "--quick",
      "--rounds",
      "7",
      "--no-pin",
      "--json",
      "out.json",
      "--profile=prof",
      "--report",
    ];
    expect(parseBenchArguments(args)).toMatchObject({
      names: ["ping-pong/tcp-1"],
      connections: 20,
      rounds: 7,
      roundMs: 100,
      pin: false,
      json: "out.json",
      profile: "prof",
      report: true,
      tree: { services: 5, methods: 2 },
    });
  });

  it.each([
    [["--connections", "0"], "--connections 0 is not a number from 1 to 8000"],
    [["--connections", "20000"], "--connections 20000 is not a number from 1 to 8000"],
    [["--rounds", "2.5"], "--rounds 2.5 is not an integer"],
    [["--seconds", "x"], "--seconds x is not a number from 0.01 to 600"],
    [["--seconds", ""], "--seconds  is not a number from 0.01 to 600"],
    [["--fast"], "--fast"],
  ])("refuses %j", (args, message) => {
    expect(() => parseBenchArguments(args)).toThrow(message);
  });
});

describe("selectCases", () => {
  const cases = [pingPong, pingPongBytes];
  const names = (selected: ReturnType<typeof selectCases>): string[] =>
    selected.flatMap(({ name, comparisons }) => comparisons.map((comparison) => `${name}/${comparison.name}`));

  it("takes all when none is named", () => {
    expect(names(selectCases(cases, []))).toHaveLength(8);
  });

  it("takes a case, or one comparison of it", () => {
    expect(names(selectCases(cases, ["ping-pong"]))).toEqual(
      ["tcp-1", "tcp-16", "ws-1", "ws-16"].map((name) => `ping-pong/${name}`),
    );
    expect(names(selectCases(cases, ["ping-pong-bytes/ws-16"]))).toEqual(["ping-pong-bytes/ws-16"]);
  });

  it("names those that there are", () => {
    expect(() => selectCases(cases, ["ping"])).toThrow("there is no case ping; there are ping-pong, ping-pong/tcp-1");
  });
});

describe("ping-pong", () => {
  it("echoes 32 bytes, whatever the message, or a kibibyte", () => {
    expect(position.payload).toHaveLength(32);
    expect(blob.payload).toHaveLength(32);
    expect(crowd.payload).toHaveLength(1_024);
  });
});

describe("rankProfile", () => {
  it("counts a function's own time, without the idle time", () => {
    const callFrame = (functionName: string, url = "", lineNumber = -1) => ({ functionName, url, lineNumber });
    const nodes = [
      { id: 1, callFrame: callFrame("(idle)") },
      { id: 2, callFrame: callFrame("decode", "file:///a/dist/runtime/protocol/x.js", 9) },
      { id: 3, callFrame: callFrame("", "node:net", 4) },
      { id: 4, callFrame: callFrame("decode", "file:///a/dist/runtime/protocol/x.js", 9) },
    ];
    expect(rankProfile({ nodes, samples: [1, 2, 3, 4], timeDeltas: [1_000, 10, 20, 30] })).toEqual([
      { where: "decode  runtime/protocol/x.js:10", share: 40 / 60 },
      { where: "(anonymous)  node:net:5", share: 20 / 60 },
    ]);
  });
});
