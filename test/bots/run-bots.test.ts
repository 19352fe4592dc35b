import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { BotsReport } from "../../runtime/bots/report.js";
import { reportText } from "../../runtime/bots/report-text.js";
import { defineScenario, type Scenario } from "../../runtime/bots/scenario.js";
import { defer } from "../support/wait.js";
import { enter, Stage } from "./support/stage.js";

const guide = readFileSync(new URL("../../docs/bots.md", import.meta.url), "utf8");
const [, shownReport] = /^```text\n([\s\S]*?)^```$/m.exec(guide) ?? [];

function scenario(run: Scenario["run"]): Scenario {
  return defineScenario({ name: "stage", run });
}

function rowOf(report: BotsReport, name: string) {
  const row = report.rows.find((candidate) => candidate.name === name);
  assert(row !== undefined, `there is no row ${name}`);
  return row;
}

describe("what a run counts", () => {
  test("routes, pushes, steps and checks, and it tells them as text and as JSON", async () => {
    const stage = await Stage.start();
    const report = await stage.run({
      bots: 3,
      ramp: "3s",
      thresholds: ["chat.v1.Room.Join p99<=5ms", "errors<1%", "hear count>=6", "missed<=0"],
      scenario: scenario(async (bot) => {
        const { room, events } = await enter(bot);
        const said = bot.listen(events, "onSaid");
        const name = `bot-${bot.index} of ${bot.count}`;
        stage.room.onJoin = () => stage.pause(5);
        const { members } = await bot.step("log in", () => room.join({ name }));
        bot.check("he is a member", members.includes(name));
        await bot.repeat({ name: "hear", every: "1s", times: 2 }, async (turn) => {
          room.say({ text: `${turn}` });
          await said.next({ where: (message) => message.name === name });
        });
        await room.leave();
      }),
    });
    expect(report.passed).toBe(true);
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({
      scenario: "stage",
      url: "",
      bots: { planned: 3, begun: 3 },
      processes: 1,
      startedAt: "2025-01-01T00:00:00.000Z",
      endedBy: "bots",
      total: { calls: 15, errors: 0, pushes: 6, missed: 0, unfinished: 0 },
    });
    expect(report.timeline.map(({ active, callsPerSecond }) => [active, callsPerSecond])).toEqual([
      [2, 3],
      [2, 5],
      [0, 7],
    ]);
    // As docs/bots.md shows it.
    expect(reportText(report)).toBe(shownReport);
  });

  test("a call's error once, however many steps it passes, and a loop goes on behind it", async () => {
    const stage = await Stage.start();
    stage.room.onJoin = (name) => {
      throw Object.assign(new Error("never told"), { name });
    };
    const report = await stage.run({
      scenario: scenario(async (bot) => {
        const { room } = await enter(bot);
        await bot.repeat({ times: 3 }, () => bot.step("log in", () => room.join({ name: "ada" })).then(() => {}));
      }),
    });
    expect(report.total.errors).toBe(3);
    expect(rowOf(report, "Room.Join").errors).toEqual({ internal: 3 });
    expect(rowOf(report, "log in").errors).toEqual({ internal: 3 });
    expect(rowOf(report, "turn")).toMatchObject({ count: 3, errorCount: 3, loop: "closed", latency: undefined });
    expect(report.failures).toEqual([
      { where: "request Room.Join", code: "internal", message: expect.any(String), count: 3 },
    ]);
    expect(report.thresholds).toEqual([{ threshold: "errors<=0", holds: false, measured: "3" }]);
    expect(report.passed).toBe(false);
  });

  test("what a scenario throws, node:assert's errors and checks, as the bots' failures", async () => {
    const stage = await Stage.start();
    const report = await stage.run({
      bots: 3,
      scenario: scenario((bot) => {
        if (bot.index === 0) {
          throw new TypeError("a slip");
        }
        assert.notEqual(bot.index, 1, "one is not wanted");
        bot.check("nobody comes here", false);
      }),
    });
    expect(rowOf(report, "bot").errors).toEqual({ scenario_error: 1, assertion_failed: 1, check_failed: 1 });
    expect(rowOf(report, "nobody comes here")).toMatchObject({ kind: "check", count: 1, errorCount: 1 });
    expect(report.total.errors).toBe(3);
    expect(report.failures.map(({ message }) => message).sort()).toEqual([
      "a slip",
      "it does not hold: nobody comes here",
      "one is not wanted",
    ]);
  });

  test("names that are ever new in one row, and errors that are ever new in 50", async () => {
    const stage = await Stage.start();
    const report = await stage.run({
      scenario: scenario(async (bot) => {
        for (let number = 0; number < 600; number++) {
          const fails = bot.step(`step ${number}`, () =>
            Promise.reject(new Error(`error ${number} ${"x".repeat(500)}`)),
          );
          await fails.catch(() => {});
        }
      }),
    });
    expect(report.rows.filter(({ kind }) => kind === "step")).toHaveLength(501);
    expect(rowOf(report, "(others)").count).toBe(100);
    expect(report.failures).toHaveLength(50);
    expect(report.failures[0]?.message.length).toBeLessThan(310);
    expect(report.total.errors).toBe(600);
  });
});

describe("coordinated omission", () => {
  /** A percentile is told to within 1/128 of itself. */
  const nearTen = expect.closeTo(10, 0);

  /** Of 20 calls, one every 100 ms, the fifth is answered after a second, the others after 10 ms. */
  async function stalled(every: "100ms" | undefined): Promise<BotsReport> {
    const stage = await Stage.start();
    let calls = 0;
    stage.room.onJoin = () => stage.pause(++calls === 5 ? 1_000 : 10);
    return await stage.run({
      scenario: scenario(async (bot) => {
        const { room } = await enter(bot);
        await bot.repeat({ times: 20, ...(every && { every }) }, async () => void (await room.join({ name: "ada" })));
      }),
    });
  }

  test("a loop with a rate times what was late from when it was due", async () => {
    const { latency, service } = rowOf(await stalled("100ms"), "Room.Join");
    // The 5th was due at 400 and answered at 1400; the 6th was due at 500, sent at 1400, answered at 1410: 910; then 820, 730, … 10.
    expect(latency).toMatchObject({ count: 20, max: 1_000 });
    expect(latency?.p90).toBeGreaterThanOrEqual(810);
    expect(latency?.p50).toBeGreaterThanOrEqual(90);
    expect(latency?.mean).toBeCloseTo(
      (9 * 10 + 1_000 + 910 + 820 + 730 + 640 + 550 + 460 + 370 + 280 + 190 + 100) / 20,
      0,
    );
    // From when it was sent, as a tool sees it that waits for each answer: one of twenty.
    expect(service).toMatchObject({ p50: nearTen, p90: nearTen, max: 1_000 });
  });

  test("one without says that it is closed, and sees the stall once", async () => {
    const report = await stalled(undefined);
    expect(rowOf(report, "turn").loop).toBe("closed");
    const { latency, service } = rowOf(report, "Room.Join");
    expect(latency).toEqual(service);
    expect(latency).toMatchObject({ p50: nearTen, p90: nearTen, max: 1_000 });
  });

  test("turns that were due and never began are told", async () => {
    const stage = await Stage.start();
    stage.room.onJoin = () => stage.pause(700);
    const report = await stage.run({
      for: "1s",
      thresholds: ["missed<=0"],
      scenario: scenario(async (bot) => {
        const { room } = await enter(bot);
        await bot.repeat({ every: "100ms" }, async () => void (await room.join({ name: "ada" })));
      }),
    });
    // Begun at 0 and, late, at 700; due since: 200, 300, … 900.
    expect(rowOf(report, "turn")).toMatchObject({ count: 2, missed: 8 });
    expect(report.passed).toBe(false);
    expect(reportText(report)).toContain("8 turns were due and had not begun when the time was over");
  });

  test("a loop in a loop is as late as both", async () => {
    const stage = await Stage.start();
    stage.room.onJoin = () => stage.pause(300);
    const report = await stage.run({
      scenario: scenario(async (bot) => {
        const { room } = await enter(bot);
        await bot.repeat({ name: "outer", every: "100ms", times: 2 }, () =>
          bot.repeat({ name: "inner", every: "200ms", times: 2 }, async () => void (await room.join({ name: "ada" }))),
        );
      }),
    });
    // The outer turns last 600; its second begins 500 late. In each the inner one's second begins 100 late.
    expect(rowOf(report, "Room.Join").latency).toMatchObject({ count: 4, max: 900, mean: 600 });
    expect(rowOf(report, "Room.Join").service).toMatchObject({ max: 300 });
  });

  test("who waited in vain has waited; what is refused at once makes nothing faster", async () => {
    const stage = await Stage.start();
    stage.room.onJoin = (name) => (name === "late" ? new Promise(() => {}) : Promise.reject(new Error("no")));
    const report = await stage.run({
      bots: 2,
      scenario: scenario(async (bot) => {
        const { room } = await enter(bot);
        await room.join({ name: bot.index === 0 ? "late" : "refused" }, { timeoutMs: 250 }).catch(() => {});
      }),
    });
    expect(rowOf(report, "Room.Join")).toMatchObject({
      count: 2,
      errors: { deadline_exceeded: 1, internal: 1 },
      latency: { count: 1, max: 250 },
    });
  });
});

describe("the end of a run", () => {
  test("ends loops and thoughts; what stands behind a loop is still done", async () => {
    const stage = await Stage.start();
    const thoughts: string[] = [];
    const report = await stage.run({
      bots: 2,
      for: "10s",
      scenario: scenario(async (bot) => {
        const { room } = await enter(bot);
        await room.join({ name: `${bot.index}` });
        if (bot.index === 1) {
          await bot.think("1h");
          thoughts.push("never");
        }
        await bot.repeat({ every: "3s" }, () => {});
        await room.leave();
      }),
    });
    expect(thoughts).toEqual([]);
    expect(report).toMatchObject({ endedBy: "time", elapsedMs: 10_000, total: { errors: 0, unfinished: 0 } });
    expect(rowOf(report, "turn").count).toBe(4);
    expect(rowOf(report, "Room.Leave").count).toBe(1);
    expect(rowOf(report, "bot")).toMatchObject({ count: 2, errorCount: 0 });
  });

  test("what takes longer than the grace is cut off, and is no error", async () => {
    const stage = await Stage.start();
    stage.room.onJoin = () => new Promise(() => {});
    const report = await stage.run({
      for: "1s",
      grace: "2s",
      scenario: scenario(async (bot) => {
        const { room } = await enter(bot);
        await room.join({ name: "ada" });
      }),
    });
    expect(report).toMatchObject({ elapsedMs: 3_000, total: { errors: 0, unfinished: 2 }, passed: true });
    expect(rowOf(report, "Room.Join")).toMatchObject({ count: 0, unfinished: 1 });
    expect(rowOf(report, "bot")).toMatchObject({ count: 0, unfinished: 1 });
  });

  test("of a bot leaves unfinished what it has not waited for", async () => {
    const stage = await Stage.start();
    stage.room.onJoin = () => stage.pause(1_000);
    const report = await stage.run({
      scenario: scenario(async (bot) => {
        const { room } = await enter(bot);
        void room.join({ name: "ada" });
      }),
    });
    expect(rowOf(report, "Room.Join")).toMatchObject({ count: 0, unfinished: 1, errorCount: 0 });
    expect(rowOf(report, "bot")).toMatchObject({ count: 1, unfinished: 0 });
  });

  test("comes early when the signal says so, also for bots that have not begun", async () => {
    const stage = await Stage.start();
    const stop = new AbortController();
    stage.clock.after(2_500, () => stop.abort());
    const report = await stage.run({
      bots: 10,
      ramp: "10s",
      for: "1h",
      signal: stop.signal,
      scenario: scenario(async (bot) => {
        await enter(bot);
        await bot.think("1h");
      }),
    });
    expect(report).toMatchObject({ endedBy: "signal", elapsedMs: 2_500, bots: { planned: 10, begun: 3 } });
    expect(reportText(report)).toContain("The run was ended before its time.");
  });

  test("comes for a bot when its connection is gone, wherever it waits", async () => {
    const stage = await Stage.start();
    stage.clock.after(1_500, () => void stage.server.stop());
    const report = await stage.run({
      bots: 3,
      for: "1h",
      scenario: scenario(async (bot) => {
        const { events } = await enter(bot);
        const said = bot.listen(events, "onSaid");
        const waits = [
          () => bot.think("1h"),
          () => said.next({ within: "1h" }),
          () => bot.repeat({ every: "1s" }, () => {}),
        ];
        await waits[bot.index]?.();
      }),
    });
    expect(report.elapsedMs).toBeLessThan(60_000);
    expect(rowOf(report, "bot")).toMatchObject({ count: 3, errorCount: 3 });
    // The connection's end is the bot's: one error each.
    expect(report.total.errors).toBe(3);
    expect(rowOf(report, "connection").errorCount).toBe(3);
  });
});

describe("a bot", () => {
  test("keeps pushes up to a bound, drops the oldest, and does not wait for ever", async () => {
    const stage = await Stage.start();
    const seen: unknown[] = [];
    const report = await stage.run({
      scenario: scenario(async (bot) => {
        const { room, events } = await enter(bot);
        const said = bot.listen(events, "onSaid", { keep: 3 });
        await room.join({ name: "ada" });
        for (const text of ["a", "b", "c", "d", "e"]) {
          room.say({ text });
        }
        await bot.think("1s");
        seen.push(said.kept, said.dropped);
        seen.push((await said.next({ where: ({ text }) => text > "c" })).text, said.kept);
        said.clear();
        await said.next({ within: "2s" });
      }),
    });
    expect(seen).toEqual([3, 2, "d", 1]);
    expect(report.failures).toEqual([
      {
        where: "bot bot",
        code: "deadline_exceeded",
        message: "no push for RoomEventsClient.onSaid came within 2000 ms; 2 were dropped, since it keeps 3",
        count: 1,
      },
    ]);
  });

  test("has the chances of its seed", async () => {
    const chances = async (seed: number): Promise<readonly number[]> => {
      const stage = await Stage.start();
      const drawn: number[] = [];
      await stage.run({ bots: 3, seed, scenario: scenario((bot) => void drawn.push(bot.random())) });
      return drawn;
    };
    const first = await chances(7);
    expect(await chances(7)).toEqual(first);
    expect(await chances(8)).not.toEqual(first);
    expect(new Set(first).size).toBe(3);
    expect(first.every((chance) => chance >= 0 && chance < 1)).toBe(true);
  });

  test("thinks for a time between two", async () => {
    const stage = await Stage.start();
    const pauses: number[] = [];
    await stage.run({
      bots: 20,
      scenario: scenario(async (bot) => {
        const before = stage.clock.steady();
        await bot.think("1s", "3s");
        pauses.push(stage.clock.steady() - before);
      }),
    });
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...pauses)).toBeLessThan(3_000);
    expect(new Set(pauses).size).toBe(20);
  });

  test("lets others have their turn in a loop that waits for nothing", async () => {
    const stage = await Stage.start();
    const { promise, resolve } = defer();
    setImmediate(resolve);
    const report = await stage.run({
      bots: 2,
      scenario: scenario(async (bot) => {
        let isEnough = bot.index === 0;
        promise.then(() => {
          isEnough = true;
        });
        while (!isEnough) {
          await bot.repeat({ times: 1 }, () => {});
        }
      }),
    });
    expect(report.passed).toBe(true);
  });

  test.each<[string, Scenario["run"], string]>([
    [
      "two loops at once",
      async (bot) => {
        await Promise.all([
          bot.repeat({ name: "a", every: "10ms", times: 3 }, () => bot.think("5ms")),
          bot.repeat({ name: "b", every: "10ms", times: 3 }, () => bot.think("5ms")),
        ]);
      },
      "invalid_state",
    ],
    ["a rate without a unit", (bot) => bot.repeat({ every: "100" as "100ms" }, () => {}), "invalid_option"],
    ["a rate of nothing", (bot) => bot.repeat({ every: "0ms" }, () => {}), "invalid_option"],
    ["an option that there is not", (bot) => bot.repeat({ rate: 1 } as object, () => {}), "invalid_option"],
    ["half a turn", (bot) => bot.repeat({ times: 0.5 }, () => {}), "invalid_option"],
    ["a step without a name", (bot) => bot.step("", () => {}), "invalid_option"],
    ["a thought that ends before it begins", (bot) => bot.think("2s", "1s"), "invalid_option"],
  ])("fails at %s", async (_, run, code) => {
    const stage = await Stage.start();
    const report = await stage.run({ scenario: scenario(run) });
    expect(rowOf(report, "bot").errors).toEqual({ [code]: 1 });
  });
});
