import { GeneratorError, type Problem } from "../error.js";
import { didYouMean } from "../near.js";

/** What the flags of `nanowire generate` say. What is absent was not said. */
export interface GenerateFlags {
  readonly proto?: readonly string[];
  readonly out?: string;
  readonly lock?: string;
  readonly json?: boolean;
  readonly check: boolean;
  readonly help: boolean;
}

const flagNames = ["--proto", "--out", "--lock", "--json", "--no-json", "--check", "--help"] as const;
const withValue: ReadonlySet<string> = new Set(["--proto", "--out", "--lock"]);

/**
 * Reads the flags of `nanowire generate`: `--out DIR` and `--out=DIR` alike.
 *
 * @throws GeneratorError for a flag that is not known, has no value, has one that it does not take, or is given twice
 */
export function parseGenerateFlags(args: readonly string[]): GenerateFlags {
  const problems: Problem[] = [];
  const values = new Map<string, string[]>();
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const name = argument === "-h" ? "--help" : equals < 0 ? argument : argument.slice(0, equals);
    if (!flagNames.some((known) => known === name)) {
      problems.push({ message: unknownArgument(name) });
      continue;
    }
    let value = "";
    if (withValue.has(name)) {
      const next = equals < 0 ? args[++index] : argument.slice(equals + 1);
      if (next === undefined || next === "" || (equals < 0 && next.startsWith("--"))) {
        problems.push({ message: `${name} wants a value: ${name} ${name === "--lock" ? "FILE" : "DIR"}` });
        index -= equals < 0 ? 1 : 0;
        continue;
      }
      value = next;
    } else if (equals >= 0) {
      problems.push({ message: `${name} takes no value: write ${name} or leave it out` });
      continue;
    }
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  for (const name of ["--out", "--lock"]) {
    if ((values.get(name)?.length ?? 0) > 1) {
      problems.push({ message: `${name} is given twice` });
    }
  }
  if (values.has("--json") && values.has("--no-json")) {
    problems.push({ message: "--json and --no-json contradict each other" });
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  const proto = values.get("--proto");
  const out = values.get("--out")?.[0];
  const lock = values.get("--lock")?.[0];
  return {
    check: values.has("--check"),
    help: values.has("--help"),
    ...(proto === undefined ? {} : { proto }),
    ...(out === undefined ? {} : { out }),
    ...(lock === undefined ? {} : { lock }),
    ...(values.has("--json") || values.has("--no-json") ? { json: values.has("--json") } : {}),
  };
}

function unknownArgument(name: string): string {
  return name.startsWith("-")
    ? `there is no flag ${name}${didYouMean(name, flagNames)} (nanowire generate --help lists them)`
    : `nanowire generate takes no argument ${name}: folders of .proto files are named with --proto ${name}`;
}
