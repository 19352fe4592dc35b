import { type Choices, defaultChoices } from "../model/choices.js";

/** What an option is given as. A switch is on or off; an act stands alone, and only on the command line. */
export type OptionKind = "folders" | "folder" | "file" | "switch" | "choice" | "act";

/** Where an option can be given: as a flag, as a key of the configuration, as a parameter of the plugin. */
export type OptionPlace = "flag" | "key" | "parameter";

/** One option: everything that is said of it, in the command, its help, the plugin and docs/generator.md, is said of this row. */
export interface OptionRow {
  readonly kind: OptionKind;
  readonly places: readonly OptionPlace[];
  /** What a choice chooses from. */
  readonly values?: readonly string[];
  /** What holds when it is not given; absent for an act. */
  readonly default?: string;
  readonly doc: string;
}

const everywhere = ["flag", "key", "parameter"] as const;

/**
 * The options of `nanowire generate` and of `protoc-gen-nanowire`, by name. Those of protobuf-es (`target`, `import_extension`,
 * `ts_nocheck`) mean here what they mean there.
 */
export const optionTable = {
  proto: {
    kind: "folders",
    places: ["flag", "key"],
    default: "proto",
    doc: "a folder of .proto files, the one that imports are relative to; may be given more than once, as a key in a list",
  },
  out: { kind: "folder", places: ["flag", "key"], default: "generated", doc: "the folder for what is generated" },
  lock: {
    kind: "file",
    places: everywhere,
    default: "routes.lock.json in the first folder of proto",
    doc: "the file that keeps the routes' codes; commit it",
  },
  side: {
    kind: "choice",
    places: everywhere,
    values: ["both", "server", "client"],
    default: "both",
    doc: "whose files are made: without client no .client.ts, without server no .server.ts and no .json.ts",
  },
  json: {
    kind: "switch",
    places: everywhere,
    default: "true",
    doc: "with or without JSON codecs; without them a client that wants JSON is refused",
  },
  int64: {
    kind: "choice",
    places: everywhere,
    values: ["bigint", "string", "number"],
    default: "bigint",
    doc: "what a 64-bit integer is; a number that cannot hold it exactly is an error when it is decoded",
  },
  import_extension: {
    kind: "choice",
    places: everywhere,
    values: ["js", "ts", "none"],
    default: "js",
    doc: "what stands after the names of imported files",
  },
  ts_nocheck: {
    kind: "switch",
    places: everywhere,
    default: "false",
    doc: "with or without // @ts-nocheck in every file, which keeps the compiler from checking it",
  },
  target: { kind: "choice", places: everywhere, values: ["ts"], default: "ts", doc: "what is made: TypeScript" },
  removed: {
    kind: "switch",
    places: ["parameter"],
    default: "false",
    doc: "whether routes that the lock knows and the given files lack are removed ones",
  },
  check: {
    kind: "act",
    places: ["flag"],
    doc: "write nothing; list what is stale, and fail when something is: for CI",
  },
  help: { kind: "act", places: ["flag"], doc: "print this text" },
} as const satisfies Record<string, OptionRow>;

/** The name of an option. */
export type OptionName = keyof typeof optionTable;

type ValueOf<R extends OptionRow> = R["kind"] extends "folders"
  ? readonly string[]
  : R["kind"] extends "switch" | "act"
    ? boolean
    : R extends { readonly values: readonly (infer V)[] }
      ? V
      : string;

/** What was given. What is absent was not. */
export type OptionValues = { readonly [N in OptionName]?: ValueOf<(typeof optionTable)[N]> };

/** What is gathered on the way to {@link OptionValues}: each value is what its row's kind says. */
export type GivenOptions = Partial<Record<OptionName, string | boolean | readonly string[]>>;

/** The values by their types: whoever gathers them has held each to its row, with {@link readText} or as JSON. */
export function toOptionValues(given: GivenOptions): OptionValues {
  return given as OptionValues;
}

/** The names of the options that can be given at a place, in the order of the table. */
export function optionsAt(place: OptionPlace): OptionName[] {
  const names = Object.keys(optionTable) as OptionName[];
  return names.filter((name) => rowOf(name).places.includes(place));
}

/** An option's row. */
export function rowOf(name: OptionName): OptionRow {
  return optionTable[name];
}

/** `import_extension` → `--import-extension`. */
export function flagOf(name: OptionName): string {
  return `--${name.replaceAll("_", "-")}`;
}

/** `import_extension` → `importExtension`. */
export function keyOf(name: OptionName): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The flags of an option, as help and docs write them: `--out DIR`, `--json, --no-json`, `--int64 bigint|string|number`. */
export function flagUsage(name: OptionName): string {
  const row = rowOf(name);
  switch (row.kind) {
    case "act":
      return flagOf(name);
    case "switch":
      return `${flagOf(name)}, ${negatedFlagOf(name)}`;
    default:
      return `${flagOf(name)} ${placeholder(row)}`;
  }
}

/** `json` → `--no-json`. */
export function negatedFlagOf(name: OptionName): string {
  return `--no-${name.replaceAll("_", "-")}`;
}

/** What stands for an option's value: `DIR`, `FILE`, `js|ts|none`. */
export function placeholder(row: OptionRow): string {
  return row.kind === "file" ? "FILE" : row.kind === "choice" ? (row.values ?? []).join("|") : "DIR";
}

/** Reads what was given as text: undefined when the option cannot be that. */
export function readText(row: OptionRow, text: string): string | boolean | undefined {
  if (row.kind === "switch") {
    return text === "true" ? true : text === "false" ? false : undefined;
  }
  const isAllowed = row.kind === "choice" ? row.values?.includes(text) === true : text !== "";
  return isAllowed ? text : undefined;
}

/** What an option can be, for an error: `true or false`, `js, ts or none`, `a path`. */
export function expectationOf(row: OptionRow): string {
  switch (row.kind) {
    case "folders":
      return "a folder or a list of folders";
    case "switch":
    case "act":
      return "true or false";
    case "choice":
      return orList(row.values ?? []);
    default:
      return "a path";
  }
}

/** `js, ts or none`. */
export function orList(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}

/** What the options say of the form of what is generated; of two sources that say something, the first counts. */
export function choose(...sources: readonly OptionValues[]): Choices {
  const pick = <N extends OptionName>(name: N): OptionValues[N] | undefined =>
    sources.find((source) => source[name] !== undefined)?.[name];
  return {
    json: pick("json") ?? defaultChoices.json,
    importExtension: pick("import_extension") ?? defaultChoices.importExtension,
    tsNocheck: pick("ts_nocheck") ?? defaultChoices.tsNocheck,
    int64: pick("int64") ?? defaultChoices.int64,
    side: pick("side") ?? defaultChoices.side,
  };
}
