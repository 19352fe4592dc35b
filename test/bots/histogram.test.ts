import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "../../runtime/bots/histogram.js";

function histogramOf(values: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of values) {
    histogram.record(value);
  }
  return histogram;
}

describe("Histogram", () => {
  it("of nothing has no percentiles", () => {
    const histogram = new Histogram();
    expect(histogram.count).toBe(0);
    expect(histogram.greatest).toBe(0);
    expect(histogram.percentile(0.5)).toBe(0);
  });

  it("tells values below 128 exactly", () => {
    const histogram = histogramOf(Array.from({ length: 128 }, (_, index) => index));
    expect(histogram.count).toBe(128);
    for (let rank = 1; rank <= 128; rank++) {
      expect(histogram.percentile(rank / 128)).toBe(rank - 1);
    }
  });

  it.each([
    [128, 128],
    [129, 129],
    [130, 130],
    [255, 255],
    [256, 256],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ])("tells a lone %i, its own greatest", (value, expected) => {
    expect(Math.abs(histogramOf([value]).percentile(0.5) - expected)).toBeLessThanOrEqual(expected / 128);
  });

  it.each([
    ["less than 0", -5, 0],
    ["no number", Number.NaN, 0],
    ["a fraction", 7.9, 7],
    ["too great", 2 ** 40, 2 ** 31 - 1],
    ["infinite", Number.POSITIVE_INFINITY, 2 ** 31 - 1],
  ])("counts what is %s at the nearest it can", (_name, value, expected) => {
    const histogram = histogramOf([value]);
    expect(histogram.count).toBe(1);
    expect(histogram.greatest).toBe(expected);
  });

  it("forgets", () => {
    const histogram = histogramOf([1, 1_000, 1_000_000]);
    histogram.clear();
    expect(histogram.count).toBe(0);
    expect(histogram.greatest).toBe(0);
    histogram.record(3);
    expect(histogram.percentile(1)).toBe(3);
  });

  it("is within 1/128 of the exact percentile, whatever was recorded", () => {
    const values = fc.array(fc.oneof(fc.nat(200), fc.nat(100_000), fc.nat(2 ** 31 - 1)), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (recorded, share) => {
        const sorted = [...recorded].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
        const told = histogramOf(recorded).percentile(share);
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact / 128);
        expect(told).toBeLessThanOrEqual(sorted.at(-1) ?? 0);
      }),
    );
  });
});

describe("several histograms", () => {
  it("added up tell what one would that has counted everything, whatever was counted where", () => {
    const parts = fc.array(fc.array(fc.oneof(fc.nat(200), fc.nat(2 ** 31 - 1)), { maxLength: 60 }), { maxLength: 5 });
    fc.assert(
      fc.property(parts, (recorded) => {
        const whole = histogramOf(recorded.flat());
        const sum = new Histogram();
        for (const part of recorded) {
          // As it comes from another process.
          sum.add(structuredClone(histogramOf(part).snapshot()));
        }
        expect(sum.snapshot()).toEqual(whole.snapshot());
        expect(sum.mean).toBe(whole.mean);
        expect([0, 0.5, 0.99, 1].map((share) => sum.percentile(share))).toEqual(
          [0, 0.5, 0.99, 1].map((share) => whole.percentile(share)),
        );
      }),
    );
  });
});
