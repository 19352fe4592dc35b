import { parseArgs } from "node:util";
import type { ChaosRunOptions } from "./chaos/run-chaos.js";
import type { TreeSize } from "./commands/proto-tree.js";
import type { SoakOptions } from "./soak/soak.js";

/** What the command line says. */
export interface BenchArguments {
  /** Cases, or comparisons of them: `ping-pong`, `ping-pong/tcp-16`. Empty: all. */
  readonly names: readonly string[];
  readonly list: boolean;
  readonly help: boolean;
  readonly connections: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
  readonly pin: boolean;
  readonly json: string | undefined;
  readonly profile: string | undefined;
  /** Whether bench/RESULTS.md is written. */
  readonly report: boolean;
  /** How large a tree the generator gets. */
  readonly tree: TreeSize;
  readonly soak: SoakOptions;
  readonly chaos: ChaosRunOptions;
}

/** What --help prints. */
export const usage = `npm run bench -- [flags] [case | case/comparison ...]

Without a name every case is run.

Flags:
  --list            name the cases and their comparisons, and run none
  --connections N   connections, all of them busy: 1 to 8000 (default: 1000; for soak: 2000, chaos: 32)
  --rounds N        counted rounds of each side: 1 to 100 (default: 5)
  --seconds S       how long a round sends requests: 0.01 to 600 (default: 2; for soak and chaos, all of it: 60)
  --no-pin          leave the choice of cores to the machine, also where taskset is there
  --json FILE       also write every figure of every round to a file
  --report          also write bench/RESULTS.md: the machine, versions, the command, every table
  --profile DIR     have the servers write CPU profiles there, and print where their time went
  --quick           20 connections, 2 rounds of 0.1 s, 5 services of 2 methods, 40 clients for 8 s: a test of the bench, no
                    measurement`;

/**
 * Reads the command line.
 *
 * @throws Error for a flag that is not known or has a value outside its limits
 */
export function parseBenchArguments(args: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      connections: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      "no-pin": { type: "boolean", default: false },
      json: { type: "string" },
      profile: { type: "string" },
      report: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
    },
  });
  const fallback = values.quick ? quick : usual;
  const seconds = number("--seconds", values.seconds, fallback.seconds, 0.01, 600);
  const connections = integer("--connections", values.connections, fallback.connections, 1, 8_000);
  return {
    names: positionals,
    list: values.list,
    help: values.help,
    connections,
    rounds: integer("--rounds", values.rounds, fallback.rounds, 1, 100),
    roundMs: seconds * 1_000,
    warmUpMs: seconds * 1_000,
    pin: !values["no-pin"],
    json: values.json,
    profile: values.profile,
    report: values.report,
    tree: fallback.tree,
    soak: {
      clients: values.connections === undefined ? fallback.soak.clients : connections,
      seconds: values.seconds === undefined ? fallback.soak.seconds : seconds,
    },
    chaos: {
      clients: values.connections === undefined ? fallback.chaos.clients : connections,
      seconds: values.seconds === undefined ? fallback.chaos.seconds : seconds,
    },
  };
}

function integer(flag: string, text: string | undefined, fallback: number, least: number, most: number): number {
  const value = number(flag, text, fallback, least, most);
  if (!Number.isInteger(value)) {
    throw new Error(`${flag} ${text} is not an integer`);
  }
  return value;
}

function number(flag: string, text: string | undefined, fallback: number, least: number, most: number): number {
  const value = text === undefined ? fallback : text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= least && value <= most)) {
    throw new Error(`${flag} ${text} is not a number from ${least} to ${most}`);
  }
  return value;
}

const usual = {
  connections: 1_000,
  rounds: 5,
  seconds: 2,
  tree: { services: 200, methods: 10 },
  soak: { clients: 2_000, seconds: 60 },
  chaos: { clients: 32, seconds: 60 },
};
const quick = {
  connections: 20,
  rounds: 2,
  seconds: 0.1,
  tree: { services: 5, methods: 2 },
  soak: { clients: 40, seconds: 8 },
  chaos: { clients: 8, seconds: 4 },
};
