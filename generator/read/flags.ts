import { GeneratorError, type Problem } from "../error.js";
import { didYouMean } from "../near.js";

/** The flags that a command takes. */
export interface FlagSet {
  /** `generate`. */
  readonly command: string;
  /** Flag → what follows it (`DIR`, as the help calls it), or undefined when nothing does. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** The flags that may be given more than once. */
  readonly repeatable: readonly string[];
}

/**
 * Reads a command's flags: `--out DIR` and `--out=DIR` alike, `-h` as `--help`.
 *
 * @param problemsOf what else is wrong with those that were given
 * @returns flag → its values in their order; one without a value has "" for each time
 * @throws GeneratorError for a flag that is not known, has no value, has one that it does not take, or is given twice
 */
export function readFlags(
  args: readonly string[],
  { command, flags, repeatable }: FlagSet,
  problemsOf: (values: ReadonlyMap<string, readonly string[]>) => readonly Problem[] = () => [],
): ReadonlyMap<string, readonly string[]> {
  const problems: Problem[] = [];
  const values = new Map<string, string[]>();
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const name = argument === "-h" ? "--help" : equals < 0 ? argument : argument.slice(0, equals);
    if (!Object.hasOwn(flags, name)) {
      problems.push({ message: unknownArgument(name, command, Object.keys(flags)) });
      continue;
    }
    const wanted = flags[name];
    let value = "";
    if (wanted !== undefined) {
      const next = equals < 0 ? args[++index] : argument.slice(equals + 1);
      if (next === undefined || next === "" || (equals < 0 && next.startsWith("--"))) {
        problems.push({ message: `${name} wants a value: ${name} ${wanted}` });
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
  for (const [name, given] of values) {
    if (given.length > 1 && flags[name] !== undefined && !repeatable.includes(name)) {
      problems.push({ message: `${name} is given twice` });
    }
  }
  problems.push(...problemsOf(values));
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return values;
}

function unknownArgument(name: string, command: string, known: readonly string[]): string {
  return name.startsWith("-")
    ? `there is no flag ${name}${didYouMean(name, known)} (nanowire ${command} --help lists them)`
    : `nanowire ${command} takes no argument ${name}: folders of .proto files are named with --proto ${name}`;
}
