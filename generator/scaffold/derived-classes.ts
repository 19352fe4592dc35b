import { dirname, resolve } from "node:path";
import type { ts } from "ts-morph";
import type { ComponentModel } from "../model/components.js";
import type { ComponentClass } from "./component-classes.js";
import { memberNames } from "./members.js";
import { sourceAt } from "./re-exports.js";
import type { ParsedFile, TypeScript } from "./syntax.js";

/** A class that can be handed to a server, and lacks methods that it inherits from nobody. */
export interface LackingClass {
  readonly file: ParsedFile;
  /** Where its name stands. */
  readonly position: number;
  readonly name: string;
  /** The abstract class that extends the component. */
  readonly baseName: string;
  readonly component: ComponentModel;
  readonly methods: readonly string[];
}

interface UserClass {
  readonly file: ParsedFile;
  readonly node: ts.ClassDeclaration;
  readonly name: ts.Identifier;
  readonly isAbstract: boolean;
  /** What it extends, when that is a class of the user's: a key of `#classes`. */
  readonly base: string | undefined;
  /** What it extends, when that is generated. */
  readonly component: ComponentModel | undefined;
}

/**
 * The classes of the user's that extend classes of his own. An abstract one need not have every method, but what is below it must: so this
 * is known when all files are.
 */
export class DerivedClasses {
  readonly #typescript: TypeScript;
  readonly #directory: string;
  /** By file and name. */
  readonly #classes = new Map<string, UserClass>();

  /** @param directory the working directory */
  constructor(typescript: TypeScript, directory: string) {
    this.#typescript = typescript;
    this.#directory = directory;
  }

  /**
   * @param realPath where the file lies: its imports start there
   * @param found the classes in it that extend what is generated
   */
  add(file: ParsedFile, realPath: string, found: readonly ComponentClass[]): void {
    const typescript = this.#typescript;
    const path = resolve(this.#directory, realPath);
    const imported = this.#imports(file, path);
    for (const node of file.source.statements) {
      if (!typescript.isClassDeclaration(node) || node.name === undefined) {
        continue;
      }
      const extended = node.heritageClauses?.find(({ token }) => token === typescript.SyntaxKind.ExtendsKeyword);
      const base = extended?.types[0]?.expression;
      const baseName = base !== undefined && typescript.isIdentifier(base) ? base.text : undefined;
      this.#classes.set(`${path} ${node.name.text}`, {
        file,
        node,
        name: node.name,
        isAbstract: isAbstract(typescript, node),
        base: baseName === undefined ? undefined : (imported.get(baseName) ?? `${path} ${baseName}`),
        component: found.find((item) => item.node === node)?.component,
      });
    }
  }

  /** The classes below an abstract component that lack a method: it would be called, and is nowhere. */
  lacking(): LackingClass[] {
    return [...this.#classes.values()].flatMap((derived): LackingClass[] => {
      const line = this.#lineOf(derived);
      const top = line.at(-1);
      if (derived.isAbstract || line.length < 2 || top?.component === undefined || !top.isAbstract) {
        return [];
      }
      // Not what is only declared: `abstract leave(…): void`.
      const written = line.flatMap(({ node }) =>
        node.members.filter((member) => !isAbstract(this.#typescript, member)),
      );
      const present = memberNames(this.#typescript, written);
      const { component } = top;
      const methods = component.methods.map(({ localName }) => localName).filter((name) => !present.has(name));
      const { file, name } = derived;
      const position = name.getStart(file.source);
      return methods.length === 0
        ? []
        : [{ file, position, name: name.text, baseName: top.name.text, component, methods }];
    });
  }

  /** A class and those above it that are the user's. */
  #lineOf(derived: UserClass): UserClass[] {
    const line: UserClass[] = [];
    let current: UserClass | undefined = derived;
    while (current !== undefined && !line.includes(current)) {
      line.push(current);
      current = current.base === undefined ? undefined : this.#classes.get(current.base);
    }
    return line;
  }

  /** What is imported by name from files of the user's: keys of `#classes` by what they are called here. */
  #imports({ source }: ParsedFile, path: string): Map<string, string> {
    const typescript = this.#typescript;
    const imports = new Map<string, string>();
    for (const statement of source.statements) {
      if (!typescript.isImportDeclaration(statement) || !typescript.isStringLiteral(statement.moduleSpecifier)) {
        continue;
      }
      const specifier = statement.moduleSpecifier.text;
      const named = statement.importClause?.namedBindings;
      const target = specifier.startsWith(".") ? sourceAt(resolve(dirname(path), specifier)) : undefined;
      for (const { name, propertyName } of named !== undefined && typescript.isNamedImports(named)
        ? named.elements
        : []) {
        imports.set(name.text, `${target} ${(propertyName ?? name).text}`);
      }
    }
    return imports;
  }
}

function isAbstract(typescript: TypeScript, node: ts.ClassElement | ts.ClassDeclaration): boolean {
  return (
    typescript.canHaveModifiers(node) &&
    typescript.getModifiers(node)?.some(({ kind }) => kind === typescript.SyntaxKind.AbstractKeyword) === true
  );
}
