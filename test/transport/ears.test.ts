import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, Server, type Socket } from "node:net";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../runtime/base/clock.js";
import { Ears, type EarsSettings } from "../../runtime/transport/ears.js";
import { listeningSocket } from "../../runtime/transport/socket-copies.js";
import { temporaryFolder } from "../support/certificate.js";
import { SteppedClock } from "../support/clock.js";
import { KeptLog } from "../support/log.js";
import { turn, until } from "../support/wait.js";

interface Listening {
  readonly ears: Ears;
  readonly server: Server;
  readonly log: KeptLog;
  readonly port: number;
  /** Whether the first ear accepted it, of each connection. */
  readonly byFirst: boolean[];
}

async function listening(given: Partial<EarsSettings> = {}): Promise<Listening> {
  const byFirst: boolean[] = [];
  const accept = (isFirst: boolean) => (socket: Socket) => {
    byFirst.push(isFirst);
    ears.accepted();
    // What a client sends is answered also after it has said that it sends nothing more.
    socket.on("error", () => {}).on("end", () => socket.end("bye"));
    socket.resume();
  };
  const serverOptions = { noDelay: true, allowHalfOpen: true };
  const server = await listeningServer(createServer(serverOptions, accept(true)), 0);
  const log = new KeptLog();
  const ears = new Ears(server, {
    most: 32,
    transport: "tcp",
    serverOptions,
    onConnection: accept(false),
    logger: log,
    clock: systemClock,
    ...given,
  });
  onTestFinished(async () => {
    server.close();
    await ears.close();
  });
  return { ears, server, log, port: portOf(server), byFirst };
}

/** Ears of what is no server, or hears nobody. */
function deafEars(server: Server, logger: KeptLog): Ears {
  const onConnection = (): void => {};
  return new Ears(server, { most: 32, transport: "tcp", serverOptions: {}, onConnection, logger, clock: systemClock });
}

async function listeningServer(server: Server, port: number): Promise<Server> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

/** Fails when somebody has it. */
async function takePort(port: number): Promise<void> {
  const server = await listeningServer(createServer(), port);
  server.close();
  await once(server, "close");
}

async function visit(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.setEncoding("utf8").end("hello");
  let heard = "";
  socket.on("data", (text: string) => {
    heard += text;
  });
  await once(socket, "close");
  return heard;
}

/** A program of the name of Node's that does something else. */
function programOf(script: string): string {
  const program = join(temporaryFolder(), "node");
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return program;
}

describe("a listener's ears", () => {
  it("are one until more are needed, and 32 then; all of them are made alike", async () => {
    const { ears, port, byFirst, log } = await listening();
    expect(ears.count).toBe(1);
    ears.grow();
    ears.grow();
    await until(() => log.lines.length === 1);
    expect(log.lines[0]).toMatchObject({ level: "info", fields: { transport: "tcp", ears: 32 } });
    const heard = await Promise.all(Array.from({ length: 200 }, () => visit(port)));
    expect(new Set(heard)).toEqual(new Set(["bye"]));
    expect(byFirst).toHaveLength(200);
    expect(byFirst.filter((isFirst) => !isFirst).length).toBeGreaterThan(100);
    ears.grow();
    expect(ears.count).toBe(32);
  });

  it("grow when clients wait because the event loop is busy", async () => {
    const { ears, port } = await listening();
    const sockets = Array.from({ length: 200 }, () => connect(port, "127.0.0.1").on("error", () => {}));
    onTestFinished(() => {
      for (const socket of sockets) {
        socket.destroy();
      }
    });
    await until(() => {
      // As a thousand clients keep it.
      for (const end = performance.now() + 6; performance.now() < end; ) {
        // Nothing else is done.
      }
      return ears.count > 1;
    });
  });

  it.each<[string, number, number, number]>([
    ["clients come seldom, and it is busy", 0.95, 33, 1],
    ["clients come seldom, and it is not busy", 0.9, 3_600_000, 0],
    ["clients come often, and it is busy", 1, 32, 0],
  ])("when %s: a loop of utilization %d, 16 in %d ms", async (_when, utilization, ms, grown) => {
    const clock = new SteppedClock();
    const { ears } = await listening({ clock });
    vi.spyOn(performance, "eventLoopUtilization").mockReturnValue({ utilization, active: 0, idle: 0 });
    onTestFinished(() => void vi.restoreAllMocks());
    const grow = vi.spyOn(ears, "grow").mockReturnValue();
    for (let sample = 1; sample <= 3; sample++) {
      clock.step(ms);
      for (let count = 1; count <= 15; count++) {
        ears.accepted();
      }
      expect(grow).toHaveBeenCalledTimes(grown * (sample - 1));
      ears.accepted();
      expect(grow).toHaveBeenCalledTimes(grown * sample);
    }
  });

  it("are given up when the loop has time, a minute after they grew at the earliest, and grow again", async () => {
    const clock = new SteppedClock();
    const { ears, log, port, server } = await listening({ clock });
    const utilization = vi.spyOn(performance, "eventLoopUtilization");
    onTestFinished(() => utilization.mockRestore());
    const sample = (utilized: number, ms: number): number => {
      utilization.mockReturnValue({ utilization: utilized, active: 0, idle: 0 });
      clock.step(ms);
      for (let count = 1; count <= 16; count++) {
        ears.accepted();
      }
      return ears.count;
    };
    sample(0.91, 33);
    await until(() => log.lines.length === 1);
    expect([sample(0.1, 59_999), sample(0.5, 1), sample(0.91, 33), sample(0.49, 0)]).toEqual([32, 32, 32, 1]);
    expect(log.lines[1]).toMatchObject({ level: "info", fields: { transport: "tcp", ears: 1 } });
    expect(await visit(port)).toBe("bye");
    sample(0.91, 33);
    await until(() => log.lines.length === 3);
    expect(ears.count).toBe(32);
    expect(await Promise.all(Array.from({ length: 40 }, () => visit(port)))).not.toContain("");
    server.close();
    await ears.close();
    await takePort(port);
  });

  it("stay one where no more are wanted", async () => {
    const { ears, log } = await listening({ most: 1 });
    ears.grow();
    expect([ears.count, log.lines]).toEqual([1, []]);
  });

  it("grow whatever the options of this Node are", async () => {
    vi.stubEnv("NODE_OPTIONS", "--require=/nowhere/loader.cjs --inspect-brk --input-type=module");
    vi.stubEnv("NODE_V8_COVERAGE", "/proc/nowhere");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { ears } = await listening();
    ears.grow();
    await until(() => ears.count === 32);
  });
});

describe("the port of a listener with ears", () => {
  it.each([1, 2, 9, 16, 31, 32])("is free when they are closed, %d of them grown", async (count) => {
    const { ears, server, port, log } = await listening();
    ears.grow();
    await until(() => ears.count >= count);
    server.close();
    await ears.close();
    await takePort(port);
    expect(ears.count).toBe(1);
    expect(log.at("warn")).toEqual([]);
    // Nothing comes after it, and closing again is no harm.
    await ears.close();
    await takePort(port);
  });

  it("is waited for no longer than five seconds, and it is told", async () => {
    const file = join(temporaryFolder(), "pid");
    const clock = new SteppedClock();
    // What it leaves behind has the channel still.
    const { ears, server, log } = await listening({
      clock,
      program: programOf(`sleep 1000 & echo $! > ${file}.new; mv ${file}.new ${file}; wait`),
    });
    ears.grow();
    await until(() => existsSync(file));
    onTestFinished(() => void process.kill(Number(readFileSync(file, "utf8"))));
    server.close();
    let isClosed = false;
    const closed = ears.close().then(() => {
      isClosed = true;
    });
    clock.step(4_999);
    await turn();
    expect(isClosed).toBe(false);
    clock.step(1);
    await closed;
    expect(log.lines).toMatchObject([{ level: "warn", fields: { transport: "tcp" } }]);
  });
});

describe("where there can be no more ears", () => {
  it.each<[string, () => string, string]>([
    ["this program is not Node", () => "/opt/game/server", "/opt/game/server is not Node itself"],
    ["Node is gone", () => "/nowhere/node", "ENOENT"],
    [
      "Node may not be started",
      () => {
        const program = programOf("");
        chmodSync(program, 0o644);
        return program;
      },
      "EACCES",
    ],
    ["it ends too early", () => programOf("read message <&3; exit 3"), "has ended with 3"],
    ["it sends nothing back", () => programOf("read message <&3; exit 0"), "no copy came back"],
    ["it is killed", () => programOf("read message <&3; kill -9 $$"), "has ended with SIGKILL"],
  ])("because %s: it is told once, and clients come by the one", async (_why, program, problem) => {
    const { ears, server, port, log } = await listening({ program: program() });
    ears.grow();
    await until(() => log.lines.length > 0);
    ears.grow();
    expect(await visit(port)).toBe("bye");
    expect(log.lines).toMatchObject([
      { level: "warn", fields: { ears: 1, problem: expect.stringContaining(problem) } },
    ]);
    server.close();
    await ears.close();
    await takePort(port);
  });

  it("because the program may start none: what was thrown is told", async () => {
    const { ears, log } = await listening({ program: "/with\0zero/node" });
    ears.grow();
    expect(log.lines).toMatchObject([{ level: "warn", fields: { problem: expect.stringContaining("null bytes") } }]);
  });

  it.each<[string, object]>([
    ["there is no handle", { _handle: undefined }],
    ["it is another process's: node:cluster", { _handle: { fd: 3, close() {} } }],
    [
      "it has no descriptor: Windows",
      {
        _handle: new (class TCP {
          fd = -1;
          close() {}
        })(),
      },
    ],
    [
      "it cannot be closed",
      {
        _handle: new (class TCP {
          fd = 3;
        })(),
      },
    ],
    [
      "it is a Unix socket",
      {
        _handle: new (class Pipe {
          fd = 3;
          close() {}
        })(),
      },
    ],
  ])("because %s", async (_why, server) => {
    expect(listeningSocket(server as Server)).toBeUndefined();
    const { log, port, ears } = await listening();
    const deaf = deafEars(server as Server, log);
    deaf.grow();
    await deaf.close();
    expect([deaf.count, ears.count, await visit(port)]).toEqual([1, 1, "bye"]);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { problem: "sockets cannot be copied here" } }]);
  });

  it("because Node takes no copy: those that come are closed", async () => {
    const { ears, server, port, log } = await listening();
    const listen = vi.spyOn(Server.prototype, "listen").mockImplementation(() => {
      throw new TypeError("the options are invalid");
    });
    onTestFinished(() => listen.mockRestore());
    ears.grow();
    await until(() => log.lines.length > 0);
    expect([ears.count, await visit(port)]).toEqual([1, "bye"]);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { problem: "the options are invalid" } }]);
    listen.mockRestore();
    server.close();
    await ears.close();
    await takePort(port);
  });

  it("because what has the name of a socket is none", async () => {
    const log = new KeptLog();
    class TCP {
      readonly fd = 3;
      close() {}
    }
    const server = { _handle: new TCP() } as unknown as Server;
    const ears = deafEars(server, log);
    ears.grow();
    await ears.close();
    expect(log.lines).toMatchObject([{ fields: { problem: expect.stringContaining("handle type") } }]);
  });
});
