import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundledProgram } from "../support/bundled-program.js";
import { temporaryFolder } from "../support/certificate.js";
import { until } from "../support/wait.js";
import type { EarsReport } from "./support/ears-program.js";

const program = bundledProgram("test/transport/support/ears-program.ts");
const run = promisify(execFile);

/** What the program tells when it has ended. */
async function reportOf(...args: string[]): Promise<EarsReport> {
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout) as EarsReport;
}

/** Whether somebody has it. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(true));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(false)));
  });
}

interface Growing {
  readonly server: ChildProcessWithoutNullStreams;
  /** Lets the process for copies go on; it ends then, if it has not. */
  readonly goOn: () => void;
  readonly port: number;
}

/** A server whose process for copies stands still before it reads; the socket is on its way there. */
async function growing(): Promise<Growing> {
  const place = temporaryFolder();
  const [node, file] = [join(place, "node"), join(place, "pid")];
  const tellAndStop = `echo $$ > ${file}.new; mv ${file}.new ${file}; kill -STOP $$`;
  writeFileSync(node, `#!/bin/sh\n${tellAndStop}; exec "${process.execPath}" "$@"\n`);
  chmodSync(node, 0o755);
  const server = spawn(process.execPath, [program, "stay", node]);
  onTestFinished(() => void server.kill("SIGKILL"));
  const [line] = (await once(createInterface(server.stdout), "line")) as [string];
  await until(() => existsSync(file));
  const relay = Number(readFileSync(file, "utf8"));
  const goOn = (): void => {
    try {
      process.kill(relay, "SIGCONT");
    } catch (error) {
      expect(error).toMatchObject({ code: "ESRCH" });
    }
  };
  onTestFinished(goOn);
  return { server, goOn, port: (JSON.parse(line) as EarsReport).port };
}

describe("the process that copies a listener's socket", () => {
  it.each(["SIGKILL", "SIGTERM"] as const)("ends with a server that gets %s, and keeps no port", async (signal) => {
    const { server, goOn, port } = await growing();
    server.kill(signal);
    await once(server, "exit");
    expect(await isTaken(port)).toBe(true);
    // It may be about to stop still; the test's own time limit ends this when the port is never free.
    while (await isTaken(port)) {
      goOn();
    }
  });

  it.each(["exit", "die"])("ends with a server that has taken some of the copies: %s", async (mode) => {
    const server = spawn(process.execPath, [program, mode]);
    const [[line], [code, signal]] = await Promise.all([
      once(createInterface(server.stdout), "line"),
      once(server, "exit"),
    ]);
    expect([code, signal]).toEqual(mode === "die" ? [null, "SIGKILL"] : [0, null]);
    const { ears, port } = JSON.parse(line as string) as EarsReport;
    expect(ears).toBeGreaterThanOrEqual(8);
    while (await isTaken(port)) {
      // Until the other process has seen that the channel is closed.
    }
  });

  it("does not hold a server that ends by itself", async () => {
    const { ears, port, problem } = await reportOf(program, "grow");
    expect([ears, problem, await isTaken(port)]).toEqual([32, undefined, false]);
  });

  it("is not told what this one is told: to wait for an inspector, say", async () => {
    const code = `process.argv.splice(1, 0, "program"); await import(${JSON.stringify(pathToFileURL(program).href)})`;
    const { ears } = await reportOf("--inspect=0", "--input-type=module", "-e", code, "grow");
    expect(ears).toBe(32);
  });

  it("is not started where none may be: the server goes on", async () => {
    const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const net = process.allowedNodeEnvironmentFlags.has("--allow-net") ? ["--allow-net"] : [];
    const report = await reportOf(flag, "--allow-fs-read=*", ...net, program, "grow");
    expect(report).toMatchObject({ ears: 1, problem: expect.stringContaining("restricted") });
  });

  it.each([
    ["its port is the first process's", "round-robin"],
    ["they share it", "shared"],
  ])("is not started by the workers of a cluster: %s", async (_why, mode) => {
    const report = await reportOf(program, mode);
    expect(report).toMatchObject({ ears: 1, problem: "sockets cannot be copied here" });
  });
});
