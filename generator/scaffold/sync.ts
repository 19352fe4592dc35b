import type { Problem } from "../error.js";
import { type ComponentModel, otherKind } from "../model/components.js";
import { type Completed, completeComponents } from "./complete-component.js";
import { type FoundClasses, findComponentClasses } from "./component-classes.js";
import { contextTypes, newComponentText } from "./component-text.js";
import { DerivedClasses } from "./derived-classes.js";
import { findMisfits } from "./misfits.js";
import { type ModuleFolders, modulePathFrom, moduleResolver } from "./module-path.js";
import { reExportResolver } from "./re-exports.js";
import { type ParsedFile, parseFile, type Reference, type TypeScript } from "./syntax.js";
import { isThere } from "./target.js";

/** What the user's classes are held against. */
export interface SyncInput extends ModuleFolders {
  readonly components: readonly ComponentModel[];
  /** The folder of new components, relative to the working directory. */
  readonly componentsDirectory: string;
  /** The user's TypeScript files. */
  readonly sources: readonly {
    readonly path: string;
    readonly text: string;
    readonly isUtf8: boolean;
    /** Where the file itself lies: `path` unless that is a link. Its imports start there. */
    readonly realPath: string;
  }[];
  /** Loads TypeScript's parser; only called when some file may hold a component. */
  readonly loadTypeScript: () => TypeScript;
}

/** What is to be written, and what is to be told. */
export interface SyncPlan {
  readonly created: readonly { readonly path: string; readonly text: string; readonly component: ComponentModel }[];
  readonly changed: readonly {
    readonly path: string;
    readonly realPath: string;
    readonly before: string;
    readonly text: string;
    readonly completed: readonly Completed[];
  }[];
  /** How many components have a class that lacks nothing. */
  readonly complete: number;
  /** What does not fit and is left to the user, by file and place. */
  readonly reports: readonly Problem[];
}

/** Decides what `nanowire sync` does. Writes nothing. */
export function planSync(input: SyncInput): SyncPlan {
  const modules = [...new Set(input.components.flatMap(modulesOf))];
  const exported = new Set(input.components.flatMap(exportsOf).map(({ module, name }) => `${module} ${name}`));
  const isExported = ({ module, name }: Reference): boolean => exported.has(`${module} ${name}`);
  const reports: Problem[] = [];
  const changed: SyncPlan["changed"][number][] = [];
  const present = new Set<string>();
  const incomplete = new Set<string>();
  let derived: DerivedClasses | undefined;
  for (const { path, realPath, text, isUtf8 } of input.sources) {
    // Every component comes from a module of that name, be it through another file of the user's.
    const isDirect = text.includes(".server");
    if (!isDirect && !(/\bextends\b/.test(text) && /\bfrom\s*["']\./.test(text))) {
      continue;
    }
    const typescript = input.loadTypeScript();
    const resolveName = reExportResolver(typescript, realPath, { ...input, modules, isExported });
    const file = parseFile(typescript, path, text, moduleResolver(realPath, input, modules), resolveName);
    if ("fault" in file) {
      if (!isDirect) {
        continue;
      }
      reports.push({
        message: `${file.fault} The file is left as it is until that is right`,
        place: placeAt(path, text, file.position),
      });
      markMentioned(text, input.components, present);
      continue;
    }
    const found = findComponentClasses(typescript, file, input.components);
    const { classes, converted } = found;
    derived ??= new DerivedClasses(typescript, input.directory);
    derived.add(file, realPath, classes);
    reports.push(...tellMisfits(typescript, file, found));
    for (const { component } of [...classes, ...converted]) {
      present.add(component.protoName);
    }
    for (const { component } of converted) {
      incomplete.add(component.protoName);
    }
    const result = completeComponents(typescript, file, classes, modulePathFrom(realPath, input));
    if (result.completed.length === 0) {
      continue;
    }
    for (const { component } of classes) {
      incomplete.add(component.protoName);
    }
    if (isUtf8) {
      changed.push({ path, realPath, before: text, ...result });
    } else {
      const lacking = result.completed.map(({ name, methods }) => `${name} lacks ${methods.join(", ")}`).join("; ");
      reports.push({
        message: `${lacking}, and the file is not UTF-8, so it is left as it is: save it as UTF-8`,
        place: { file: path, line: 1, column: 1 },
      });
    }
  }
  for (const { file, position, name, baseName, component, methods } of derived?.lacking() ?? []) {
    incomplete.add(component.protoName);
    reports.push({
      message: `class ${name} lacks ${methods.join(", ")}, and so does ${baseName}, an abstract class that it extends: write that in one of them`,
      place: placeAt(file.path, file.text, position),
    });
  }
  const created: SyncPlan["created"][number][] = [];
  for (const component of input.components.filter(({ protoName }) => !present.has(protoName))) {
    const folder = input.componentsDirectory === "." ? "" : `${input.componentsDirectory}/`;
    const path = folder + component.fileName;
    if (input.sources.some((source) => source.path === path)) {
      reports.push({
        message: `${component.baseName} is extended by no class, and its file would be this one: write \`class ${component.className} extends ${component.baseName}\` here or elsewhere, or give this file another name`,
        place: { file: path, line: 1, column: 1 },
      });
    } else if (isThere(input.directory, path)) {
      reports.push({
        message: `${component.baseName} is extended by no class, and its file would be ${path}, where something else stands that is no TypeScript file of yours: a folder, or a link that leads nowhere. Move it away, or write \`class ${component.className} extends ${component.baseName}\` elsewhere`,
      });
    } else {
      created.push({ path, text: newComponentText(component, modulePathFrom(path, input)), component });
    }
  }
  const complete = [...present].filter((name) => !incomplete.has(name)).length;
  return { created, changed, complete, reports };
}

/** A file that cannot be read may hold what it mentions: nothing is made beside it. */
function markMentioned(text: string, components: readonly ComponentModel[], present: Set<string>): void {
  const mentions = (name: string): boolean => new RegExp(`\\b${name.replaceAll("$", "\\$")}(?![\\w$])`).test(text);
  for (const { baseName, otherBaseName, protoName } of components) {
    if (mentions(baseName) || mentions(otherBaseName)) {
      present.add(protoName);
    }
  }
}

function tellMisfits(
  typescript: TypeScript,
  file: ParsedFile,
  { classes, converted, orphans }: FoundClasses,
): Problem[] {
  const misfits = [
    ...classes.flatMap((item) => findMisfits(typescript, file, item)),
    ...converted.map(({ component, position }) => ({ message: conversion(component), position })),
    ...orphans.map(({ kind, baseName, position }) => ({
      message: `${baseName} is generated no more: no ${kind} service stands for it. Delete the class, or bring the service back`,
      position,
    })),
  ];
  return misfits
    .sort((a, b) => a.position - b.position)
    .map(({ message, position }) => ({ message, place: placeAt(file.path, file.text, position) }));
}

/** What to do when a service is of the other kind now. */
function conversion({ kind, protoName, baseName, otherBaseName }: ComponentModel): string {
  const former = otherKind(kind);
  const [now, before] = [contextTypes[kind].type, contextTypes[former].type];
  return `service ${protoName} is of kind ${kind} now, and ${otherBaseName} is generated no more: extend ${baseName}, and let each method take a ${now} where it took a ${before}. Or make the service of kind ${former} again`;
}

/** What is known of what generated modules export: components, and the messages that these take and return. */
function exportsOf({ baseModule: module, baseName, otherBaseName, methods }: ComponentModel): Reference[] {
  const types = methods.flatMap(({ argument, response }) => [argument?.type, response]);
  return [{ module, name: baseName }, { module, name: otherBaseName }, ...types.filter((type) => type !== undefined)];
}

function modulesOf({ baseModule, methods }: ComponentModel): string[] {
  const types = methods.flatMap(({ argument, response }) => [argument?.type.module, response?.module]);
  return [baseModule, ...types.filter((module) => module !== undefined)];
}

function placeAt(file: string, text: string, position: number): NonNullable<Problem["place"]> {
  const lines = text.slice(0, position).split(/\r\n|[\n\r\u2028\u2029]/);
  return { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
