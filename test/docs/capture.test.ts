import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  dissectorTable,
  flagUsage,
  type OptionTable,
  replayTable,
  tapTable,
} from "../../generator/read/option-table.js";
import { pcapOf, segmentsOf } from "../capture/support/pcap-writer.js";
import { startRecording } from "../capture/support/recording-proxy.js";
import { Project } from "../generator/support/project.js";
import { runLines } from "../repl/support/repl-process.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines, runServer } from "./support/running-program.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/capture.md`, "utf8");
const blocks = [...page.matchAll(/^```(?:text|json)\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
const folder = mkdtempSync(join(tmpdir(), "nanowire-docs-capture-"));

beforeAll(() => {
  mkdirSync(`${folder}/proto/chat/v1`, { recursive: true });
  cpSync(`${root}proto/chat/v1/room.proto`, `${folder}/proto/chat/v1/room.proto`);
  cpSync(`${root}proto/routes.lock.json`, `${folder}/proto/routes.lock.json`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A server of docs/repl.md, which tells its types. */
async function start(): Promise<{ readonly url: URL; readonly descriptors: string }> {
  printedLines();
  const made = new Project();
  cpSync(`${folder}/proto`, `${made.directory}/proto`, { recursive: true });
  await made.run("generate", "--descriptors", "generated/descriptors.json");
  const { server } = await runServer(new PageProgram("docs/repl.md"), "reflection", [], {
    instead: { "generated/descriptors.json": `${made.directory}/generated/descriptors.json` },
  });
  return { url: new URL(server.addresses[0]?.url ?? ""), descriptors: made.read("generated/descriptors.json") };
}

/** What differs from run to run, or with the .proto files. */
function leveled(capture: string): string {
  return capture
    .replaceAll(/"(dictVersion|types)":"[^"]*"/g, '"$1":"…"')
    .replaceAll(/10:00:\d\d\.\d{6}Z/g, "10:00:00.000000Z")
    .replaceAll(/"durationMs":[\d.]+/g, '"durationMs":1.2')
    .replaceAll(/"atMs":"\d+"/g, '"atMs":"1795341600000"');
}

/** Runs the command as somebody in a shell does. */
async function run(...args: readonly string[]) {
  const child = spawn(process.execPath, [`${root}dist/generator/cli.js`, ...args], { cwd: folder });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, "exit"),
  ]);
  return { exitCode, stdout, stderr };
}

test("the commands that are shown take a capture, and replay it; so does the program", async () => {
  const { url, descriptors } = await start();
  const proxy = await startRecording(Number(url.port));
  await runLines(
    [
      'request Room.Join {"name": "ada"}',
      'notify Room.Say {"text": "hello"}',
      "wait RoomEvents.Said",
      "request Room.Leave",
    ],
    { url: `ws://127.0.0.1:${proxy.port}`, descriptors },
  );
  await proxy.closed(1);
  writeFileSync(`${folder}/game.pcap`, pcapOf(segmentsOf(proxy.said)));
  const [, tap = "", replay = ""] = (blocks[0] ?? "").split("\n").map((line) => line.replace("$ npx nanowire ", ""));
  expect(await run(...tap.split(" "))).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  const capture = readFileSync(`${folder}/capture.jsonl`, "utf8");
  const shown = (blocks[1] ?? "").trim().split("\n");
  expect(leveled(capture).split("\n")).toEqual(expect.arrayContaining(shown));
  const args = replay.replace("ws://127.0.0.1:3250", url.href).split(" ");
  // A build that answers otherwise.
  writeFileSync(`${folder}/capture.jsonl`, capture.replace('"members":["ada"]', '"members":["ada","bob"]'));
  const { exitCode, stdout } = await run(...args, "--pushes", "--ignore", "**.atMs");
  expect(exitCode).toBe(1);
  expect(stdout.replaceAll(url.href, "ws://127.0.0.1:3250/")).toBe((blocks[2] ?? "").replace(/^\$.*\n/, ""));
  writeFileSync(`${folder}/capture.jsonl`, capture);
  await new PageProgram("docs/capture.md").run("showReport", ["report"], {
    instead: {
      '"capture.jsonl", "utf8"': `${JSON.stringify(`${folder}/capture.jsonl`)}, "utf8"`,
      "ws://127.0.0.1:3250": url.href,
    },
  });
});

/** The rows of the table under a line. */
function table(line: string): string[][] {
  const [rows = ""] = /(?:^\|.*\n)+/m.exec(page.slice(page.indexOf(line))) ?? [];
  return rows
    .trim()
    .split("\n")
    .slice(2)
    .map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")));
}

test.each<[string, OptionTable]>([
  ["`nanowire tap SOURCE`:", tapTable],
  ["`nanowire replay CAPTURE`:", replayTable],
  ["`nanowire dissector`:", dissectorTable],
])("the table under %s tells every flag, as --help does", (line, options) => {
  expect(table(line).map(([, flag, fallback, doc]) => [flag, fallback, doc])).toEqual(
    Object.entries(options)
      .filter(([name]) => name !== "help")
      .map(([name, row]) => [`\`${flagUsage(name, row)}\``, row.default ?? "", row.doc]),
  );
});

test("every kind of line is told, with each of its members", () => {
  const source = readFileSync(`${root}runtime/capture/capture-line.ts`, "utf8");
  const kinds = new Map(
    [...source.matchAll(/readonly kind: "(\w+)";([\s\S]*?)^}/gm)].map(([, kind = "", body = ""]) => [
      kind,
      [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name),
    ]),
  );
  expect(kinds.size).toBe(13);
  const told = new Map(
    table("Each other line is one of these kinds").map(([, kind = "", , members = ""]) => [
      kind.replaceAll("`", ""),
      members,
    ]),
  );
  expect([...told.keys()].toSorted()).toEqual([...kinds.keys()].toSorted());
  for (const [kind, names] of kinds) {
    expect(names.filter((name) => name !== "redacted" && !told.get(kind)?.includes(`\`${name}\``))).toEqual([]);
  }
});
