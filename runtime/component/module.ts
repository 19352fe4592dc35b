import { LifeCycle } from "./life-cycle.js";

/**
 * A part of a server that answers no client: a database's pool, a cache, a matchmaker. It has the life of a component, begins before all
 * components and ends after them.
 *
 * ```ts
 * class Database extends Module {
 *   override async init(): Promise<void> { … }
 *   override async shutdown(): Promise<void> { … }
 * }
 * ```
 */
export abstract class Module extends LifeCycle {}

/**
 * The modules of a program, by their names, declared once and then known everywhere:
 *
 * ```ts
 * declare module "nanowire" {
 *   interface ServerModules {
 *     db: Database;
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: programs add to it
export interface ServerModules {}

/** The name of a module, as {@link ServerModules} declares it. */
export type ModuleName = keyof ServerModules & string;

/** A module and its name: `{ name: "db", module: new Database() }`. */
export type NamedModule = { [Name in ModuleName]: NamedModuleOf<Name> }[ModuleName];

/**
 * A module and its name.
 *
 * @typeParam Name one of {@link ServerModules}
 */
export interface NamedModuleOf<Name extends ModuleName> {
  /** What it is found by: `server.module("db")`. */
  readonly name: Name;
  /** The module itself, made by the program. */
  readonly module: ServerModules[Name] & Module;
  /** The modules that are started before it, wherever they stand in the list. Default: none but those that stand before it */
  readonly after?: readonly ModuleName[];
}
