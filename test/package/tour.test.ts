import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, pack, plainEnvironment, root, run } from "./packed.js";

/*
 * The README's tour, done as it says: its commands are run, its files are written, what it shows is what comes.
 * Only the two ports are others, for those of the README may be taken.
 */

interface Block {
  readonly language: string;
  /** The file that the text before the block names, if it names one. */
  readonly file: string | undefined;
  readonly code: string;
}

const folder = emptyFolder();
const project = join(folder, "tour");
const readme = readFileSync(`${root}README.md`, "utf8");
const section = readme.slice(readme.indexOf("## Five minutes"), readme.indexOf("## Where to read on"));
let blocks: Block[] = [];
let server: ChildProcess | undefined;

beforeAll(async () => {
  const tarball = pack(folder);
  mkdirSync(project);
  const [webSocketPort, tcpPort] = await freePorts();
  const tour = section
    .replaceAll("3250", String(webSocketPort))
    .replaceAll("3251", String(tcpPort))
    .replace("npm install nanowire", `npm install ${tarball}`);
  blocks = [...tour.matchAll(/([^\n]*)\n\n?(?:[^\n`]*\n\n)?```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, before = "", language = "", code = ""]) => ({ language, code, file: /in `([\w./-]+\.\w+)`/.exec(before)?.[1] }),
  );
}, 120_000);

afterAll(async () => {
  const running = server;
  if (running !== undefined && running.exitCode === null) {
    const exited = once(running, "exit");
    running.kill("SIGTERM");
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

async function freePorts(): Promise<[number, number]> {
  const probes = [createServer(), createServer()];
  await Promise.all(probes.map((probe) => once(probe.listen(0), "listening")));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map((probe) => once(probe.close(), "close")));
  return ports as [number, number];
}

describe("the README's five minutes", () => {
  test("has the blocks that this test follows", () => {
    expect(blocks.map(({ language, file }) => [language, file])).toEqual([
      ["sh", undefined],
      ["proto", "proto/counter/v1/counter.proto"],
      ["sh", undefined],
      ["ts", "src/server.ts"],
      ["ts", "src/client.ts"],
      ["json", "tsconfig.json"],
      ["sh", undefined],
      ["sh", undefined],
      ["text", undefined],
    ]);
  });

  test("leads from an empty folder to a service that runs", { timeout: 240_000 }, async () => {
    const [install, proto, generate, serverFile, clientFile, tsconfig, start, client, shown] = blocks;
    run(project, install?.code ?? "");
    write(proto);
    run(project, generate?.code ?? "");
    for (const block of [serverFile, clientFile, tsconfig]) {
      write(block);
    }
    const [compile = "", serve = ""] = (start?.code ?? "").trim().split("\n");
    expect(run(project, compile)).toBe("");
    server = spawn("bash", ["-ec", `exec ${serve}`], {
      cwd: project,
      env: plainEnvironment(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    await linesWith(server, "listening", 2);
    expect(run(project, client?.code ?? "")).toBe(shown?.code);
    expect(run(project, "npx nanowire generate --check")).not.toContain("stale");
  });
});

function write(block: Block | undefined): void {
  const path = join(project, block?.file ?? "");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, block?.code ?? "");
}

/** Resolved when a process has printed so many lines with a word in them. */
async function linesWith(process: ChildProcess, word: string, count: number): Promise<void> {
  const { stdout } = process;
  if (stdout === null) {
    throw new Error("the process has no output to read");
  }
  let seen = 0;
  for await (const line of createInterface(stdout)) {
    seen += line.includes(word) ? 1 : 0;
    if (seen === count) {
      stdout.resume();
      return;
    }
  }
  throw new Error(`the process ended before it printed ${count} lines with ${word}`);
}
