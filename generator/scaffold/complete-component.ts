import type { ts } from "ts-morph";
import type { ComponentKind, ComponentMethodModel } from "../model/components.js";
import type { ComponentClass } from "./component-classes.js";
import {
  contextTypes,
  importLines,
  type MethodNames,
  type ModulePath,
  methodLines,
  type NeededImport,
} from "./component-text.js";
import { memberNames } from "./members.js";
import { type SourceStyle, styleOf } from "./source-style.js";
import type { ParsedFile, TypeScript } from "./syntax.js";

/** What was added to a class. */
export interface Completed {
  /** `class Room`. */
  readonly name: string;
  readonly methods: readonly string[];
}

/** Text that goes in before a position. Nothing is ever taken out. */
interface Insertion {
  readonly position: number;
  readonly text: string;
}

const runtimeModule = "nanowire";
/** Fields that, without a semicolon, would make something else of the method that follows. */
const greedyNames: ReadonlySet<string> = new Set(["get", "set", "static", "async", "accessor", "declare", "readonly"]);

/**
 * Adds the methods that classes of a file lack, and the imports that these need.
 *
 * @returns the file's new text, of which the old one is what is left when the additions are taken out; and what was added
 */
export function completeComponents(
  typescript: TypeScript,
  file: ParsedFile,
  classes: readonly ComponentClass[],
  modulePath: ModulePath,
): { readonly text: string; readonly completed: readonly Completed[] } {
  const importStatements = file.source.statements.filter((statement) => typescript.isImportDeclaration(statement));
  const style = styleOf(file.text, importStatements.at(-1)?.getText(file.source) ?? "");
  const imports = new MissingImports(file, modulePath);
  const insertions: Insertion[] = [];
  const completed: Completed[] = [];
  for (const found of classes) {
    const missing = missingMethods(typescript, found);
    if (missing.length > 0) {
      insertions.push(insertMethods(typescript, file, found, missing, imports, style));
      completed.push({ name: found.name, methods: missing.map(({ localName }) => localName) });
    }
  }
  const lines = importLines(imports.needed, style);
  if (lines.length > 0) {
    const places = importStatements.map((statement) => ({
      start: statement.getStart(file.source),
      end: statement.end,
    }));
    insertions.push(insertImports(file.text, places, lines, style));
  }
  return { text: applyInsertions(file.text, insertions), completed };
}

function missingMethods(typescript: TypeScript, { component, node, isWhole }: ComponentClass): ComponentMethodModel[] {
  const present = memberNames(typescript, node.members);
  return isWhole ? component.methods.filter(({ localName }) => !present.has(localName)) : [];
}

/** The imports that a file lacks, each with a name that it does not have yet. */
class MissingImports implements MethodNames {
  readonly needed: NeededImport[] = [];
  readonly #file: ParsedFile;
  readonly #modulePath: ModulePath;
  readonly #taken: Set<string>;

  constructor(file: ParsedFile, modulePath: ModulePath) {
    this.#file = file;
    this.#modulePath = modulePath;
    this.#taken = new Set(file.declared);
  }

  contextOf(kind: ComponentKind): string {
    return this.#need(runtimeModule, contextTypes[kind].type, true);
  }

  get error(): string {
    return this.#need(runtimeModule, "NanowireError", false);
  }

  typeOf(type: { readonly module: string; readonly name: string }): string {
    return this.#need(type.module, type.name, true);
  }

  #need(module: string, name: string, isType: boolean): string {
    for (const [local, binding] of this.#file.bindings) {
      if (binding.module === module && (isType || !binding.typeOnly)) {
        if (binding.name === name) {
          return local;
        }
        if (binding.name === "*") {
          return `${local}.${name}`;
        }
      }
    }
    const from = module === runtimeModule ? module : this.#modulePath(module);
    const known = this.needed.find((item) => item.from === from && item.name === name);
    if (known !== undefined) {
      return known.local;
    }
    let local = name;
    for (let number = 2; this.#taken.has(local); number++) {
      local = `${name}${number}`;
    }
    this.#taken.add(local);
    this.needed.push({ from, name, local, isType });
    return local;
  }
}

/** After the last member of a class, before the line of its closing bracket. */
function insertMethods(
  typescript: TypeScript,
  file: ParsedFile,
  { component, node }: ComponentClass,
  missing: readonly ComponentMethodModel[],
  names: MethodNames,
  style: SourceStyle,
): Insertion {
  const { text } = file;
  const { eol, unit } = style;
  const closing = node.end - 1;
  const closingLine = lineStart(text, closing);
  const opening = openingBracket(typescript, file, node);
  const margin = marginAt(text, node.getStart(file.source));
  const memberMargin = memberMarginOf(file, node) ?? margin + unit;
  const blocks = missing.map((method) =>
    methodLines(component.kind, method, names, style)
      .map((line) => memberMargin + line + eol)
      .join(""),
  );
  const guard = needsGuard(typescript, file, node) ? `${memberMargin};${eol}` : "";
  const body = blocks.join(eol);
  if (closingLine > opening && text.slice(closingLine, closing).trim() === "") {
    const above = text.slice(opening + 1, closingLine).trim() === "" || endsWithEmptyLine(text.slice(0, closingLine));
    return { position: closingLine, text: `${guard}${above ? "" : eol}${body}` };
  }
  return { position: closing, text: `${eol}${guard}${body}${margin}` };
}

/** The bracket that opens a class's body: the first one after what stands before the body. */
function openingBracket(typescript: TypeScript, { source }: ParsedFile, node: ts.ClassLikeDeclaration): number {
  const bracket = node.getChildren(source).find(({ kind }) => kind === typescript.SyntaxKind.OpenBraceToken);
  return bracket?.getStart(source) ?? node.members.pos - 1;
}

function memberMarginOf({ text, source }: ParsedFile, node: ts.ClassLikeDeclaration): string | undefined {
  for (const member of node.members) {
    const start = member.getStart(source);
    const margin = marginAt(text, start);
    if (lineStart(text, start) + margin.length === start) {
      return margin;
    }
  }
  return undefined;
}

/** Whether the last member is a field like `get` without a semicolon, which would take the next method for its own. */
function needsGuard(typescript: TypeScript, { source }: ParsedFile, node: ts.ClassLikeDeclaration): boolean {
  const last = node.members.at(-1);
  return (
    last !== undefined &&
    typescript.isPropertyDeclaration(last) &&
    last.initializer === undefined &&
    last.type === undefined &&
    greedyNames.has(last.name.getText(source)) &&
    !last.getText(source).endsWith(";")
  );
}

/**
 * On lines of their own: after the last import that has its line's end for itself, or else before the last one that has
 * its line's beginning. When no import has either, right behind the last one.
 */
function insertImports(
  text: string,
  imports: readonly { readonly start: number; readonly end: number }[],
  lines: readonly string[],
  { eol }: SourceStyle,
): Insertion {
  const added = lines.map((line) => line + eol).join("");
  const fromLast = [...imports].reverse();
  for (const { end } of fromLast) {
    const rest = /^[^\n\r\u2028\u2029]*/.exec(text.slice(end))?.[0] ?? "";
    const lineBreak = /^(?:\r\n|[\n\r\u2028\u2029])/.exec(text.slice(end + rest.length))?.[0];
    if (lineBreak !== undefined && /^[ \t]*(?:\/\/.*|\/\*(?:(?!\*\/).)*\*\/[ \t]*)?$/.test(rest)) {
      return { position: end + rest.length + lineBreak.length, text: added };
    }
  }
  for (const { start } of fromLast) {
    const line = lineStart(text, start);
    if (text.slice(line, start).trim() === "") {
      return { position: line, text: added };
    }
  }
  const end = imports.at(-1)?.end ?? 0;
  const statements = lines.map((line) => `${line.replace(/;$/, "")};`).join(" ");
  return { position: end, text: `${text[end - 1] === ";" ? "" : ";"} ${statements}` };
}

function applyInsertions(text: string, insertions: readonly Insertion[]): string {
  let result = text;
  for (const { position, text: added } of [...insertions].sort((a, b) => b.position - a.position)) {
    result = result.slice(0, position) + added + result.slice(position);
  }
  return result;
}

function lineStart(text: string, position: number): number {
  let start = position;
  while (start > 0 && !/[\n\r\u2028\u2029]/.test(text[start - 1] ?? "")) {
    start--;
  }
  return start;
}

/** The spaces and tabs at the beginning of the line of a position. */
function marginAt(text: string, position: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, position)))?.[0] ?? "";
}

function endsWithEmptyLine(text: string): boolean {
  return /(?:\r\n|\n|\r(?!\n))[ \t]*(?:\r\n|\n|\r)$/.test(text);
}
