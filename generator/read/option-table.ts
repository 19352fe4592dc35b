import { type Choices, defaultChoices } from "../model/choices.js";

/** What an option is given as. Folders and texts may be given more than once. A switch is on or off; an act stands alone, and only on the command line. */
export type OptionKind = "folders" | "folder" | "file" | "text" | "texts" | "switch" | "choice" | "act";

/** Where an option can be given: as a flag, as a key of the configuration, as a parameter of the plugin. */
export type OptionPlace = "flag" | "key" | "parameter";

/** One option: everything that is said of it, in the command, its help, the plugin and docs/generator.md, is said of this row. */
export interface OptionRow {
  readonly kind: OptionKind;
  readonly places: readonly OptionPlace[];
  /** What a choice chooses from. */
  readonly values?: readonly string[];
  /** What stands for its value in help: `MS`. Default: what its kind says, `FILE`, `TEXT`. */
  readonly placeholder?: string;
  /** What holds when it is not given; absent for an act, and where nothing does. */
  readonly default?: string;
  readonly doc: string;
}

/** Options by name. */
export type OptionTable = Readonly<Record<string, OptionRow>>;

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
  unknown_fields: {
    kind: "switch",
    places: everywhere,
    default: "false",
    doc: "with or without the fields that a message does not know: kept when it is decoded, written when it is encoded again",
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
  templates: {
    kind: "folder",
    places: everywhere,
    doc: "a folder of templates of your own: any of server.hbs, client.hbs, json.hbs, routes.hbs",
  },
  descriptors: {
    kind: "file",
    places: ["flag", "key"],
    doc: "a JSON file for tools to write too: every route, and the descriptors of every message",
  },
  docs: {
    kind: "folder",
    places: ["key"],
    default: "docs/protocol",
    doc: "the folder for the pages that nanowire docs writes; its flag for it is --out",
  },
  components: {
    kind: "folder",
    places: ["key"],
    default: "src",
    doc: "the folder of your components, for nanowire sync; its flag for it is --components",
  },
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
  watch: {
    kind: "act",
    places: ["flag"],
    doc: "stay, and generate again after every change of a .proto file, the configuration or the lock",
  },
  help: { kind: "act", places: ["flag"], doc: "print this text" },
} as const satisfies OptionTable;

/** The flags of `nanowire inspect`; what else a project chooses, its configuration says. */
export const inspectTable = {
  json: {
    kind: "act",
    places: ["flag"],
    doc: "the whole model, as the templates get it; docs/model.md tells what each field means",
  },
  proto: optionTable.proto,
  lock: optionTable.lock,
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire docs`. */
export const docsTable = {
  out: {
    kind: "folder",
    places: ["flag"],
    default: optionTable.docs.default,
    doc: 'the folder for the files; as a key "docs"',
  },
  title: {
    kind: "text",
    places: ["flag"],
    default: "the name in package.json, or else Protocol",
    doc: "what the pages are called",
  },
  proto: optionTable.proto,
  lock: optionTable.lock,
  check: optionTable.check,
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire sync`. */
export const syncTable = {
  components: {
    kind: "folder",
    places: ["flag"],
    default: optionTable.components.default,
    doc: 'the folder of your components, and where new ones go; as a key "components"',
  },
  proto: optionTable.proto,
  out: optionTable.out,
  lock: optionTable.lock,
  check: {
    kind: "act",
    places: ["flag"],
    doc: "write nothing; tell what would be written, and fail when something would be: for CI",
  },
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire lint`. */
export const lintTable = { proto: optionTable.proto, help: optionTable.help } as const satisfies OptionTable;

/** The flags of `nanowire repl`. */
export const replTable = {
  proto: {
    kind: "folders",
    places: ["flag"],
    default: "the server is asked",
    doc: "a folder of .proto files that tell routes and types; may be given more than once",
  },
  descriptors: {
    kind: "file",
    places: ["flag"],
    doc: "the same of a file: what nanowire generate --descriptors writes, or a FileDescriptorSet of buf or protoc",
  },
  serializer: {
    kind: "choice",
    places: ["flag"],
    values: ["protobuf", "json"],
    default: "protobuf",
    doc: "what is asked for on the wire; the server may choose the other one",
  },
  timeout: {
    kind: "text",
    places: ["flag"],
    placeholder: "MS",
    default: "10000",
    doc: "milliseconds to wait for a connection, an answer, a push; 0: for ever",
  },
  user: {
    kind: "text",
    places: ["flag"],
    placeholder: "JSON",
    doc: "what the handshake tells the application on the server",
  },
  ca: {
    kind: "file",
    places: ["flag"],
    default: "Node's own",
    doc: "the issuers of certificates that are trusted with wss:// and tls://, as PEM",
  },
  script: { kind: "file", places: ["flag"], default: "standard input", doc: "a file of commands, a line each" },
  history: {
    kind: "file",
    places: ["flag"],
    default: "nanowire/repl-history in your folder for state",
    doc: "where what is typed at a terminal is kept",
  },
  no_history: { kind: "act", places: ["flag"], doc: "keep nothing of what is typed" },
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire studio`. */
export const studioTable = {
  port: {
    kind: "text",
    places: ["flag"],
    placeholder: "PORT",
    default: "7351",
    doc: "the port of this machine that the page is shown on; 0: a free one",
  },
  descriptors: {
    kind: "file",
    places: ["flag"],
    default: "the server is asked",
    doc: "routes and types: what nanowire generate --descriptors writes",
  },
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire bots`. */
export const botsTable = {
  url: {
    kind: "text",
    places: ["flag"],
    placeholder: "URL",
    doc: "where the bots connect to: ws://, wss://, tcp:// or tls://; it must be given",
  },
  bots: { kind: "text", places: ["flag"], placeholder: "N", default: "1", doc: "how many bots" },
  ramp: {
    kind: "text",
    places: ["flag"],
    placeholder: "TIME",
    default: "0s",
    doc: "within how long they begin, one after the other: 250ms, 10s, 5m, 1h",
  },
  for: {
    kind: "text",
    places: ["flag"],
    placeholder: "TIME",
    default: "until every bot is done",
    doc: "how long it goes on behind the ramp",
  },
  grace: {
    kind: "text",
    places: ["flag"],
    placeholder: "TIME",
    default: "5s",
    doc: "how long bots have to come to their end when the time is over",
  },
  processes: {
    kind: "text",
    places: ["flag"],
    placeholder: "N",
    default: "one for each 500 bots, one a core at the most",
    doc: "in how many processes they are",
  },
  threshold: {
    kind: "texts",
    places: ["flag"],
    placeholder: "RULE",
    default: "errors<=0",
    doc: "what is asked of the run, as 'Room.Join p99<50ms' or 'errors<1%'; may be given more than once",
  },
  json: { kind: "file", places: ["flag"], doc: "where to write the report as JSON" },
  html: { kind: "file", places: ["flag"], doc: "where to write it as one page of HTML" },
  seed: { kind: "text", places: ["flag"], placeholder: "N", default: "0", doc: "what the bots' chances come from" },
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire up`. */
export const upTable = { help: optionTable.help } as const satisfies OptionTable;

/** The flags of `nanowire init`. */
export const initTable = {
  name: { kind: "text", places: ["flag"], default: "the folder's name", doc: "the package's name" },
  nanowire: {
    kind: "text",
    places: ["flag"],
    default: "the version that runs it",
    doc: "which nanowire the project depends on: a version, or a packed .tgz file",
  },
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire tap`. */
export const tapTable = {
  proto: { ...replTable.proto, default: "a studio is asked; of a file, bytes are shown" },
  descriptors: replTable.descriptors,
  reflection: {
    kind: "text",
    places: ["flag"],
    placeholder: "URL",
    doc: "a server that is asked for them: ws://, wss://, tcp:// or tls://",
  },
  port: {
    kind: "texts",
    places: ["flag"],
    placeholder: "PORT",
    default: "all",
    doc: "of a file: the port whose connections are looked at; may be given more than once",
  },
  route: {
    kind: "texts",
    places: ["flag"],
    placeholder: "ROUTE",
    default: "all",
    doc: "the route whose messages are told, * for any characters: Room.*; may be given more than once",
  },
  session: {
    kind: "texts",
    places: ["flag"],
    placeholder: "ID",
    default: "all",
    doc: "of a server: the session whose messages are told; may be given more than once",
  },
  token: {
    kind: "text",
    places: ["flag"],
    placeholder: "TOKEN",
    default: "$NANOWIRE_STUDIO_TOKEN",
    doc: "of a server: what its studio asks for; who lists this machine's processes sees a flag",
  },
  serializer: {
    kind: "choice",
    places: ["flag"],
    values: ["protobuf", "json"],
    default: "protobuf",
    doc: "of a file: what is spoken where the server does not say",
  },
  secrets: {
    kind: "act",
    places: ["flag"],
    doc: "of a file: tell handshake data, and fields that are marked debug_redact, too",
  },
  heartbeats: { kind: "act", places: ["flag"], doc: "of a file: tell heartbeats, too" },
  out: { kind: "file", places: ["flag"], default: "standard output", doc: "a file for the lines" },
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire replay`. */
export const replayTable = {
  url: { kind: "text", places: ["flag"], placeholder: "URL", doc: "the server: ws://, wss://, tcp:// or tls://" },
  proto: replTable.proto,
  descriptors: replTable.descriptors,
  speed: {
    kind: "text",
    places: ["flag"],
    placeholder: "max|N",
    default: "max",
    doc: "how fast: 1 as it was captured, 2 twice as fast; max: as fast as answers come",
  },
  ignore: {
    kind: "texts",
    places: ["flag"],
    placeholder: "PATH",
    doc: "a place that is not compared: payload.atMs, payload.members[*].id, **.token, Room.Join:error; may be given more than once",
  },
  skip: {
    kind: "texts",
    places: ["flag"],
    placeholder: "ROUTE",
    doc: "a route whose messages are not sent, * for any characters; may be given more than once",
  },
  pushes: { kind: "act", places: ["flag"], doc: "compare which pushes came to each connection, too" },
  user: {
    kind: "text",
    places: ["flag"],
    placeholder: "JSON",
    default: "what the capture has",
    doc: "what every handshake tells the application on the server",
  },
  timeout: {
    kind: "text",
    places: ["flag"],
    placeholder: "MS",
    default: "10000",
    doc: "milliseconds to wait for a connection, an answer, a push; 0: for ever",
  },
  serializer: {
    kind: "choice",
    places: ["flag"],
    values: ["protobuf", "json"],
    default: "protobuf",
    doc: "what is asked for where a handshake is not in the capture",
  },
  report: { kind: "file", places: ["flag"], doc: "a file for the report as JSON" },
  out: { kind: "file", places: ["flag"], doc: "a file for the capture of what was said anew" },
  ca: replTable.ca,
  help: optionTable.help,
} as const satisfies OptionTable;

/** The flags of `nanowire dissector`. */
export const dissectorTable = {
  out: { kind: "file", places: ["flag"], default: "nanowire.lua", doc: "the file that is written" },
  proto: optionTable.proto,
  lock: optionTable.lock,
  port: {
    kind: "texts",
    places: ["flag"],
    placeholder: "PORT",
    default: "found by what is said",
    doc: "a TCP port that is the protocol's in any case; may be given more than once",
  },
  check: optionTable.check,
  help: optionTable.help,
} as const satisfies OptionTable;

/** The name of an option. */
export type OptionName = keyof typeof optionTable;

type ValueOf<R extends OptionRow> = R["kind"] extends "folders" | "texts"
  ? readonly string[]
  : R["kind"] extends "switch" | "act"
    ? boolean
    : R extends { readonly values: readonly (infer V)[] }
      ? V
      : string;

/** What of a table was given. What is absent was not. */
export type ValuesOf<T extends OptionTable> = { readonly [N in keyof T]?: ValueOf<T[N]> };

/** What was given of a project's options. */
export type OptionValues = ValuesOf<typeof optionTable>;

/** What is gathered on the way to {@link ValuesOf}: each value is what its row's kind says. */
export type GivenOptions = Record<string, string | boolean | readonly string[]>;

/** The values by their types: whoever gathers them has held each to its row, with {@link readText} or as JSON. */
export function toOptionValues<T extends OptionTable = typeof optionTable>(given: GivenOptions): ValuesOf<T> {
  return given as ValuesOf<T>;
}

/** The names of a project's options that can be given at a place, in the order of the table. */
export function optionsAt(place: OptionPlace): OptionName[] {
  const names = Object.keys(optionTable) as OptionName[];
  return names.filter((name) => rowOf(name).places.includes(place));
}

/** A project's option's row. */
export function rowOf(name: OptionName): OptionRow {
  return optionTable[name];
}

/** `import_extension` → `--import-extension`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll("_", "-")}`;
}

/** `import_extension` → `importExtension`. */
export function keyOf(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The flags of an option, as help and docs write them: `--out DIR`, `--json, --no-json`, `--int64 bigint|string|number`. */
export function flagUsage(name: string, row: OptionRow): string {
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
export function negatedFlagOf(name: string): string {
  return `--no-${name.replaceAll("_", "-")}`;
}

/** What stands for an option's value: `DIR`, `FILE`, `TEXT`, `js|ts|none`. */
export function placeholder(row: OptionRow): string {
  if (row.placeholder !== undefined) {
    return row.placeholder;
  }
  switch (row.kind) {
    case "file":
      return "FILE";
    case "text":
    case "texts":
      return "TEXT";
    case "choice":
      return (row.values ?? []).join("|");
    default:
      return "DIR";
  }
}

/** Reads what was given as text: undefined when the option cannot be that. */
export function readText(row: OptionRow, text: string): string | boolean | undefined {
  if (row.kind === "switch") {
    return text === "true" ? true : text === "false" ? false : undefined;
  }
  const isAllowed = row.kind === "choice" ? row.values?.includes(text) === true : text !== "" && !text.includes("\0");
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
    unknownFields: pick("unknown_fields") ?? defaultChoices.unknownFields,
    side: pick("side") ?? defaultChoices.side,
  };
}
