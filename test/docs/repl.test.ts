import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runNanowire } from "../../generator/commands.js";
import { flagUsage, replTable } from "../../generator/read/option-table.js";
import { commands } from "../../runtime/repl/commands.js";
import { TypedRepl } from "../repl/support/repl-process.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines, runServer } from "./support/running-program.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/repl.md`, "utf8");
const blocks = [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
const folder = mkdtempSync(join(tmpdir(), "nanowire-docs-repl-"));

beforeAll(async () => {
  mkdirSync(`${folder}/proto/chat/v1`, { recursive: true });
  for (const file of ["chat/v1/room.proto", "routes.lock.json"]) {
    writeFileSync(`${folder}/proto/${file}`, readFileSync(`${root}proto/${file}`));
  }
  const args = ["generate", "--descriptors", "generated/descriptors.json"];
  expect(await runNanowire(args, { directory: folder, print: () => {}, printError: () => {} })).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The page's server, with WebSocket and TCP. */
async function start(): Promise<readonly [ws: string, tcp: string]> {
  printedLines();
  const { server } = await runServer(new PageProgram("docs/repl.md"), "reflection", [], {
    instead: { "generated/descriptors.json": `${folder}/generated/descriptors.json` },
  });
  return [server.addresses[0]?.url ?? "", server.addresses[1]?.url ?? ""];
}

/** Runs the command as somebody in a shell does. */
async function run(args: readonly string[], input = "") {
  const child = spawn(process.execPath, [`${root}dist/generator/cli.js`, "repl", ...args], { cwd: folder });
  child.stdin.end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, "exit"),
  ]);
  return { exitCode, stdout, stderr };
}

/** What differs from run to run. */
function leveled(text: string): string {
  return text.replace(/after [\d.]+ ms/g, "after 0 ms").replace(/"atMs":"\d+"/g, '"atMs":"0"');
}

test("the session at a terminal is as it is shown", async () => {
  const [url] = await start();
  const [, ...lines] = (blocks[0] ?? "").trimEnd().replaceAll("ws://127.0.0.1:3250", url).split("\n");
  const repl = new TypedRepl({ url }, { NO_COLOR: "1" }, leveled);
  for (const line of lines.map(leveled)) {
    const [, command] = /^nanowire> (.*)$/.exec(line) ?? [];
    const wanted = command === undefined ? line : "nanowire> ";
    await repl.sees(wanted);
    repl.type(command === undefined ? "" : `${command}\r`);
  }
  expect(await repl.exit).toBe(0);
});

describe("the script that is shown", () => {
  test("ends with 0 where all is well, and prints what was asked for, and what was pushed", async () => {
    const [url] = await start();
    writeFileSync(`${folder}/join.repl`, blocks.find((block) => block.startsWith("# join.repl")) ?? "");
    const { exitCode, stdout, stderr } = await run([url, "--script", "join.repl"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(leveled(stdout)).toBe(
      '{"members":["ada"]}\npush RoomEvents.Said {"name":"ada","text":"hello","atMs":"0"}\n{}\n',
    );
  });

  test("ends with 1 at a command that fails; types come from .proto files, too", async () => {
    const [, url] = await start();
    const join = 'request Room.Join {"name": "ada"}\n';
    const { exitCode, stdout, stderr } = await run([url, "--proto", "proto", "--serializer=json"], join + join);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: '{"members":["ada"]}\n',
      stderr: "standard input:2: Room.Join: already_joined: you are in the room as ada\n",
    });
  });

  test("ends with 2 where nothing was tried", async () => {
    const { exitCode, stderr } = await run(["http://127.0.0.1"]);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1\/ does not begin with ws: or /),
    ]);
  });
});

test("the lines for a server of pitaya are such as can be typed", () => {
  const names = (blocks.at(-1) ?? "").trim().split("\n");
  expect(names.map((line) => commands.has(line.split(" ")[0] ?? ""))).toEqual([true, true, true]);
});

/** The cells of the table under a heading. */
function table(heading: string): string[][] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`)).split("\n## ")[1] ?? "";
  const [rows = ""] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  return rows
    .trim()
    .split("\n")
    .slice(2)
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")));
}

test("the tables tell every command and every flag, as `help` and --help do", () => {
  expect(table("Commands").map(([, usage, summary]) => [usage, summary])).toEqual(
    [...commands.values()].map(({ usage, summary }) => [`\`${usage}\``, summary]),
  );
  expect(table("Flags").map(([, flag, fallback, doc]) => [flag, fallback, doc])).toEqual(
    Object.entries(replTable)
      .filter(([name]) => name !== "help")
      .map(([name, row]) => [`\`${flagUsage(name, row)}\``, "default" in row ? row.default : "", row.doc]),
  );
});
