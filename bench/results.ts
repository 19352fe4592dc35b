import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";

/** What one case has printed. */
export interface CaseResults {
  readonly name: string;
  readonly summary: string;
  readonly tables: readonly string[];
  readonly lastLines: readonly string[];
}

/** What a report tells of the run. */
export interface RunResults {
  /** ISO 8601. */
  readonly begun: string;
  /** What the machine had to do before: the load averages of 1, 5 and 15 minutes. */
  readonly loadBefore: readonly number[];
  /** What came after `npm run bench --`. */
  readonly args: readonly string[];
  /** How many connections and rounds there were, and which cores were whose. */
  readonly setting: string;
  readonly cases: readonly CaseResults[];
}

/** Packages whose speed is in the figures. */
const packages = [
  "ws",
  "@bufbuild/protobuf",
  "@bufbuild/buf",
  "ts-proto",
  "protobufjs",
  "esbuild",
  "@grpc/grpc-js",
  "@nats-io/transport-node",
];

/** Other servers, where they are installed. */
const peers = ["socket.io", "@colyseus/core", "@colyseus/ws-transport", "pinus"];

/** What `--report` writes: the machine, versions, the command, every table, every ratio. */
export function formatResults(root: string, { begun, loadBefore, args, setting, cases }: RunResults): string {
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
  const facts = [
    ["command", `\`npm run bench -- ${args.join(" ")}\``],
    ["begun", begun],
    ["machine", `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${memory}, ${type()} ${release()} ${process.arch}`],
    ["load before", loadBefore.map((load) => load.toFixed(2)).join(", ")],
    ["Node", `${process.version}, V8 ${process.versions.v8}, libuv ${process.versions.uv}`],
    ["packages", [`nanowire ${versionIn(root) ?? "?"}`, ...versions(root, packages)].join(", ")],
    ["peers", versions(join(root, "bench/peers"), peers).join(", ") || "not installed"],
    ["setting", setting],
  ];
  const lines = [
    "# Results",
    "",
    "Written by the bench. [README.md](README.md) tells what is measured and how the columns are to be read. Compare ratios:",
    "microseconds are those of this machine, at this hour.",
    "",
    "| | |",
    "| --- | --- |",
    ...facts.map(([what, value]) => `| ${what} | ${value} |`),
    "",
    "## Ratios",
    "",
    ...codeBlock(cases.flatMap(({ lastLines }) => lastLines)),
  ];
  for (const { name, summary, tables } of cases.filter((each) => each.tables.length > 0)) {
    lines.push("", `## ${name}`, "", `${summary}.`, "", ...codeBlock(tables.map((table) => table.trimEnd())));
  }
  return `${lines.join("\n")}\n`;
}

function codeBlock(texts: readonly string[]): string[] {
  return ["```text", texts.join(texts.some((text) => text.includes("\n")) ? "\n\n" : "\n"), "```"];
}

/** Those of some packages that are installed below a folder, with their versions. */
function versions(directory: string, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const version = versionIn(join(directory, "node_modules", name));
    return version === undefined ? [] : [`${name} ${version}`];
  });
}

function versionIn(directory: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { version?: string };
    return version;
  } catch {
    return undefined;
  }
}
