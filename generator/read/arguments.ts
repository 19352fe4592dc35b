import { GeneratorError, type Problem } from "../error.js";
import { didYouMean } from "../near.js";
import {
  expectationOf,
  flagOf,
  flagUsage,
  type GivenOptions,
  keyOf,
  negatedFlagOf,
  type OptionRow,
  type OptionTable,
  placeholder,
  readText,
  toOptionValues,
  type ValuesOf,
} from "./option-table.js";

/** What a word that begins with `--` sets: an option, to what follows or, for a switch or an act, to this. */
interface Flag {
  readonly name: string;
  readonly row: OptionRow;
  /** Absent when a value follows. */
  readonly stands?: boolean;
}

/** The one argument of a command that is no flag. */
export class OneArgument {
  /** Undefined: it was not given. */
  value: string | undefined;

  /** What {@link parseFlags} is to hand arguments to: takes the first. */
  readonly take = (argument: string): boolean => {
    const isFirst = this.value === undefined;
    this.value ??= argument;
    return isFirst;
  };
}

/**
 * Reads a command's flags: `--out DIR` and `--out=DIR` alike, `-h` as `--help`.
 *
 * @param command `generate`
 * @param table the options; those that are flags can be given
 * @param take what takes an argument that is no flag, and tells whether it did; absent when none may stand there
 * @throws GeneratorError for a flag that is not known, has no value, has one that it cannot have, is given twice, or contradicts
 *   another one
 */
export function parseFlags<T extends OptionTable>(
  args: readonly string[],
  command: string,
  table: T,
  take?: (argument: string) => boolean,
): ValuesOf<T> {
  const flags = knownFlags(table);
  const problems: Problem[] = [];
  const given: GivenOptions = {};
  /** Option → the flags that set it: `--no-json` beside `--json` is a contradiction, `--out` twice a repetition. */
  const setBy = new Map<string, { readonly row: OptionRow; readonly words: string[] }>();
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const word = argument === "-h" ? "--help" : equals < 0 ? argument : argument.slice(0, equals);
    const flag = flags.get(word);
    const elsewhere = flag === undefined ? Object.entries(table).find(([name]) => flagOf(name) === word) : undefined;
    if (elsewhere !== undefined) {
      problems.push({ message: givenElsewhere(word, ...elsewhere) });
      // What follows is its value, and no mistake of its own.
      index += equals < 0 && elsewhere[1].kind !== "switch" && args[index + 1]?.startsWith("-") === false ? 1 : 0;
      continue;
    }
    if (flag === undefined) {
      if (word.startsWith("-") || take === undefined) {
        problems.push({ message: unknownArgument(word, command, [...flags.keys()], "proto" in table) });
      } else if (!take(argument)) {
        problems.push({ message: `nanowire ${command} takes one argument: ${argument} is one too many` });
      }
      continue;
    }
    const { name, row, stands } = flag;
    setBy.set(name, { row, words: [...(setBy.get(name)?.words ?? []), word] });
    if (stands !== undefined) {
      given[name] = stands;
      if (equals >= 0) {
        const other = row.kind === "switch" ? `${flagOf(name)} or ${negatedFlagOf(name)}` : `${word} or leave it out`;
        problems.push({ message: `${word} takes no value: write ${other}` });
      }
      continue;
    }
    const text = equals < 0 ? args[index + 1] : argument.slice(equals + 1);
    if (text === undefined || text === "" || (equals < 0 && text.startsWith("--"))) {
      problems.push({ message: `${word} wants a value: ${word} ${placeholder(row)}` });
      index += equals < 0 && text === "" ? 1 : 0;
      continue;
    }
    index += equals < 0 ? 1 : 0;
    const value = readText(row, text);
    if (value === undefined) {
      problems.push({ message: `${word} cannot be ${text}: write ${expectationOf(row)}` });
    } else {
      const earlier = given[name];
      given[name] = takesSeveral(row) ? [...(Array.isArray(earlier) ? earlier : []), value] : value;
    }
  }
  for (const [name, { row, words }] of setBy) {
    const [first = "", second] = [...new Set(words)];
    const { kind } = row;
    if (second !== undefined) {
      problems.push({ message: `${flagOf(name)} and ${negatedFlagOf(name)} contradict each other` });
    } else if (words.length > 1 && !takesSeveral(row) && kind !== "act" && kind !== "switch") {
      problems.push({ message: `${first} is given twice` });
    }
  }
  if (given["check"] === true && given["watch"] === true) {
    problems.push({ message: "--check and --watch contradict each other: --check writes nothing" });
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return toOptionValues<T>(given);
}

/** The flags and what they do, a line each, for `--help`. */
export function helpOnFlags(table: OptionTable): string {
  const rows = flagRows(table);
  const width = Math.max(...rows.map(([name, row]) => flagUsage(name, row).length));
  const lines = rows.map(([name, row]) => {
    const fallback = row.default === undefined ? "" : ` (default: ${row.default})`;
    return `  ${flagUsage(name, row).padEnd(width)}  ${row.doc}${fallback}`;
  });
  return lines.join("\n");
}

function takesSeveral({ kind }: OptionRow): boolean {
  return kind === "folders" || kind === "texts";
}

function flagRows(table: OptionTable): [string, OptionRow][] {
  return Object.entries(table).filter(([, { places }]) => places.includes("flag"));
}

function knownFlags(table: OptionTable): ReadonlyMap<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const [name, row] of flagRows(table)) {
    const isSwitch = row.kind === "switch";
    flags.set(flagOf(name), { name, row, ...(isSwitch || row.kind === "act" ? { stands: true } : {}) });
    if (isSwitch) {
      flags.set(negatedFlagOf(name), { name, row, stands: false });
    }
  }
  return flags;
}

/** What to do with an option that is no flag. */
function givenElsewhere(word: string, name: string, { places }: OptionRow): string {
  return places.includes("key")
    ? `${word} is no flag: write the key "${keyOf(name)}" in nanowire.config.json`
    : `${word} is no flag, but a parameter of protoc-gen-nanowire`;
}

function unknownArgument(word: string, command: string, known: readonly string[], takesProto: boolean): string {
  const advice = takesProto ? `: folders of .proto files are named with --proto ${word}` : "";
  return word.startsWith("-")
    ? `there is no flag ${word}${didYouMean(word, known)} (nanowire ${command} --help lists them)`
    : `nanowire ${command} takes no argument ${word}${advice}`;
}
