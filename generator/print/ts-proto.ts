import { leanPoet } from "./lean-poet.js";
import type { LoweredFile } from "./lower.js";
import { SourceTree } from "./source-tree.js";

/**
 * The one place that knows ts-proto from inside. It has no public API, so nanowire pins its version, and a test holds
 * what comes out here equal to what its plugin writes.
 */

/** Requires modules of the ts-proto package as ts-proto itself would. */
export type RequireTsProto = NodeJS.Require;

/** What of ts-proto's `build/src` is driven. */
export interface TsProto {
  readonly optionsFromParameter: (parameter: string) => TsProtoOptions;
  readonly getTsPoetOpts: (options: TsProtoOptions, tsProtoVersion: string, protocVersion: string) => TsPoetOptions;
  readonly createTypeMap: (
    request: { readonly protoFile: readonly LoweredFile[] },
    options: TsProtoOptions,
  ) => Map<string, TypeMapEntry>;
  readonly makeUtils: (options: TsProtoOptions) => object;
  readonly createFileContext: (file: LoweredFile) => object;
  readonly generateFile: (context: object, file: LoweredFile) => [path: string, code: Code];
  /** What a field's property is called. */
  readonly maybeSnakeToCamel: (name: string, options: TsProtoOptions) => string;
  /** What a value of an enum is called. */
  readonly getMemberName: (context: { readonly options: TsProtoOptions }, type: TypeInMap, value: Named) => string;
}

/** What ts-proto calls a message or an enum. */
export type TypeMapEntry = readonly [module: string, name: string, descriptor: TypeInMap];

/** A message, or an enum. */
interface TypeInMap {
  /** Absent for an enum. */
  readonly field?: readonly Named[];
  readonly oneofDecl?: readonly Named[];
  readonly value?: readonly Named[];
}

/** Something of a descriptor that has a name. */
export interface Named {
  readonly name: string;
}

/** Options of a run of ts-proto. */
export interface TsProtoOptions {
  readonly M: Readonly<Record<string, string>>;
}

interface TsPoetOptions {
  readonly forceDefaultImport?: readonly string[];
  readonly forceModuleImport?: readonly string[];
}

interface Code {
  toString(options: object): string;
}

/** Loads ts-proto with modules of ours in the place of some that would take half of the time. */
export function loadTsProto(requireTsProto: RequireTsProto): TsProto {
  const load = (): TsProto =>
    Object.assign(
      {},
      requireTsProto("./build/src/main.js"),
      requireTsProto("./build/src/types.js"),
      requireTsProto("./build/src/options.js"),
      requireTsProto("./build/src/context.js"),
      requireTsProto("./build/src/case.js"),
      requireTsProto("./build/src/enums.js"),
    );
  return withModules(requireTsProto, replacementsOfPoet(requireTsProto), () =>
    withModules(requireTsProto, replacements(requireTsProto), load),
  );
}

/** Path of a module that ts-poet requires → what it exports instead. */
function replacementsOfPoet(requireTsProto: RequireTsProto): Map<string, unknown> {
  const imports = poetModule(requireTsProto, "Import");
  const realImports: { readonly sameModule: SameModule } = requireTsProto(imports);
  return new Map<string, unknown>([
    // It formats the comments in a oneof, and pieces of code to see whether two are the same. The real one, native code, is not
    // even loaded.
    [
      requireTsProto.resolve("dprint-node", { paths: [imports] }),
      { format: (_: string, text: string): string => `${text}\n` },
    ],
    // It makes absolute paths of two modules to compare them, for every name that is imported, wherever it stands.
    [imports, { ...realImports, sameModule: remember(realImports.sameModule) }],
  ]);
}

/** Path of a module that ts-proto requires → what it exports instead. */
function replacements(requireTsProto: RequireTsProto): Map<string, unknown> {
  const poet = {
    index: requireTsProto("ts-poet"),
    code: requireTsProto(poetModule(requireTsProto, "Code")),
    node: requireTsProto(poetModule(requireTsProto, "Node")),
    imports: requireTsProto(poetModule(requireTsProto, "Import")),
    conditional: requireTsProto(poetModule(requireTsProto, "ConditionalOutput")),
  };
  const sourceInfo = "./build/src/sourceInfo.js";
  const cases = "./build/src/case.js";
  return new Map<string, unknown>([
    [requireTsProto.resolve("ts-poet"), leanPoet(poet)],
    [requireTsProto.resolve(sourceInfo), { ...requireTsProto(sourceInfo), default: SourceTree }],
    [requireTsProto.resolve(cases), rememberCases(requireTsProto(cases))],
    // It is asked for a number of an enum a hundred times a field, each time by two functions.
    [requireTsProto.resolve("ts-proto-descriptors"), Object.assign({}, requireTsProto("ts-proto-descriptors"))],
  ]);
}

function poetModule(requireTsProto: RequireTsProto, name: string): string {
  return requireTsProto.resolve(`./${name}`, { paths: [requireTsProto.resolve("ts-poet").replace(/[^/\\]+$/, "")] });
}

type SameModule = (first: string, second: string) => boolean;

/** The same function, asked once only for the same two: a file is printed before the next one is. */
function remember(sameModule: SameModule): SameModule {
  let answers = new Map<string, boolean>();
  let lastSecond: string | undefined;
  return (first, second) => {
    if (second !== lastSecond) {
      answers = new Map();
      lastSecond = second;
    }
    const answer = answers.get(first) ?? sameModule(first, second);
    answers.set(first, answer);
    return answer;
  };
}

/** The names of properties: ts-proto makes six for every message that only a few of Google's have. */
function rememberCases(real: { readonly snakeToCamel: (name: string) => string }): object {
  const known = new Map<string, string>();
  const snakeToCamel = (name: string): string => {
    const camel = known.get(name) ?? real.snakeToCamel(name);
    known.set(name, camel);
    return camel;
  };
  const maybeSnakeToCamel = (name: string, options: { readonly snakeToCamel: readonly string[] }): string =>
    name.includes("_") && options.snakeToCamel.includes("keys") ? snakeToCamel(name) : name;
  return { ...real, snakeToCamel, maybeSnakeToCamel };
}

/** Loads with other modules in the place of some; afterwards whoever requires those gets them as they are. */
function withModules<T>(require: RequireTsProto, modules: ReadonlyMap<string, unknown>, load: () => T): T {
  const present = [...modules.keys()].map((path) => [path, require.cache[path]] as const);
  for (const [path, exports] of modules) {
    // All that `require` looks at of a module that it finds loaded.
    const loaded = { id: path, filename: path, loaded: true, exports, children: [], paths: [] };
    require.cache[path] = loaded as unknown as NodeJS.Module;
  }
  try {
    return load();
  } finally {
    for (const [path, module] of present) {
      if (module === undefined) {
        delete require.cache[path];
      } else {
        require.cache[path] = module;
      }
    }
  }
}
