import { NanowireError } from "../base/error.js";
import { noSuchName } from "../base/known-names.js";
import { Module } from "../component/module.js";

/** A module as it was given, whatever its name. */
export interface GivenModule {
  readonly name: string;
  readonly module: Module;
  readonly after?: readonly string[];
}

/** The modules of a server, by their names and in the order of their start. */
export class Modules {
  /** In the order of their start. */
  readonly inOrder: readonly GivenModule[];
  readonly #byName: ReadonlyMap<string, Module>;

  /**
   * @param given in any order: one that is to come after others is moved behind them, the others stay as they stand
   * @throws NanowireError `invalid_option` for a name that is empty or stands twice, a module that is none or stands twice, an `after` that
   * names no other, or goes round in a circle
   */
  constructor(given: readonly GivenModule[]) {
    const byName = new Map<string, Module>();
    const taken = new Map<Module, string>();
    for (const entry of given) {
      const { name, module } = assertEntry(entry);
      if (byName.has(name)) {
        throw new NanowireError("invalid_option", `two modules are called ${name}`);
      }
      const other = taken.get(module);
      if (other !== undefined) {
        throw new NanowireError("invalid_option", `one module is called ${other} and ${name}`);
      }
      byName.set(name, module);
      taken.set(module, name);
    }
    this.#byName = byName;
    this.inOrder = sorted(given);
  }

  /** @throws NanowireError `invalid_option` for a name that no module has */
  get(name: string): Module {
    const module = this.#byName.get(name);
    if (module === undefined) {
      throw new NanowireError("invalid_option", noSuchName(`module ${name}`, name, this.#byName.keys()));
    }
    return module;
  }
}

/** Programs in JavaScript, too, are told what is wrong. */
function assertEntry(entry: GivenModule): GivenModule {
  const { name, module, after = [], ...others } = Object(entry) as Partial<GivenModule>;
  if (typeof name !== "string" || name === "") {
    throw new NanowireError("invalid_option", 'a module has no name: { name: "db", module: new Database() }');
  }
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new NanowireError("invalid_option", `module ${name} has an option ${unknown}; there are name, module, after`);
  }
  if (!(module instanceof Module)) {
    throw new NanowireError("invalid_option", `module ${name} is no Module: let its class extend it`);
  }
  if (!Array.isArray(after)) {
    throw new NanowireError("invalid_option", `after of module ${name} is no list of names`);
  }
  return entry;
}

/** Each behind those that it is to come after, and else in the order in which they were given. */
function sorted(given: readonly GivenModule[]): GivenModule[] {
  const byName = new Map(given.map((entry) => [entry.name, entry]));
  const done = new Set<GivenModule>();
  const place = (entry: GivenModule, trail: readonly string[]): void => {
    if (done.has(entry)) {
      return;
    }
    const { name, after = [] } = entry;
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name].join(" after ");
      throw new NanowireError("invalid_option", `modules wait for one another: ${circle}`);
    }
    for (const earlier of after) {
      const other = byName.get(earlier);
      if (other === undefined) {
        const others = [...byName.keys()].filter((known) => known !== name);
        throw new NanowireError(
          "invalid_option",
          `module ${name} comes after ${earlier}, but ${noSuchName(`module ${earlier}`, earlier, others)}`,
        );
      }
      place(other, [...trail, name]);
    }
    done.add(entry);
  };
  for (const entry of given) {
    place(entry, []);
  }
  return [...done];
}
