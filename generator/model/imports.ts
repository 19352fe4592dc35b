import type { TypeName } from "./messages.js";
import type { Names } from "./names.js";
import { compareText } from "./routes-lock.js";

/** One `import` statement of a generated file. */
export interface ImportModel {
  /** `nanowire`, `./room.js`. */
  readonly from: string;
  /** Sorted. */
  readonly names: readonly ImportedName[];
  /** Whether all of them are types. */
  readonly typeOnly: boolean;
  /** What the module as a whole is called here, as in `import * as json from`; then there are no names. */
  readonly namespace?: string;
}

/** One name of an `import` statement. */
export interface ImportedName {
  readonly name: string;
  /** The name here, when it is another one. */
  readonly alias?: string;
  /** Whether only the type is imported. */
  readonly isType: boolean;
}

/** Collects what a generated file imports, and gives each thing its name there. */
export class Imports {
  readonly #names: Names;
  readonly #folder: readonly string[];
  readonly #suffix: string;
  readonly #paths = new Map<string, string>();
  readonly #byModule = new Map<string, Map<string, { local: string; isType: boolean }>>();
  readonly #namespaces: ImportModel[] = [];

  /**
   * @param output the file that imports: `chat/v1/room.server.ts`
   * @param suffix what stands after the name of an imported file: `.js`
   */
  constructor(names: Names, output: string, suffix: string) {
    this.#names = names;
    this.#suffix = suffix;
    this.#folder = output.split("/").slice(0, -1);
  }

  /** A name of the runtime: `Session` of `nanowire`. When the file has another thing of that name, `NanowireSession`. */
  runtime(module: "nanowire" | "nanowire/client", name: string, isType: boolean): string {
    return this.#add(module, name, isType, [`Nanowire${name.slice(0, 1).toUpperCase()}${name.slice(1)}`]);
  }

  /** A name of `routes.ts`. */
  routes(name: string): string {
    return this.#add(this.#relative("routes"), name, false, []);
  }

  /** A message and its codec. */
  message(type: TypeName): string {
    return this.#add(this.#relative(type.module), type.name, false, []);
  }

  /** A message's JSON codec: `JoinRequestJson`. */
  jsonCodec(type: TypeName, local: string): string {
    return this.#add(this.#relative(`${type.module}.json`), type.name, false, [], `${local}Json`);
  }

  /** A message's JSON codec, or an enum's, where there is no other: `JoinRequest`. */
  json(type: TypeName): string {
    return this.#add(this.#relative(`${type.module}.json`), type.name, false, []);
  }

  /** A module of the runtime as a whole: `import * as json from "nanowire/json"`. */
  namespace(from: "nanowire/json", wanted: string): string {
    return this.#addNamespace(from, wanted, false);
  }

  /** The types of a module of messages: `import type * as messages from "./room.js"`. */
  messages(module: string, wanted: string): string {
    return this.#addNamespace(this.#relative(module), wanted, true);
  }

  /** The statements: packages first, then far modules, then near ones. */
  toModel(): ImportModel[] {
    const statements = [...this.#byModule].map(([from, imported]): ImportModel => {
      const names = [...imported].map(([name, { local, isType }]) => ({
        name,
        isType,
        ...(local === name ? {} : { alias: local }),
      }));
      names.sort((a, b) => compareImported(a.name, b.name));
      return { from, names, typeOnly: names.every(({ isType }) => isType) };
    });
    return [...statements, ...this.#namespaces].sort((a, b) => compareText(moduleKey(a.from), moduleKey(b.from)));
  }

  #addNamespace(from: string, wanted: string, typeOnly: boolean): string {
    const namespace = this.#names.claim(wanted);
    this.#namespaces.push({ from, names: [], typeOnly, namespace });
    return namespace;
  }

  #add(from: string, name: string, isType: boolean, others: readonly string[], wanted = name): string {
    const imported = this.#byModule.get(from) ?? new Map<string, { local: string; isType: boolean }>();
    this.#byModule.set(from, imported);
    const known = imported.get(name);
    if (known !== undefined) {
      known.isType &&= isType;
      return known.local;
    }
    const local = this.#names.claim(wanted, ...others);
    imported.set(name, { local, isType });
    return local;
  }

  /** `chat/v1/room` → `./room.js`, seen from `chat/v1/`. */
  #relative(module: string): string {
    const known = this.#paths.get(module);
    if (known !== undefined) {
      return known;
    }
    const target = module.split("/");
    let shared = 0;
    while (shared < this.#folder.length && shared < target.length - 1 && this.#folder[shared] === target[shared]) {
      shared++;
    }
    const up = "../".repeat(this.#folder.length - shared);
    const path = `${up === "" ? "./" : up}${target.slice(shared).join("/")}${this.#suffix}`;
    this.#paths.set(module, path);
    return path;
  }
}

/** Letters before case: `Component, defineMethod, MessageCodec`. */
function compareImported(a: string, b: string): number {
  return compareText(a.toLowerCase(), b.toLowerCase()) || compareText(a, b);
}

/** Sorts `nanowire` before `../../routes.js` before `../a.js` before `./room.js`. */
function moduleKey(from: string): string {
  if (!from.startsWith(".")) {
    return `0${from}`;
  }
  const ups = from.split("../").length - 1;
  return `1${String(1000 - ups).padStart(4, "0")}${from}`;
}
