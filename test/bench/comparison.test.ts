import { describe, expect, it } from "vitest";
import { median, runComparison } from "../../bench/comparison.js";
import { unpinned } from "../../bench/pinning.js";
import { formatComparison, formatRatio } from "../../bench/report.js";
import type { RoundFigures, Setting, Side } from "../../bench/side.js";

const setting: Setting = {
  connections: 1,
  rounds: 3,
  roundMs: 20,
  warmUpMs: 10,
  pinning: unpinned,
  profileDirectory: undefined,
};

/** A side that says what is done to it, and whose rounds take the CPU times given, for 100 messages. */
function fakeSide(name: string, log: string[], serverCpuMicros: readonly number[]): Side {
  const rounds = [...serverCpuMicros];
  return {
    name,
    async start() {
      log.push(`${name} start`);
      return {
        async round(ms): Promise<RoundFigures> {
          log.push(`${name} ${ms}`);
          const cpu = rounds.shift();
          if (cpu === undefined) {
            throw new Error(`${name} has no more rounds`);
          }
          return {
            messages: 100,
            elapsedMs: 50,
            cpuMicros: 49_000,
            sentBytes: 3_200,
            receivedBytes: 3_800,
            latencyMs: { p50: 1, p99: 2, p999: 3, most: 4 },
            serverCpuMicros: cpu,
          };
        },
        async stop() {
          log.push(`${name} stop`);
        },
      };
    },
  };
}

describe("runComparison", () => {
  it("lets the sides take turns, does not count the warm-up, and takes the median of the pairs' ratios", async () => {
    const log: string[] = [];
    const figures = await runComparison(
      {
        name: "one",
        title: "One",
        baseline: fakeSide("a", log, [99_999, 1_000, 1_000, 4_000]),
        subject: fakeSide("b", log, [1, 2_000, 500, 4_000]),
      },
      setting,
    );
    expect(log).toEqual([
      ...["a start", "b start", "a 10", "b 10"],
      ...["a 20", "b 20", "a 20", "b 20", "a 20", "b 20"],
      ...["a stop", "b stop"],
    ]);
    expect(figures.ratios).toEqual([0.5, 2, 1]);
    expect(figures.ratio).toBe(1);
    expect(figures.baseline).toMatchObject({
      cpuMicrosPerMessage: 10,
      messagesPerSecond: 2_000,
      serverCpuShare: 0.02,
      loadCpuShare: 0.98,
      requestBytes: 32,
      answerBytes: 38,
    });
    expect(figures.subject.cpuMicrosPerMessage).toBe(20);
    const table = formatComparison("case", figures).split("\n");
    expect(table[2]).toMatch(/^ {2}a +10\.00 +2,000 .* 1\.00$/);
    expect(table[3]).toMatch(/^ {2}b +20\.00 +2,000 .* 0\.50–2\.00 +1\.00$/);
    expect(table[4]).toContain("the load generator was busy");
    expect(formatRatio("case", figures)).toMatch(/^ratio case\/one +× a +1\.00$/);
  });

  it.each([
    ["cpu", 2, / 2\.00$/],
    ["rate", 1, / 1\.00 messages\/s$/],
    ["p99", 1, / 1\.00 p99$/],
  ] as const)("makes the ratio of %s", async (measure, ratio, line) => {
    const figures = await runComparison(
      {
        name: "one",
        title: "One",
        measure,
        baseline: fakeSide("a", [], [1, 2_000, 2_000, 2_000]),
        subject: fakeSide("b", [], [1, 1_000, 1_000, 1_000]),
      },
      setting,
    );
    expect(figures).toMatchObject({ measure, ratio });
    expect(formatRatio("case", figures)).toMatch(line);
  });

  it("stops what it has started when a round fails", async () => {
    const log: string[] = [];
    const comparison = {
      name: "one",
      title: "One",
      baseline: fakeSide("a", log, [1]),
      subject: fakeSide("b", log, []),
    };
    await expect(runComparison(comparison, setting)).rejects.toThrow("b has no more rounds");
    expect(log.slice(-2)).toEqual(["a stop", "b stop"]);
  });
});

describe("median", () => {
  it.each([
    [[3], 3],
    [[3, 1], 2],
    [[9, 1, 3], 3],
    [[4, 1, 2, 100], 3],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("of nothing is no number", () => {
    expect(median([])).toBeNaN();
  });
});
