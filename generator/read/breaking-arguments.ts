import { GeneratorError, type Problem } from "../error.js";
import { ruleNames } from "../model/breaking-rules.js";
import { didYouMean } from "../near.js";

/** What the flags of `nanowire breaking` say. What is absent was not said. */
export interface BreakingFlags {
  readonly against?: string;
  readonly againstLock?: string;
  readonly proto?: readonly string[];
  readonly lock?: string;
  readonly json?: boolean;
  readonly format: "text" | "json";
  readonly ignore: readonly string[];
  readonly help: boolean;
}

/** The flags, and what the value of each is called; undefined: it has none. */
const flags: ReadonlyMap<string, string | undefined> = new Map([
  ["--against", "REF|PATH"],
  ["--against-lock", "FILE"],
  ["--proto", "DIR"],
  ["--lock", "FILE"],
  ["--json", undefined],
  ["--no-json", undefined],
  ["--format", "text|json"],
  ["--ignore", "RULE"],
  ["--help", undefined],
]);
const repeatable: ReadonlySet<string> = new Set(["--proto", "--ignore"]);

/**
 * Reads the flags of `nanowire breaking`.
 *
 * @throws GeneratorError for a flag that is not known, has no value, has one that it does not take, or is given twice
 */
export function parseBreakingFlags(args: readonly string[]): BreakingFlags {
  const problems: Problem[] = [];
  const values = new Map<string, string[]>();
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const name = argument === "-h" ? "--help" : equals < 0 ? argument : argument.slice(0, equals);
    const problem = (message: string): void => {
      problems.push({ message });
    };
    if (!flags.has(name)) {
      problem(
        name.startsWith("-")
          ? `there is no flag ${name}${didYouMean(name, [...flags.keys()])} (nanowire breaking --help lists them)`
          : `nanowire breaking takes no argument ${name}: what to compare with is named with --against ${name}`,
      );
      continue;
    }
    const wanted = flags.get(name);
    const value = equals >= 0 ? argument.slice(equals + 1) : wanted === undefined ? "" : (args[index + 1] ?? "");
    if (wanted === undefined && equals >= 0) {
      problem(`${name} takes no value: write ${name} or leave it out`);
    } else if (wanted !== undefined && (value === "" || value.startsWith("-"))) {
      problem(`${name} wants a value: ${name} ${wanted}`);
      // An empty word is the value all the same, and no mistake of its own.
      index += equals < 0 && args[index + 1] === "" ? 1 : 0;
    } else {
      if (values.has(name) && !repeatable.has(name)) {
        problem(`${name} is given twice`);
      }
      values.set(name, [...(values.get(name) ?? []), value]);
      index += equals < 0 && wanted !== undefined ? 1 : 0;
    }
  }
  const format = values.get("--format")?.[0] ?? "text";
  if (format !== "text" && format !== "json") {
    problems.push({ message: `--format ${format} is not known: write --format text or --format json` });
  }
  const ignore = values.get("--ignore") ?? [];
  for (const rule of ignore.filter((name) => !ruleNames.includes(name))) {
    problems.push({ message: `there is no rule ${rule}${didYouMean(rule, ruleNames)} (docs/breaking.md lists them)` });
  }
  if (values.has("--json") && values.has("--no-json")) {
    problems.push({ message: "--json and --no-json contradict each other" });
  }
  const against = values.get("--against")?.[0];
  const help = values.has("--help");
  if (against === undefined && !help && problems.length === 0) {
    problems.push({ message: "nanowire breaking wants something to compare with: --against REF|PATH" });
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  const againstLock = values.get("--against-lock")?.[0];
  const proto = values.get("--proto");
  const lock = values.get("--lock")?.[0];
  return {
    format: format === "json" ? "json" : "text",
    ignore,
    help,
    ...(against === undefined ? {} : { against }),
    ...(againstLock === undefined ? {} : { againstLock }),
    ...(proto === undefined ? {} : { proto }),
    ...(lock === undefined ? {} : { lock }),
    ...(values.has("--json") || values.has("--no-json") ? { json: values.has("--json") } : {}),
  };
}
