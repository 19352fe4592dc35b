import { expect, onTestFinished, test } from "vitest";
import type { Server } from "../../runtime/server/server.js";
import type { Session } from "../../runtime/session/session.js";
import { eventually } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines, type RunningProgram, runServer } from "./support/running-program.js";

const page = new PageProgram("docs/modules.md");

interface Modules {
  readonly health: { readonly port: number };
  readonly draining: { readonly running: number; begin(): () => void };
  readonly helper: { readonly pid: number | undefined };
}

interface Program extends RunningProgram {
  readonly reports: readonly string[];
}

/** Runs all five in one server: its reports come every 10 ms, and what is under way has `graceMs` to end. */
async function run(graceMs = "60_000"): Promise<Program> {
  printedLines();
  const instead = {
    "server.health, 9091": "server.health, 0",
    "60_000, (line)": "10, (line)",
    "new Draining(60_000)": `new Draining(${graceMs})`,
  };
  return runServer(page, "// First of all", ["reports"], { instead });
}

function moduleOf<Name extends keyof Modules>(server: Server, name: Name): Modules[Name] {
  return server.module(name as never) as unknown as Modules[Name];
}

function refusal(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function isRunning(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("each program is run here", () => {
  expect(page.count).toBe(6);
});

test("health is told while the server drains and stops, and not behind it", async () => {
  const { server } = await run();
  const url = `http://127.0.0.1:${moduleOf(server, "health").port}`;
  const statuses = async (): Promise<number[]> => [
    (await fetch(`${url}/health`)).status,
    (await fetch(`${url}/ready`)).status,
  ];
  expect(await statuses()).toEqual([200, 200]);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ live: true, state: "running" });

  const over = moduleOf(server, "draining").begin();
  const stopped = server.stop();
  expect(await statuses()).toEqual([200, 503]);
  over();
  await stopped;
  await expect(fetch(url)).rejects.toThrow();
});

test("a port of health that is taken stops the start", async () => {
  const { server } = await run();
  const port = moduleOf(server, "health").port;
  const instead = { "server.health, 9091": `server.health, ${port}` };
  await expect(page.run("// First of all", [], { instead })).rejects.toThrow("EADDRINUSE");
});

test("what is under way comes to its end before the sessions are closed, and nothing new begins", async () => {
  const { server, come } = await run();
  await come();
  await eventually(() => expect(server.sessions()).toHaveLength(1));
  const draining = moduleOf(server, "draining");
  const overs = [draining.begin(), draining.begin()];
  const stopped = server.stop();
  await eventually(() => expect(refusal(() => draining.begin()())).toBe("the server stops, and begins nothing new"));
  overs[0]?.();
  overs[0]?.();
  expect([draining.running, server.sessions().length]).toEqual([1, 1]);
  overs[1]?.();
  await stopped;
  expect(draining.running).toBe(0);

  await server.start();
  moduleOf(server, "draining").begin()();
});

test("what does not end is waited for no longer than is said", async () => {
  const { server } = await run("1");
  moduleOf(server, "draining").begin();
  await server.stop();
  expect(server.state).toBe("stopped");
});

test("a user has one session on each device", async () => {
  const { server, come } = await run();
  const closed: (string | undefined)[] = [];
  for (const device of ["phone", "desk", undefined, "phone"]) {
    const came = new Promise<Session>((resolve) => server.onSessionOpen(resolve));
    const connection = await come(device === undefined ? {} : { user: { device } });
    connection.onClose(() => void closed.push(device));
    await (await came).bind("ada");
  }
  await eventually(() => expect(closed).toEqual(["phone"]));
  expect(server.sessionsOf("ada")).toHaveLength(3);
});

test("reports come while the server runs", async () => {
  const { server, reports, come } = await run();
  await come();
  await eventually(() => expect(reports).toContain("1 sessions, 0 connections since the last report"));
  await server.stop();
  const count = reports.length;
  await server.start();
  await eventually(() => expect(reports.length).toBeGreaterThan(count));
});

test("a program beside the server comes back when it dies, and ends with the server", async () => {
  const { server } = await run();
  const helper = moduleOf(server, "helper");
  const { pid } = helper;
  expect(isRunning(pid)).toBe(true);
  process.kill(pid as number, "SIGKILL");
  await eventually(() => expect([helper.pid === pid, isRunning(helper.pid)]).toEqual([false, true]));
  const next = helper.pid;
  await server.stop();
  expect(isRunning(next)).toBe(false);
});

test("a program that is not there stops the start, and what was begun is ended", async () => {
  const instead = { "process.execPath": '"/nowhere/at-all"', "server.health, 9091": "server.health, 0" };
  const before = process.listenerCount("exit");
  onTestFinished(() => expect(process.listenerCount("exit")).toBe(before));
  await expect(page.run("// First of all", [], { instead })).rejects.toThrow("ENOENT");
});
