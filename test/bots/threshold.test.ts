import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { Results } from "../../runtime/bots/results.js";
import { Tally } from "../../runtime/bots/tally.js";
import { judge, parseThreshold } from "../../runtime/bots/threshold.js";

/** 100 calls of Room.Join in 10 seconds, of 1 to 100 ms, 2 of them failed; and a step of that name. */
function measured(): Results {
  const tally = new Tally();
  const join = tally.row("request", "Room.Join");
  for (let ms = 1; ms <= 100; ms++) {
    join.count++;
    join.time(ms, 0);
  }
  tally.fail(join, new NanowireError("rate_limited", "too often"));
  tally.fail(join, new NanowireError("rate_limited", "too often"));
  const step = tally.row("step", "log in");
  step.count = 10;
  step.missed = 10;
  tally.row("notify", "Room.Say").count = 100;
  const results = new Results();
  results.add({ atMs: 10_000, begun: 1, active: 0, lateMs: 0, counted: tally.drain() }, 0);
  return results;
}

test.each<[string, boolean, string]>([
  ["Room.Join p99<100ms", true, "98.816 ms"],
  ["chat.v1.Room.Join p99<98ms", false, "98.816 ms"],
  ["Room.Join p95<=0.1s", true, "94.72 ms"],
  ["Room.Join p99.9 <= 100000us", true, "99.84 ms"],
  ["Room.Join max<100ms", false, "100 ms"],
  ["Room.Join mean<50.6ms", true, "50.5 ms"],
  ["p50 < 1m", true, "49.92 ms"],
  ["errors<1%", false, "1 %"],
  ["errors<=2", true, "2"],
  ["Room.Join errors<2%", false, "2 %"],
  ["Room.Join rate>=10/s", true, "10 /s"],
  ["count>200", false, "200"],
  ["log in missed<=50%", true, "50 %"],
  ["Room.Say p50<1ms", false, "nothing was timed"],
  ["Room.Joyn errors<1%", false, "nothing has that name"],
  ["step errors<1%", false, "nothing has that name"],
])("%s", (text, holds, shown) => {
  expect(judge(parseThreshold(text), measured(), 10_000)).toEqual({ threshold: text, holds, measured: shown });
});

describe("what cannot be read", () => {
  test.each<[string, string]>([
    ["p99", "it is [NAME] MEASURE<LIMIT"],
    ["Room.Join p99<50", "p99 is limited as in p99<50ms"],
    ["p99=50ms", "it is [NAME] MEASURE<LIMIT"],
    ["latency<50ms", "it is [NAME] MEASURE<LIMIT"],
    ["errors<50ms", "errors is limited as in errors<1% or errors<=10"],
    ["count<1%", "count is limited as in count>=1000"],
    ["rate>5ms", "rate is limited as in rate>=500/s"],
    ["", "it is [NAME] MEASURE<LIMIT"],
  ])("%s", (text, advice) => {
    expect(() => parseThreshold(text)).toThrow(`threshold ${text} cannot be read: ${advice}`);
  });

  test("is told as that, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[\w. ]{0,20}(p9|errors|rate)[<>= ]{1,3}[\d.]{1,9}[%ms]{0,2}$/)),
        (text) => {
          try {
            expect(parseThreshold(text).limit).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(error).toMatchObject({ code: "invalid_option" });
          }
        },
      ),
    );
  });
});
