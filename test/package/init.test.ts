import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, pack, plainEnvironment, run } from "./packed.js";

/* What somebody does who has nothing but the package: `nanowire init`, and then what the project's README says. */

const folder = emptyFolder();
const demo = join(folder, "demo");
let server: ChildProcess | undefined;

beforeAll(() => {
  const tarball = pack(folder);
  run(folder, `npm init -y && npm install --no-audit --no-fund ${tarball}`);
  run(folder, `npx --no-install nanowire init demo --nanowire ${tarball}`);
  run(demo, "npm install --no-audit --no-fund");
}, 240_000);

afterAll(async () => {
  const running = server;
  if (running !== undefined && running.exitCode === null) {
    const exited = once(running, "exit");
    running.kill("SIGTERM");
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

describe("a project of nanowire init", () => {
  test("generates, compiles, and its test passes", { timeout: 120_000 }, () => {
    expect(run(demo, "npm test")).toMatch(/^# pass 1$[\s\S]*^# fail 0$/m);
  });

  test("is in step, and its .proto has nothing that the lint finds", { timeout: 120_000 }, () => {
    expect(run(demo, "npx --no-install nanowire sync --check")).toContain("1 complete");
    expect(run(demo, "npm run --silent check")).toContain("nothing found in 1 file");
  });

  test("starts, answers its client and who types, and ends when it is told to", { timeout: 120_000 }, async () => {
    const environment = { ...plainEnvironment(), PORT: "0", TCP_PORT: "0" };
    // What `npm start` does, step by step: a signal to npm would not reach the server on every system.
    run(demo, "npm run --silent build");
    const started = spawn(process.execPath, ["dist/src/main.js"], {
      cwd: demo,
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    server = started;
    const url = await listeningAt(started);
    const shown = run(demo, `URL=${url} node dist/src/client.js`);
    expect(shown).toBe("the counter is 2 now\nadded: 2\nrefused: nothing_to_add\n");
    const typed = `echo 'request Counter.Add {"amount": 2}' | npx --no-install nanowire repl ${url} --proto proto`;
    expect(run(demo, typed).split("\n")).toContain('{"value":"4"}');
    started.kill("SIGTERM");
    expect(await once(started, "exit")).toEqual([0, null]);
  });
});

/** The WebSocket URL that a server says it listens on. */
async function listeningAt({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) {
    throw new Error("the process has no output to read");
  }
  for await (const line of createInterface(stdout)) {
    const url = /ws:\/\/\S+/.exec(line)?.[0];
    if (url !== undefined) {
      stdout.resume();
      return url;
    }
  }
  throw new Error("the server ended before it listened");
}
