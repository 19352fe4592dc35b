import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connect } from "../../runtime/client/index.js";
import { temporaryFolder } from "../generator/support/project.js";
import { bundledProgram } from "../support/bundled-program.js";
import { SteppedClock } from "../support/clock.js";
import { eventually, until } from "../support/wait.js";
import { client, clientOfEach, freePort, isAlive, start, who } from "./support/processes.js";

const entry = bundledProgram("test/up/support/worker-program.ts");

describe("processes of one role", () => {
  it("listen on one port, and all of them serve", async () => {
    const port = await freePort();
    const { up, events } = start({ roles: [{ name: "gate", entry, instances: 3, env: { PORT: String(port) } }] });
    expect(await up.started).toBe(true);
    expect(up.state).toBe("running");
    expect(up.processes).toEqual(
      [1, 2, 3].map((instance) => ({
        node: `gate-${instance}`,
        role: "gate",
        instance,
        pid: expect.any(Number),
        state: "ready",
      })),
    );
    const clients = await clientOfEach(port, ["gate-1", "gate-2", "gate-3"]);
    for (const [node, connection] of clients) {
      expect(await connection.request(who, "")).toBe(node);
      await connection.close();
    }
    await up.stop();
    expect(await up.finished).toEqual({ orderly: true, problem: undefined, lastLines: [] });
    expect(up.processes).toEqual([]);
    expect(events.filter(({ type }) => type === "crashed")).toEqual([]);
  });

  it("one that is killed is replaced, and the clients of the others notice nothing", async () => {
    const port = await freePort();
    const { up, events } = start({ roles: [{ name: "gate", entry, instances: 2, env: { PORT: String(port) } }] });
    await up.started;
    const clients = await clientOfEach(port, ["gate-1", "gate-2"]);
    const [first, second] = up.processes;
    process.kill(first?.pid as number, "SIGKILL");
    await clients.get("gate-1")?.closed;
    await until(() => up.processes.every(({ state, pid }) => state === "ready" && pid !== first?.pid));
    expect(events).toContainEqual({
      type: "crashed",
      node: "gate-1",
      reason: "was ended by SIGKILL",
      restartInMs: 100,
    });
    expect(up.processes[1]).toEqual(second);
    expect(await clients.get("gate-2")?.request(who, "")).toBe("gate-2");
    await clientOfEach(port, ["gate-1", "gate-2"]);
  });

  it("are told who they are, and what the configuration says", async () => {
    const env = { RUNS: "prints", WORD: "of the role" };
    const role = { name: "room", entry, env, args: ["a", "b c"], nodeArgs: ["--max-old-space-size=100"] };
    const { up, lines } = start({ roles: [role] });
    await up.started;
    const worker = { role: "room", instance: 1, node: "room-1" };
    const told = { worker, args: role.args, nodeArgs: role.nodeArgs, word: "of the role" };
    await up.kill();
    expect(lines.filter(({ stream }) => stream === "stdout").map(({ text }) => text)).toEqual([
      JSON.stringify(told),
      `${"é in two".repeat(3)} pieces`,
      "",
      "and a rest",
    ]);
    expect(lines.filter(({ stream }) => stream === "stderr")).toEqual([
      { node: "room-1", roleIndex: 0, stream: "stderr", text: "trouble" },
    ]);
  });

  it("are as many as the machine has cores, where that is asked for", async () => {
    const { up } = start({ roles: [{ name: "gate", entry, instances: "cores" }] });
    await up.started;
    expect(up.processes).toHaveLength(availableParallelism());
  });
});

describe("ports", () => {
  it("of two roles are two: a place belongs to one", async () => {
    const env = { PORT: String(await freePort()) };
    const { up } = start({
      roles: [
        { name: "room", entry, env: { ...env, TRANSPORT: "tcp" } },
        { name: "gate", entry, env },
      ],
    });
    expect(await up.started).toBe(false);
    const problem = `gate-1 listens on 127.0.0.1:${env.PORT}, as role room does: a place belongs to one role`;
    expect(await up.finished).toMatchObject({ orderly: false, problem });
  });

  it("of two listeners of one process are two", async () => {
    const env = { RUNS: "twice", PORT: String(await freePort()) };
    const { up } = start({ roles: [{ name: "gate", entry, env }] });
    expect(await up.started).toBe(false);
    const { lastLines } = await up.finished;
    expect(lastLines.join("\n")).toContain(`cannot listen on 127.0.0.1:${env.PORT}`);
  });

  it("that are free ones are each process's own", async () => {
    const { up, lines } = start({
      roles: [
        { name: "a", entry, env: { RUNS: "twice" }, instances: 2 },
        { name: "b", entry },
      ],
    });
    expect(await up.started).toBe(true);
    const urls = (): string[] => lines.flatMap(({ text }) => text.match(/\d+(?=$| )/g) ?? []);
    await until(() => urls().length === 5);
    expect(new Set(urls()).size).toBe(5);
  });

  it("may be a Unix socket, whose file a process left behind that was killed", async () => {
    const socketPath = join(temporaryFolder(), "socket");
    const code = `require("net").createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", code]);
    expect(existsSync(socketPath)).toBe(true);
    const { up } = start({ roles: [{ name: "gate", entry, instances: 3, env: { SOCKET: socketPath } }] });
    expect(await up.started).toBe(true);
    const nodes = new Set<string>();
    while (nodes.size < 3) {
      const connection = await connect(`ws+unix://${socketPath}`);
      nodes.add(await connection.request(who, ""));
      await connection.close();
    }
    await up.stop();
    expect(existsSync(socketPath)).toBe(false);
  });
});

describe("the order", () => {
  it("is that of the list: each role starts when all of the one before are ready, and they stop the other way round", async () => {
    const { up, events } = start({
      roles: [
        { name: "room", entry, instances: 2 },
        { name: "hall", entry },
        { name: "gate", entry, instances: 2 },
      ],
    });
    expect(await up.started).toBe(true);
    const order = (...types: string[]) =>
      events.flatMap((event) =>
        types.includes(event.type) && "node" in event ? [`${event.node.split("-")[0]} ${event.type}`] : [],
      );
    expect(order("started", "ready")).toEqual([
      "room started",
      "room ready",
      "room started",
      "room ready",
      "hall started",
      "hall ready",
      "gate started",
      "gate ready",
      "gate started",
      "gate ready",
    ]);
    await up.stop();
    expect(order("stopping", "stopped")).toEqual([
      "gate stopping",
      "gate stopping",
      "gate stopped",
      "gate stopped",
      "hall stopping",
      "hall stopped",
      "room stopping",
      "room stopping",
      "room stopped",
      "room stopped",
    ]);
    expect(events.flatMap((event) => (event.type === "state" ? [event.state] : []))).toEqual([
      "running",
      "stopping",
      "stopped",
    ]);
  });

  it("is kept when it is stopped while it starts", async () => {
    const { up, events } = start({
      roles: [
        { name: "room", entry },
        { name: "gate", entry, env: { RUNS: "mute" } },
      ],
    });
    await until(() => events.some((event) => event.type === "started" && event.node === "gate-1"));
    await up.stop();
    expect(await up.started).toBe(false);
    expect(await up.finished).toMatchObject({ orderly: true });
    expect(events.filter(({ type }) => type === "stopped")).toEqual(
      ["gate-1", "room-1"].map((node) => ({ type: "stopped", node })),
    );
  });
});

describe("a process that crashes", () => {
  it("the first time that its role starts ends it all, with the last that it wrote", async () => {
    const { up } = start({
      roles: [
        { name: "room", entry },
        { name: "gate", entry, env: { CRASH_IF: entry }, instances: 2 },
      ],
    });
    const [room] = await (async () => {
      await until(() => up.processes.length > 0);
      return up.processes;
    })();
    expect(await up.started).toBe(false);
    expect(await up.finished).toEqual({
      orderly: false,
      problem: "gate-1 ended with code 3",
      lastLines: [`gate-1 finds ${entry}`, "and cannot go on"],
    });
    expect(isAlive(room?.pid as number)).toBe(false);
  });

  it("again and again is started anew with pauses that double up to ten seconds, and ends nothing", async () => {
    const clock = new SteppedClock();
    const folder = temporaryFolder();
    const crashIf = join(folder, "crash");
    // It is started a dozen times.
    const small = join(folder, "small.cjs");
    const ready = 'process.send({ nanowire: "ready" }); setInterval(() => {}, 1e9)';
    writeFileSync(
      small,
      `require("fs").existsSync(${JSON.stringify(crashIf)}) ? process.exit(3) : (${ready.replace("; ", ", ")})`,
    );
    const { up, events } = start({ roles: [{ name: "room", entry: small }] }, { clock });
    await up.started;
    writeFileSync(crashIf, "");
    process.kill(up.processes[0]?.pid as number, "SIGKILL");
    const pauses = () => events.flatMap((event) => (event.type === "crashed" ? [event.restartInMs] : []));
    for (const [index, ms] of [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000].entries()) {
      await until(() => pauses().length === index + 1);
      expect(pauses()[index]).toBe(ms);
      expect(up.processes).toMatchObject([{ state: "waiting", pid: undefined }]);
      clock.step(ms - 1);
      expect(up.processes).toMatchObject([{ state: "waiting" }]);
      clock.step(1);
      expect(up.processes).toMatchObject([{ state: "starting" }]);
    }
    await until(() => up.processes[0]?.state === "waiting");
    rmSync(crashIf);
    clock.step(10_000);
    await until(() => up.processes[0]?.state === "ready");
    clock.step(60_000);
    process.kill(up.processes[0]?.pid as number, "SIGKILL");
    await until(() => up.processes[0]?.state === "waiting");
    expect(pauses().at(-1)).toBe(100);
    expect(up.state).toBe("running");
  });

  it("is one, too, when it is not ready in time", async () => {
    const clock = new SteppedClock();
    const roles = [{ name: "room", entry, env: { RUNS: "mute" } }];
    const { up, events } = start({ roles, readyTimeoutMs: 2_000 }, { clock });
    await until(() => events.length === 1);
    const pid = up.processes[0]?.pid as number;
    clock.step(1_999);
    expect(isAlive(pid)).toBe(true);
    clock.step(1);
    expect(await up.finished).toMatchObject({ orderly: false, problem: "room-1 was not ready within 2000 ms" });
    expect(isAlive(pid)).toBe(false);
  });
});

describe("a stop", () => {
  it("ends with SIGKILL who does not end in time", async () => {
    const clock = new SteppedClock();
    const { up, events, lines } = start(
      { roles: [{ name: "room", entry, env: { RUNS: "deaf" } }], graceMs: 3_000 },
      { clock },
    );
    await up.started;
    const stopped = up.stop();
    await until(() => lines.some(({ text }) => text === "hears SIGTERM"));
    clock.step(7_999);
    expect(up.processes).toMatchObject([{ state: "stopping" }]);
    clock.step(1);
    await stopped;
    expect(events).toContainEqual({ type: "killed", node: "room-1", afterMs: 8_000 });
    expect(await up.finished).toMatchObject({ orderly: false, problem: undefined });
  });

  it("is over at once when nobody is waited for any more", async () => {
    const { up } = start({
      roles: [
        { name: "room", entry, env: { RUNS: "deaf" } },
        { name: "gate", entry },
      ],
    });
    await up.started;
    const pids = up.processes.map(({ pid }) => pid as number);
    void up.stop();
    await up.kill();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await up.finished).toMatchObject({ orderly: false });
  });
});

describe("a roll", () => {
  it("puts a new process in each one's place, with never fewer than there should be, and no request is lost", async () => {
    const port = await freePort();
    const { up, events } = start({ roles: [{ name: "gate", entry, instances: 2, env: { PORT: String(port) } }] });
    await up.started;
    const before = up.processes.map(({ pid }) => pid as number);
    const clients = await Promise.all([1, 2, 3, 4].map(() => client(port, { minDelayMs: 1, jitter: 0 })));
    let ready = 2;
    let fewest = 2;
    let isOver = false;
    let answered = 0;
    const asking = clients.map(async (connection) => {
      while (!isOver) {
        expect(await connection.request(who, "")).toMatch(/^gate-[123]$/);
        answered++;
      }
    });
    expect(await up.roll()).toBeUndefined();
    isOver = true;
    await Promise.all(asking);
    expect(answered).toBeGreaterThan(0);
    for (const event of events.slice(events.findIndex((one) => one.type === "state" && one.state === "rolling"))) {
      ready += event.type === "ready" ? 1 : event.type === "stopping" ? -1 : 0;
      fewest = Math.min(fewest, ready);
    }
    expect([ready, fewest]).toEqual([2, 2]);
    expect(up.processes.map(({ node }) => node)).toEqual(["gate-3", "gate-1"]);
    expect(before.filter(isAlive)).toEqual([]);
    expect(events.filter(({ type }) => type === "crashed")).toEqual([]);
    await clientOfEach(port, ["gate-3", "gate-1"]);
  });

  it("ends with the first new process that crashes: the old ones stay", async () => {
    const CRASH_IF = join(temporaryFolder(), "crash");
    const { up, events } = start({ roles: [{ name: "gate", entry, instances: 2, env: { CRASH_IF } }] });
    await up.started;
    const before = up.processes;
    writeFileSync(CRASH_IF, "");
    expect(await up.roll()).toBe("gate-3, a new process of gate, ended with code 3");
    expect(up.processes).toEqual(before);
    expect(up.state).toBe("running");
    expect(events.at(-1)).toMatchObject({
      type: "state",
      state: "running",
      problem: expect.stringContaining("code 3"),
    });
    rmSync(CRASH_IF);
    expect(await up.roll()).toBeUndefined();
  });

  it("stops the old process first where there cannot be two, and tries on when the new one crashes", async () => {
    const CRASH_IF = join(temporaryFolder(), "crash");
    const { up, events } = start({ roles: [{ name: "master", entry, alone: true, env: { CRASH_IF } }] });
    await up.started;
    expect(await up.roll()).toBeUndefined();
    const order = events.flatMap(({ type }) => (["started", "ready", "stopped"].includes(type) ? [type] : []));
    expect(order).toEqual(["started", "ready", "stopped", "started", "ready"]);
    expect(up.processes).toMatchObject([{ node: "master-1", state: "ready" }]);
    writeFileSync(CRASH_IF, "");
    expect(await up.roll()).toBe("master-1, a new process of master, ended with code 3");
    rmSync(CRASH_IF);
    await until(() => up.processes[0]?.state === "ready");
  });

  it("is for what runs, and ends with a stop", async () => {
    const { up, events } = start({ roles: [{ name: "gate", entry }] });
    await expect(up.roll()).rejects.toMatchObject({ code: "invalid_state", message: "up is starting: it cannot roll" });
    await up.started;
    const rolled = up.roll();
    await until(() => events.filter(({ type }) => type === "started").length === 2);
    await up.stop();
    expect(await rolled).toBe("up was stopped");
    await eventually(() => expect(up.state).toBe("stopped"));
    expect(await up.finished).toMatchObject({ orderly: true });
    await expect(up.roll()).rejects.toMatchObject({ message: "up is stopped: it cannot roll" });
  });
});
