import { readFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../comparison.js";
import type { Command } from "./measured-run.js";
import { type TreeSize, writeProtoTree } from "./proto-tree.js";
import { type ChangeFigures, WatchedCommand } from "./watched-command.js";

/** A tree on which the command watches. */
export interface WatchedTree {
  /** Its name within its case. */
  readonly name: string;
  readonly title: string;
  /** @param large what the command line says of a large tree */
  readonly size: (large: TreeSize) => TreeSize;
  /** @param directory the folder that holds the folder `proto` */
  readonly command: (directory: string) => Command;
}

/** A case of commands that watch. */
export interface WatchCase {
  readonly name: string;
  readonly summary: string;
  readonly kind: "watch";
  readonly comparisons: readonly WatchedTree[];
}

/** What came of the changes of a tree. */
export interface WatchFigures {
  readonly name: string;
  readonly title: string;
  readonly tree: TreeSize;
  readonly changes: readonly KindFigures[];
}

/** What came of one kind of change. */
export interface KindFigures {
  readonly name: string;
  /** The first one, which the program meets cold. Not among the rounds. */
  readonly first: ChangeFigures;
  readonly rounds: readonly ChangeFigures[];
  /** The medians of the rounds. */
  readonly elapsedMs: number;
  readonly toldMs: number;
}

/** A .proto file of the tree that is changed, and that no other file imports. */
const changedFile = "proto/game/area0/v1/service0.proto";

/** What is done to it, each time with another number: nothing that was there comes again. */
const changes: readonly { readonly name: string; readonly change: (text: string, number: number) => string }[] = [
  {
    name: "a field and its comment",
    change: (text, number) =>
      text.replace(
        /^(message \w+ \{\n)(?: {2}\/\/ Change .*\n {2}string .*\n)?/m,
        `$1  // Change ${number}.\n  string change${number} = 100;\n`,
      ),
  },
  {
    name: "one rpc more",
    change: (text, number) =>
      text.replace(
        /^service (\w+) \{\n/m,
        `$&  // Change ${number}.\n  rpc Change${number}($1Do0Request) returns ($1Do0Response);\n`,
      ),
  },
];

/** Starts the command on a tree, and changes one file again and again. */
export async function runWatch(
  { name, title, size, command }: WatchedTree,
  directory: string,
  large: TreeSize,
  rounds: number,
): Promise<WatchFigures> {
  const tree = size(large);
  writeProtoTree(join(directory, "proto"), tree);
  const watched = await WatchedCommand.start(command(directory));
  try {
    let text = readFileSync(join(directory, changedFile), "utf8");
    let number = 0;
    const measured: KindFigures[] = [];
    for (const { name, change } of changes) {
      const all: ChangeFigures[] = [];
      for (let round = 0; round <= rounds; round++) {
        text = change(text, ++number);
        all.push(await watched.change(changedFile, text));
      }
      const [first, ...others] = all as [ChangeFigures, ...ChangeFigures[]];
      measured.push({
        name,
        first,
        rounds: others,
        elapsedMs: median(others.map(({ elapsedMs }) => elapsedMs)),
        toldMs: median(others.map(({ toldMs }) => toldMs)),
      });
    }
    return { name, title, tree, changes: measured };
  } finally {
    await watched.stop();
  }
}

/** The table of one tree. */
export function formatWatch(caseName: string, { name, title, tree, changes: measured }: WatchFigures): string {
  const row = (cells: readonly string[]): string =>
    `  ${cells.map((cell, index) => (index === 0 ? cell.padEnd(24) : cell.padStart(10))).join(" ")}`;
  return [
    `${caseName}/${name}: ${title}; ${tree.services} services × ${tree.methods} methods`,
    row(["", "ms", "range", "told ms", "first ms", "files"]),
    ...measured.map(({ name: kind, first, rounds, elapsedMs, toldMs }) => {
      const times = rounds.map((each) => each.elapsedMs);
      const range = `${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)}`;
      const [files = 0] = rounds.map((each) => each.files);
      return row([kind, elapsedMs.toFixed(0), range, toldMs.toFixed(0), first.elapsedMs.toFixed(0), String(files)]);
    }),
  ].join("\n");
}

/** The last line: how long a change takes. */
export function formatWatchTimes(caseName: string, { name, changes: measured }: WatchFigures): string {
  const times = measured.map(({ name: kind, elapsedMs }) => `${kind} ${elapsedMs.toFixed(0)} ms`);
  return `time  ${`${caseName}/${name}`.padEnd(34)} ${times.join(", ")} (less is better)`;
}
