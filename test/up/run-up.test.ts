import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import type { UpConfig } from "../../runtime/up/up-config.js";
import { bundledProgram } from "../support/bundled-program.js";
import { until } from "../support/wait.js";
import { clientOfEach, freePort, isAlive } from "./support/processes.js";

const entry = bundledProgram("test/up/support/worker-program.ts");
const program = bundledProgram("test/up/support/up-program.ts");

interface Program {
  readonly child: ChildProcess;
  /** What it has printed, a line each. */
  readonly lines: () => readonly string[];
  readonly stderr: Promise<string>;
  readonly exit: Promise<readonly unknown[]>;
  /** Of the processes that it has started. */
  readonly pids: () => readonly number[];
}

/** Starts `up` as a process of its own; it is gone with the test, and what it has started goes with it. */
function run(config: UpConfig): Program {
  const child = spawn(process.execPath, [program, JSON.stringify(config)], { stdio: ["ignore", "pipe", "pipe"] });
  const exit = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    printed += chunk;
  });
  const lines = () => printed.split("\n").slice(0, -1);
  const pids = () =>
    lines()
      .flatMap((line) => /starts \(pid (\d+)\)$/.exec(line)?.[1] ?? [])
      .map(Number);
  return { child, lines, stderr: text(child.stderr), exit, pids };
}

describe("up as a program", () => {
  it("prints each line behind a name, and ends with 0 when it has stopped in order", async () => {
    const port = await freePort();
    const { child, lines, stderr, exit, pids } = run({
      roles: [
        { name: "room", entry },
        { name: "gate", entry, env: { PORT: String(port) } },
      ],
    });
    await until(() => lines().includes("up     | running"));
    child.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
    expect(pids().filter(isAlive)).toEqual([]);
    expect(await stderr).toBe("");
    expect(lines()).toEqual(
      expect.arrayContaining([
        `up     | pid ${child.pid}: SIGTERM stops, SIGHUP rolls`,
        expect.stringMatching(/^up {5}\| room-1 is ready after \d+ ms$/),
        `gate-1 | listens: ws://127.0.0.1:${port}`,
        "gate-1 | has stopped: SIGTERM",
        "up     | gate-1 has stopped",
      ]),
    );
    expect(lines().at(-1)).toBe("up     | stopped");
  });

  it("stops its processes one role after the other when a terminal tells all of them at once", async () => {
    const { child, lines, exit, pids } = run({
      roles: [
        { name: "room", entry },
        { name: "gate", entry },
      ],
    });
    await until(() => lines().includes("up     | running"));
    for (const pid of pids()) {
      process.kill(pid, "SIGINT");
    }
    child.kill("SIGINT");
    expect(await exit).toEqual([0, null]);
    expect(lines().filter((line) => / stop(ped|ping)?\b/.test(line))).toEqual([
      "up     | stopping",
      "up     | gate-1 is to stop",
      "gate-1 | has stopped: SIGTERM",
      "up     | gate-1 has stopped",
      "up     | room-1 is to stop",
      "room-1 | has stopped: SIGTERM",
      "up     | room-1 has stopped",
      "up     | stopped",
    ]);
  });

  it("ends with 1, at once, when it is told a second time", async () => {
    const { child, lines, exit, pids } = run({ roles: [{ name: "room", entry, env: { RUNS: "deaf" } }] });
    await until(() => lines().includes("up     | running"));
    child.kill("SIGTERM");
    await until(() => lines().includes("room-1 | hears SIGTERM"));
    child.kill("SIGTERM");
    expect(await exit).toEqual([1, null]);
    expect(pids().filter(isAlive)).toEqual([]);
  });

  it("leaves nothing when it is killed", async () => {
    const { child, lines, pids } = run({
      roles: [
        { name: "room", entry, env: { RUNS: "deaf" } },
        { name: "gate", entry, instances: 2 },
      ],
    });
    await until(() => lines().includes("up     | running"));
    expect(pids()).toHaveLength(3);
    child.kill("SIGKILL");
    await until(() => !pids().some(isAlive));
  });

  it("rolls at SIGHUP", async () => {
    const port = await freePort();
    const roles = [{ name: "gate", entry, instances: 2, env: { PORT: String(port) } }];
    const { child, lines, exit, pids } = run({ roles });
    await until(() => lines().includes("up     | running"));
    child.kill("SIGHUP");
    await until(() => lines().filter((line) => line === "up     | running").length === 2);
    expect(lines()).toContain("up     | rolling");
    expect(pids().map(isAlive)).toEqual([false, false, true, true]);
    await clientOfEach(port, ["gate-1", "gate-3"]);
    child.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
  });

  it("ends with 1 when it cannot start, and says why", async () => {
    const { exit, stderr } = run({ roles: [{ name: "room", entry, env: { CRASH_IF: entry } }] });
    expect(await exit).toEqual([1, null]);
    expect((await stderr).split("\n")).toEqual([
      `room-1 | room-1 finds ${entry}`,
      "room-1 | and cannot go on",
      "up     | room-1 ended with code 3",
      "up     | could not start: room-1 ended with code 3; the last that it wrote:",
      `up     |   room-1 finds ${entry}`,
      "up     |   and cannot go on",
      "",
    ]);
  });
});
