import { GeneratorError, type Problem } from "../error.js";
import { didYouMean } from "../near.js";
import {
  expectationOf,
  flagOf,
  flagUsage,
  type GivenOptions,
  negatedFlagOf,
  type OptionName,
  type OptionValues,
  optionsAt,
  placeholder,
  readText,
  rowOf,
  toOptionValues,
} from "./option-table.js";

/** What the flags of `nanowire generate` say. What is absent was not said. */
export type GenerateFlags = OptionValues;

/** What a word that begins with `--` sets: an option, to what follows or, for a switch or an act, to this. */
interface Flag {
  readonly name: OptionName;
  /** Absent when a value follows. */
  readonly stands?: boolean;
}

/**
 * Reads the flags of `nanowire generate`: `--out DIR` and `--out=DIR` alike.
 *
 * @throws GeneratorError for a flag that is not known, has no value, has one that it does not take, or is given twice
 */
export function parseGenerateFlags(args: readonly string[]): GenerateFlags {
  const flags = knownFlags();
  const problems: Problem[] = [];
  const given: GivenOptions = {};
  /** Option → the flags that set it: `--no-json` beside `--json` is a contradiction, `--out` twice a repetition. */
  const setBy = new Map<OptionName, string[]>();
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const word = argument === "-h" ? "--help" : equals < 0 ? argument : argument.slice(0, equals);
    const flag = flags.get(word);
    if (flag === undefined) {
      problems.push({ message: unknownArgument(word, [...flags.keys()]) });
      continue;
    }
    const { name, stands } = flag;
    setBy.set(name, [...(setBy.get(name) ?? []), word]);
    if (stands !== undefined) {
      given[name] = stands;
      if (equals >= 0) {
        problems.push({ message: `${word} takes no value: write ${word} or leave it out` });
      }
      continue;
    }
    const row = rowOf(name);
    const text = equals < 0 ? args[index + 1] : argument.slice(equals + 1);
    if (text === undefined || text === "" || (equals < 0 && text.startsWith("--"))) {
      problems.push({ message: `${word} wants a value: ${word} ${placeholder(row)}` });
      continue;
    }
    index += equals < 0 ? 1 : 0;
    const value = readText(row, text);
    if (value === undefined) {
      problems.push({ message: `${word} cannot be ${text}: write ${expectationOf(row)}` });
    } else {
      const earlier = given[name];
      given[name] = row.kind === "folders" ? [...(Array.isArray(earlier) ? earlier : []), value] : value;
    }
  }
  for (const [name, words] of setBy) {
    const [first = "", second] = [...new Set(words)];
    const { kind } = rowOf(name);
    if (second !== undefined) {
      problems.push({ message: `${flagOf(name)} and ${negatedFlagOf(name)} contradict each other` });
    } else if (words.length > 1 && kind !== "folders" && kind !== "act" && kind !== "switch") {
      problems.push({ message: `${first} is given twice` });
    }
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return toOptionValues(given);
}

/** The flags and what they do, a line each, for `--help`. */
export function helpOnFlags(): string {
  const names = optionsAt("flag");
  const width = Math.max(...names.map((name) => flagUsage(name).length));
  const lines = names.map((name) => {
    const { doc, default: fallback } = rowOf(name);
    return `  ${flagUsage(name).padEnd(width)}  ${doc}${fallback === undefined ? "" : ` (default: ${fallback})`}`;
  });
  return lines.join("\n");
}

function knownFlags(): ReadonlyMap<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const name of optionsAt("flag")) {
    const { kind } = rowOf(name);
    const isSwitch = kind === "switch";
    flags.set(flagOf(name), { name, ...(isSwitch || kind === "act" ? { stands: true } : {}) });
    if (isSwitch) {
      flags.set(negatedFlagOf(name), { name, stands: false });
    }
  }
  return flags;
}

function unknownArgument(word: string, known: readonly string[]): string {
  return word.startsWith("-")
    ? `there is no flag ${word}${didYouMean(word, known)} (nanowire generate --help lists them)`
    : `nanowire generate takes no argument ${word}: folders of .proto files are named with --proto ${word}`;
}
