import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { Buckets, defaultBounds } from "../../runtime/metrics/buckets.js";
import { CodeLabels, mostOwnCodes } from "../../runtime/metrics/code-labels.js";
import { type MetricOptions, Metrics } from "../../runtime/metrics/metrics.js";
import { KeptLog } from "../support/log.js";

const help = "What a test counts.";

function metricsAndLog(): { metrics: Metrics; log: KeptLog; complaints: () => string[] } {
  const log = new KeptLog();
  const complaints = () => log.at("error").map(({ fields }) => (fields["error"] as Error).message);
  return { metrics: new Metrics(log), log, complaints };
}

describe("a program's own metrics", () => {
  it("are counted by their labels, in the order of their declarations", () => {
    const { metrics, complaints } = metricsAndLog();
    const gold = metrics.counter({ name: "gold_spent_total", help, labels: ["shop", "coin"] });
    const rooms = metrics.gauge({ name: "rooms", help, labels: ["map"] });
    const loading = metrics.histogram({ name: "loading_seconds", help, bounds: [0.1, 1] });
    gold.add(5, { shop: "north", coin: "ducat" });
    gold.add(2.5, { coin: "ducat", shop: "north" });
    gold.add(1, { shop: "south", coin: "ducat" });
    rooms.set(12, { map: "desert" });
    rooms.add(-2, { map: "desert" });
    rooms.set(1, { map: "sea" });
    rooms.remove({ map: "sea" });
    for (const seconds of [0.1, 0.1001, 5, 1]) {
      loading.observe(seconds);
    }
    expect(metrics.read()).toEqual([
      {
        name: "gold_spent_total",
        kind: "counter",
        help,
        labels: ["shop", "coin"],
        series: [
          { labels: { shop: "north", coin: "ducat" }, value: 7.5 },
          { labels: { shop: "south", coin: "ducat" }, value: 1 },
        ],
      },
      { name: "rooms", kind: "gauge", help, labels: ["map"], series: [{ labels: { map: "desert" }, value: 10 }] },
      {
        name: "loading_seconds",
        kind: "histogram",
        help,
        labels: [],
        bounds: [0.1, 1],
        series: [{ labels: {}, counts: [1, 2, 1], sum: 6.2001 }],
      },
    ]);
    expect(complaints()).toEqual([]);
  });

  it("without labels are there from the first, at 0", () => {
    const { metrics } = metricsAndLog();
    metrics.counter({ name: "won_total", help });
    metrics.gauge({ name: "rooms", help, labels: ["map"] });
    expect(metrics.read().map(({ series }) => series)).toEqual([[{ labels: {}, value: 0 }], []]);
  });

  it("may be read when somebody asks, and one that fails is left out alone", () => {
    const { metrics, complaints } = metricsAndLog();
    let rooms = 3;
    metrics.gauge({ name: "rooms", help, read: () => rooms });
    metrics.gauge({ name: "broken", help, read: () => JSON.parse("{") as number });
    metrics.gauge({ name: "odd", help, read: () => Number.NaN });
    rooms = 4;
    expect(metrics.read().map(({ series }) => series)).toEqual([[{ labels: {}, value: 4 }], [], []]);
    metrics.read();
    expect(complaints()).toEqual(["read of broken failed", "read of odd says NaN, which is no number"]);
  });

  it("that are declared alike are one, and otherwise two metrics of one name", () => {
    const { metrics } = metricsAndLog();
    const options = { name: "won_total", help, labels: ["map"] } as const;
    expect(metrics.counter(options)).toBe(metrics.counter({ ...options }));
    const others: (() => unknown)[] = [
      () => metrics.gauge(options),
      () => metrics.counter({ ...options, help: "Something else." }),
      () => metrics.counter({ ...options, labels: ["map", "mode"] }),
      () => metrics.counter({ ...options, maxSeries: 5 }),
    ];
    for (const declare of others) {
      expect(declare).toThrow("two metrics of one name: won_total is declared already, in another way");
    }
    metrics.histogram({ name: "load", help });
    expect(() => metrics.counter({ name: "load_count", help })).toThrow("load_count and load would be one name");
    metrics.counter({ name: "wait_sum", help });
    expect(() => metrics.histogram({ name: "wait", help })).toThrow("wait and wait_sum would be one name");
    expect(() => metrics.histogram({ name: "load", help, bounds: [1] })).toThrow("in another way");
  });

  const wrong: readonly [string, object, string][] = [
    ["a name with a dash", { name: "gold-spent", help }, "a metric cannot be called gold-spent"],
    ["a digit first", { name: "1up", help }, "a metric cannot be called 1up"],
    ["no name", { help }, "a metric cannot be called undefined"],
    ["a name of the server's", { name: "nanowire_gold", help }, "nanowire_ is before the server's own"],
    ["no help", { name: "gold" }, "gold has no help"],
    ["a label that is taken", { name: "gold", help, labels: ["le"] }, "a label of gold cannot be called le"],
    ["a label with a space", { name: "gold", help, labels: ["a b"] }, "a label of gold cannot be called a b"],
    ["a label twice", { name: "gold", help, labels: ["a", "a"] }, "gold has the label a twice"],
    ["no series", { name: "gold", help, maxSeries: 0 }, "maxSeries 0 of gold is not an integer from 1 to 100000"],
    ["an unknown option", { name: "gold", help, label: [] }, "there is no option counter.label"],
  ];
  it.each(wrong)("refuse %s", (_, options, message) => {
    const declare = () => metricsAndLog().metrics.counter(options as MetricOptions);
    expect(declare).toThrow(message);
    expect(declare).toThrow(NanowireError);
  });

  it.each([[[]], [[1, 1]], [[2, 1]], [[Number.NaN]], [[Number.POSITIVE_INFINITY]]])(
    "refuse the bounds %j",
    (bounds) => {
      expect(() => metricsAndLog().metrics.histogram({ name: "load", help, bounds })).toThrow("bounds of load are not");
    },
  );

  it("record nothing wrong, say so once for each metric, and never throw", () => {
    const { metrics, complaints } = metricsAndLog();
    const gold = metrics.counter({ name: "gold_total", help, labels: ["shop"] });
    const untyped = gold as unknown as { add(amount: unknown, labels?: unknown): void };
    for (const [amount, labels] of [
      [1, undefined],
      [1, { shop: 5 }],
      [1, { shop: "north", colour: "red" }],
      [1, { colour: "red" }],
      [-1, { shop: "north" }],
      [Number.NaN, { shop: "north" }],
      ["5", null],
    ]) {
      untyped.add(amount, labels);
    }
    metrics.gauge({ name: "rooms", help }).set(Number.POSITIVE_INFINITY);
    metrics.histogram({ name: "load", help }).observe(Number.NaN);
    metrics.gauge({ name: "maps", help, labels: ["map"] }).remove({} as { map: string });
    expect(complaints()).toEqual([
      "gold_total is counted by shop, which is no text here",
      "rooms cannot be changed by Infinity, which is no number",
      "load cannot count NaN, which is no number",
      "maps is counted by map, which is no text here",
    ]);
    gold.add(1, { shop: "north" });
    expect(metrics.read()[0]?.series).toEqual([{ labels: { shop: "north" }, value: 1 }]);
  });

  it("have no more series than they may, whatever they are counted by", () => {
    const { metrics, complaints } = metricsAndLog();
    const names = metrics.counter({ name: "names_total", help, labels: ["name"], maxSeries: 3 });
    for (let guest = 0; guest < 1_000; guest++) {
      names.add(1, { name: `guest ${guest}` });
    }
    names.add(1, { name: "x".repeat(100_000) });
    expect(metrics.read()[0]?.series).toEqual([
      { labels: { name: "guest 0" }, value: 1 },
      { labels: { name: "guest 1" }, value: 1 },
      { labels: { name: "guest 2" }, value: 1 },
      { labels: { name: "other" }, value: 998 },
    ]);
    expect(complaints()).toEqual(["names_total has its maxSeries 3: what comes now is counted as other"]);
    const long = metrics.counter({ name: "long_total", help, labels: ["name"] });
    long.add(1, { name: "y".repeat(100_000) });
    expect(metrics.read()[1]?.series[0]?.labels).toEqual({ name: "y".repeat(128) });
  });

  it("tell apart labels whose values look alike when they are put together", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: (pair) => JSON.stringify(pair) }),
        (pairs) => {
          const { metrics } = metricsAndLog();
          const counter = metrics.counter({ name: "pairs_total", help, labels: ["a", "b"] });
          for (const [a, b] of pairs) {
            counter.add(1, { a, b });
          }
          expect(metrics.read()[0]?.series).toEqual(pairs.map(([a, b]) => ({ labels: { a, b }, value: 1 })));
        },
      ),
    );
  });
});

describe("buckets", () => {
  it("count a value in the first range whose bound it does not exceed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1, max: 20 })),
        fc.integer({ min: 1, max: 8 }),
        (values, weight) => {
          const buckets = new Buckets();
          for (const value of values) {
            buckets.observe(value, weight);
          }
          const bounds = [...defaultBounds, Number.POSITIVE_INFINITY];
          const below = (bound: number) => values.filter((value) => value <= bound).length;
          expect(buckets.counts).toEqual(
            bounds.map(
              (bound, index) => weight * (below(bound) - (index === 0 ? 0 : below(bounds[index - 1] as number))),
            ),
          );
          expect(buckets.sum).toBeCloseTo(weight * values.reduce((sum, value) => sum + value, 0), 6);
        },
      ),
    );
  });
});

describe("codes", () => {
  it("of the application's own are told apart until there are too many; Nanowire's always", () => {
    const codes = new CodeLabels();
    const own = Array.from({ length: mostOwnCodes + 50 }, (_, index) => `own_${index}`);
    const labels = own.map((code) => codes.of(code));
    expect(labels.slice(0, mostOwnCodes)).toEqual(own.slice(0, mostOwnCodes));
    expect(new Set(labels.slice(mostOwnCodes))).toEqual(new Set(["other"]));
    expect([codes.of("internal"), codes.of("own_0"), codes.of("constructor")]).toEqual(["internal", "own_0", "other"]);
  });
});
