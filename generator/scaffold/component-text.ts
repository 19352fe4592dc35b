import type { ComponentKind, ComponentMethodModel, ComponentModel, TypeReference } from "../model/components.js";
import { Names } from "../model/names.js";
import { plainStyle, type SourceStyle } from "./source-style.js";

/** Something that a component's file imports. */
export interface NeededImport {
  /** `nanowire`, `../generated/chat/v1/room.js`. */
  readonly from: string;
  readonly name: string;
  /** The name here. */
  readonly local: string;
  readonly isType: boolean;
}

/** What a method takes before its message: who calls. */
export interface ContextType {
  /** What the runtime exports: `Session`. */
  readonly type: "Session" | "RemoteContext";
  /** `session`. */
  readonly name: string;
}

/** What the methods of each kind take first. */
export const contextTypes: Readonly<Record<ComponentKind, ContextType>> = {
  HANDLER: { type: "Session", name: "session" },
  REMOTE: { type: "RemoteContext", name: "context" },
};

/** What a method's text calls things. */
export interface MethodNames {
  readonly contextOf: (kind: ComponentKind) => string;
  readonly error: string;
  readonly typeOf: (type: TypeReference) => string;
}

/** Where a component's file finds a generated module: `chat/v1/room` → `../generated/chat/v1/room.js`. */
export type ModulePath = (module: string) => string;

/**
 * The lines of a method that is not written yet. It compiles, whatever the flags, and a caller gets the error
 * `unimplemented`. The names of its parameters begin with `_` until somebody uses them.
 */
export function methodLines(
  kind: ComponentKind,
  method: ComponentMethodModel,
  names: MethodNames,
  style: SourceStyle,
): string[] {
  const { quote, semicolon, unit } = style;
  const parameters = [`_${contextTypes[kind].name}: ${names.contextOf(kind)}`];
  if (method.argument !== undefined) {
    parameters.push(`_${method.argument.name}: ${names.typeOf(method.argument.type)}`);
  }
  const result = method.response === undefined ? "void" : names.typeOf(method.response);
  const text = (value: string): string => stringLiteral(value, quote);
  return [
    `override ${method.localName}(${parameters.join(", ")}): ${result} {`,
    `${unit}throw new ${names.error}(${text("unimplemented")}, ${text(`${method.route} is not implemented yet`)})${semicolon}`,
    "}",
  ];
}

/** Import statements, one a module: packages first, then by path. */
export function importLines(needed: readonly NeededImport[], { quote, semicolon }: SourceStyle): string[] {
  const modules = [...new Set(needed.map(({ from }) => from))].sort(compareModules);
  return modules.map((from) => {
    const names = needed.filter((item) => item.from === from).sort((a, b) => (a.name < b.name ? -1 : 1));
    const typeOnly = names.every(({ isType }) => isType);
    const items = names.map(
      ({ name, local, isType }) =>
        `${isType && !typeOnly ? "type " : ""}${name}${local === name ? "" : ` as ${local}`}`,
    );
    return `import ${typeOnly ? "type " : ""}{ ${items.join(", ")} } from ${stringLiteral(from, quote)}${semicolon}`;
  });
}

/** The whole text of a component that is not there yet. */
export function newComponentText(component: ComponentModel, modulePath: ModulePath): string {
  const names = new Names();
  const className = names.claim(component.className);
  const needed: NeededImport[] = [];
  const locals = new Map<string, string>();
  const need = (from: string, name: string, isType: boolean): string => {
    const key = `${from} ${name}`;
    const known = locals.get(key);
    if (known !== undefined) {
      return known;
    }
    const local = names.claim(name);
    locals.set(key, local);
    needed.push({ from, name, local, isType });
    return local;
  };
  const base = need(modulePath(component.baseModule), component.baseName, false);
  const lines: string[] = [];
  if (component.methods.length > 0) {
    const methodNames: MethodNames = {
      contextOf: (kind) => need("nanowire", contextTypes[kind].type, true),
      error: need("nanowire", "NanowireError", false),
      typeOf: (type) => need(modulePath(type.module), type.name, true),
    };
    for (const method of component.methods) {
      lines.push(
        "",
        ...methodLines(component.kind, method, methodNames, plainStyle).map((line) => plainStyle.unit + line),
      );
    }
    lines.shift();
  }
  const comment = component.comment.length === 0 ? [`Handles service ${component.protoName}.`] : component.comment;
  const doc = comment.map((line) => ` * ${line.replaceAll("*/", "*\\/")}`.trimEnd());
  return [
    ...importLines(needed, plainStyle),
    "",
    ...(doc.length === 1 ? [`/**${doc[0]?.slice(2)} */`] : ["/**", ...doc, " */"]),
    `export class ${className} extends ${base} {${lines.length === 0 ? "}" : ""}`,
    ...(lines.length === 0 ? [] : [...lines, "}"]),
    "",
  ].join("\n");
}

/** Packages before paths; far paths before near ones. */
function compareModules(a: string, b: string): number {
  const key = (from: string): string => (from.startsWith(".") ? `1${from}` : `0${from}`);
  return key(a) < key(b) ? -1 : 1;
}

function stringLiteral(text: string, quote: SourceStyle["quote"]): string {
  const literal = JSON.stringify(text);
  return quote === '"' ? literal : `'${literal.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
