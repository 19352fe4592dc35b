import type { ts } from "ts-morph";

/** TypeScript's own parser, as ts-morph brings it along. */
export type TypeScript = typeof ts;

/** A file of the user's, parsed. It is only ever read: what is added goes to its text. */
export interface ParsedFile {
  /** Relative to the working directory, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly source: ts.SourceFile;
  /** The names that its imports bring, by what they are called here. */
  readonly bindings: ReadonlyMap<string, Binding>;
  /** Every name that it declares or imports. */
  readonly declared: ReadonlySet<string>;
}

/** What an import brings. */
export interface Binding {
  /** `nanowire`, or a generated module: `chat/v1/room`. */
  readonly module: string;
  /** The exported name, or `*` for the whole module. */
  readonly name: string;
  readonly typeOnly: boolean;
}

/** A thing of a module, as some code refers to it. */
export interface Reference {
  readonly module: string;
  readonly name: string;
}

/** Finds which module an import leads to: a generated one by its name in the folder of generated files, or undefined for others. */
export type ResolveModule = (specifier: string) => string | undefined;

/** Finds what a name means that is imported from another file of the user's, or gives undefined. */
export type ResolveName = (specifier: string, name: string) => Reference | undefined;

/**
 * Parses a file.
 *
 * @returns the file, or what is wrong with its syntax first and where that is in the text
 */
export function parseFile(
  typescript: TypeScript,
  path: string,
  text: string,
  resolve: ResolveModule,
  resolveName: ResolveName,
): ParsedFile | { readonly fault: string; readonly position: number } {
  const { diagnostics = [] } = typescript.transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: {
      target: typescript.ScriptTarget.ESNext,
      module: typescript.ModuleKind.ESNext,
      experimentalDecorators: true,
    },
  });
  const [fault] = diagnostics.filter(({ category }) => category === typescript.DiagnosticCategory.Error);
  if (fault !== undefined) {
    return { fault: typescript.flattenDiagnosticMessageText(fault.messageText, " "), position: fault.start ?? 0 };
  }
  const source = typescript.createSourceFile(path, text, typescript.ScriptTarget.ESNext, true);
  return {
    path,
    text,
    source,
    bindings: readBindings(typescript, source, resolve, resolveName),
    declared: declaredNames(typescript, source),
  };
}

/** What an expression or a type's name refers to, when an import brings it: `RoomComponent`, `wire.RoomComponent`. */
export function referenceOf(typescript: TypeScript, file: ParsedFile, node: ts.Node): Reference | undefined {
  if (typescript.isParenthesizedExpression(node)) {
    return referenceOf(typescript, file, node.expression);
  }
  if (typescript.isIdentifier(node)) {
    const binding = file.bindings.get(node.text);
    return binding === undefined || binding.name === "*" ? undefined : binding;
  }
  const [left, right] = typescript.isPropertyAccessExpression(node)
    ? [node.expression, node.name]
    : typescript.isQualifiedName(node)
      ? [node.left, node.right]
      : [];
  if (left === undefined || right === undefined || !typescript.isIdentifier(left)) {
    return undefined;
  }
  const binding = file.bindings.get(left.text);
  return binding?.name === "*" ? { module: binding.module, name: right.text } : undefined;
}

/** The names that a file's imports bring, by what they are called there. */
export function readBindings(
  typescript: TypeScript,
  source: ts.SourceFile,
  resolve: ResolveModule,
  resolveName: ResolveName,
): Map<string, Binding> {
  const bindings = new Map<string, Binding>();
  for (const statement of source.statements) {
    if (!typescript.isImportDeclaration(statement) || !typescript.isStringLiteral(statement.moduleSpecifier)) {
      continue;
    }
    const specifier = statement.moduleSpecifier.text;
    const module = resolve(specifier);
    const clause = statement.importClause;
    if (clause?.namedBindings === undefined) {
      continue;
    }
    const typeOnly = clause.phaseModifier === typescript.SyntaxKind.TypeKeyword;
    if (typescript.isNamespaceImport(clause.namedBindings)) {
      if (module !== undefined) {
        bindings.set(clause.namedBindings.name.text, { module, name: "*", typeOnly });
      }
      continue;
    }
    for (const { name, propertyName, isTypeOnly } of clause.namedBindings.elements) {
      const exported = (propertyName ?? name).text;
      const reference = module === undefined ? resolveName(specifier, exported) : { module, name: exported };
      if (reference !== undefined) {
        bindings.set(name.text, { ...reference, typeOnly: typeOnly || isTypeOnly });
      }
    }
  }
  return bindings;
}

/** The names that an import of another thing would clash with. */
function declaredNames(typescript: TypeScript, source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const declares =
      typescript.isVariableDeclaration(node) ||
      typescript.isBindingElement(node) ||
      typescript.isParameter(node) ||
      typescript.isFunctionDeclaration(node) ||
      typescript.isFunctionExpression(node) ||
      typescript.isClassLike(node) ||
      typescript.isInterfaceDeclaration(node) ||
      typescript.isTypeAliasDeclaration(node) ||
      typescript.isEnumDeclaration(node) ||
      typescript.isModuleDeclaration(node) ||
      typescript.isImportClause(node) ||
      typescript.isNamespaceImport(node) ||
      typescript.isImportSpecifier(node) ||
      typescript.isImportEqualsDeclaration(node) ||
      typescript.isTypeParameterDeclaration(node);
    if (declares && node.name !== undefined && typescript.isIdentifier(node.name)) {
      names.add(node.name.text);
    }
    typescript.forEachChild(node, visit);
  };
  visit(source);
  return names;
}
