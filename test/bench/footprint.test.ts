import { describe, expect, it } from "vitest";
import {
  type Figures,
  type FootprintComparison,
  type FootprintSide,
  formatFootprint,
  formatFootprintRatios,
  runFootprint,
} from "../../bench/footprint/footprint.js";
import { unpinned } from "../../bench/pinning.js";
import type { Setting } from "../../bench/side.js";

const setting: Setting = {
  connections: 1,
  rounds: 3,
  roundMs: 20,
  warmUpMs: 10,
  pinning: unpinned,
  profileDirectory: undefined,
};

function fakeSide(name: string, log: string[], rounds: readonly Figures[]): FootprintSide {
  const left = [...rounds];
  return {
    name,
    async measure() {
      log.push(name);
      const figures = left.shift();
      if (figures === undefined) {
        throw new Error(`${name} has no more rounds`);
      }
      return figures;
    },
  };
}

function comparison(log: string[]): FootprintComparison {
  return {
    name: "one",
    title: "One",
    figures: [
      { key: "kb", heading: "KB", digits: 1, ratio: "memory" },
      { key: "micros", heading: "CPU µs", digits: 0 },
    ],
    baseline: fakeSide("bare", log, [
      { kb: 2, micros: 0 },
      { kb: 4, micros: 0 },
      { kb: 4, micros: 0 },
    ]),
    subject: fakeSide("nanowire", log, [
      { kb: 3, micros: 7 },
      { kb: 4, micros: 8 },
      { kb: 10, micros: 9 },
    ]),
  };
}

describe("runFootprint", () => {
  it("measures in turn, and takes medians; of the ratios those of the pairs", async () => {
    const log: string[] = [];
    const made = comparison(log);
    const figures = await runFootprint(made, setting);
    expect(log).toEqual(["bare", "nanowire", "bare", "nanowire", "bare", "nanowire"]);
    expect(figures.baseline.medians).toEqual({ kb: 4, micros: 0 });
    expect(figures.subject.medians).toEqual({ kb: 4, micros: 8 });
    expect(figures.ratios).toEqual({ kb: 1.5 });
    const [title, heads, bare, nanowire] = formatFootprint("case", made, figures).split("\n");
    expect(title).toBe("case/one: One");
    expect(heads?.trim().split(/ {2,}/)).toEqual(["KB", "CPU µs"]);
    expect(bare).toMatch(/^ {2}bare +4\.0 +0$/);
    expect(nanowire).toMatch(/^ {2}nanowire +4\.0 +8$/);
    expect(formatFootprintRatios("case", made, figures)).toMatch(
      /^ratio case\/one +÷ bare: memory 1\.50 \(less is better\)$/,
    );
  });

  it("ends with what a side throws", async () => {
    await expect(runFootprint(comparison([]), { ...setting, rounds: 4 })).rejects.toThrow("bare has no more rounds");
  });
});
