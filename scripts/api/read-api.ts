import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ClassDeclaration,
  type FunctionDeclaration,
  type InterfaceDeclaration,
  type JSDocableNode,
  Node,
  Project,
  type SourceFile,
  type TypeAliasDeclaration,
  type VariableDeclaration,
} from "ts-morph";
import type { ApiEntry, ApiExport, ApiMember, Doc } from "./api.js";
import { docOf, isInternal } from "./read-doc.js";

type Declaration =
  | ClassDeclaration
  | FunctionDeclaration
  | InterfaceDeclaration
  | TypeAliasDeclaration
  | VariableDeclaration;

/**
 * Reads what each entry of the package exports, from the sources alone: nothing is built, and no type is inferred. It knows the house's ways: an index
 * lists its names one by one, and what is exported says its types.
 *
 * @param root the project's folder
 */
export function readApi(root: string): ApiEntry[] {
  const project = new Project({ skipAddingFilesFromTsConfig: true, skipFileDependencyResolution: true });
  project.addSourceFilesAtPaths(join(root, "runtime/**/*.ts"));
  const entries = entryFiles(root).map(({ name, file }) => ({ name, index: project.getSourceFileOrThrow(file) }));
  const isPublic = new Set(entries.flatMap(({ index }) => declarationsOf(index).map(({ declaration }) => declaration)));
  return entries.map(({ name, index }) => ({
    name,
    file: pathOf(index, root),
    purpose: purposeOf(index),
    exports: declarationsOf(index).map(({ exported, isType, declaration }) => ({
      name: exported,
      ...describe(declaration, isPublic, isType),
      file: pathOf(declaration.getSourceFile(), root),
    })),
  }));
}

function pathOf(file: SourceFile, root: string): string {
  return file.getFilePath().slice(root.length + 1);
}

/** The entries as package.json has them, and their sources. */
function entryFiles(root: string): { name: string; file: string }[] {
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    name: string;
    exports: Readonly<Record<string, string | { types: string }>>;
  };
  return Object.entries(exports).flatMap(([key, target]) =>
    typeof target === "string"
      ? []
      : [
          {
            name: name + key.slice(1),
            file: join(root, target.types.replace("./dist/", "").replace(/\.d\.ts$/, ".ts")),
          },
        ],
  );
}

function purposeOf(index: SourceFile): string {
  const comment = index.getFullText().match(/^(?:\/\/.*\n)+/)?.[0] ?? "";
  return comment.replace(/^\/\/ ?/gm, "").trim();
}

interface Exported {
  readonly exported: string;
  /** Whether only its type is exported: nobody can make one of such a class, or extend it. */
  readonly isType: boolean;
  readonly declaration: Declaration;
}

/** What an index exports, in its order. A name may be a value and a type: then it is there twice. */
function declarationsOf(index: SourceFile): Exported[] {
  return index.getExportDeclarations().flatMap((statement) => {
    const file = sourceOf(index, statement.getModuleSpecifierValue() ?? "");
    return statement.getNamedExports().flatMap((specifier) => {
      const exported = specifier.getName();
      const declarations = declared(file, exported);
      if (declarations.length === 0) {
        throw new Error(`${file.getFilePath()} declares no ${exported}`);
      }
      const isType = statement.isTypeOnly() || specifier.isTypeOnly();
      return declarations.map((declaration) => ({ exported, isType, declaration }));
    });
  });
}

function sourceOf(from: SourceFile, specifier: string): SourceFile {
  const path = join(from.getDirectoryPath(), specifier.replace(/\.js$/, ".ts"));
  return from.getProject().getSourceFileOrThrow(path);
}

function declared(file: SourceFile, name: string): Declaration[] {
  return [
    file.getClass(name),
    file.getFunction(name),
    file.getVariableDeclaration(name),
    file.getInterface(name),
    file.getTypeAlias(name),
  ].filter((declaration) => declaration !== undefined);
}

function describe(
  declaration: Declaration,
  isPublic: ReadonlySet<Declaration>,
  isType: boolean,
): Omit<ApiExport, "name" | "file"> {
  const doc = docOf(commented(declaration));
  if (Node.isClassDeclaration(declaration)) {
    const signature = headOf(declaration, isPublic);
    const members = membersOf(declaration, isPublic).filter(({ signature }) => !isType || !isForHeirs.test(signature));
    return { kind: "class", signature, doc, members };
  }
  if (Node.isInterfaceDeclaration(declaration)) {
    const signature = headOf(declaration, isPublic);
    return { kind: "interface", signature, doc, members: membersOf(declaration, isPublic) };
  }
  if (Node.isFunctionDeclaration(declaration)) {
    return { kind: "function", signature: functionHead(declaration), doc, members: [] };
  }
  if (Node.isTypeAliasDeclaration(declaration)) {
    return { kind: "type", signature: withoutExport(declaration.getText()), doc, members: [] };
  }
  const type = declaration.getTypeNode()?.getText();
  const signature = `const ${declaration.getName()}${type === undefined ? "" : `: ${type}`}`;
  return { kind: "const", signature, doc, members: type === undefined ? documentedProperties(declaration) : [] };
}

const isForHeirs = /^(protected|constructor)\b/;

/** Where the comment stands: at the statement of a const, at the first head of a function with several. */
function commented(declaration: Declaration): JSDocableNode & Node {
  if (Node.isVariableDeclaration(declaration)) {
    return declaration.getVariableStatementOrThrow();
  }
  const [first] = Node.isFunctionDeclaration(declaration) ? declaration.getOverloads() : [];
  return first ?? declaration;
}

function withoutExport(text: string): string {
  return text.replace(/^\/\*\*[\s\S]*?\*\/\s*/, "").replace(/^export (declare )?/, "");
}

function headOf(declaration: ClassDeclaration | InterfaceDeclaration, isPublic: ReadonlySet<Declaration>): string {
  const isClass = Node.isClassDeclaration(declaration);
  const bases = basesOf(declaration).filter(({ base }) => base === undefined || isPublic.has(base));
  const extended = bases.filter(({ isInterface }) => !isInterface).map(({ text }) => text);
  const implemented = bases.filter(({ isInterface }) => isInterface).map(({ text }) => text);
  const parameters = declaration.getTypeParameters().map((parameter) => parameter.getText());
  return [
    isClass && declaration.isAbstract() ? "abstract " : "",
    isClass ? "class " : "interface ",
    declaration.getName() ?? "",
    parameters.length === 0 ? "" : `<${parameters.join(", ")}>`,
    extended.length === 0 ? "" : ` extends ${extended.join(", ")}`,
    implemented.length === 0 ? "" : ` implements ${implemented.join(", ")}`,
  ].join("");
}

interface Base {
  /** As it is written: `PushReceiver`. */
  readonly text: string;
  /** Undefined where it is none of the project's: `Error`. */
  readonly base: ClassDeclaration | InterfaceDeclaration | undefined;
  readonly isInterface: boolean;
}

function basesOf(declaration: ClassDeclaration | InterfaceDeclaration): Base[] {
  return declaration.getHeritageClauses().flatMap((clause) =>
    clause.getTypeNodes().map((node) => {
      const base = found(declaration.getSourceFile(), node.getExpression().getText());
      return { text: node.getText(), base, isInterface: clause.getText().startsWith("implements") };
    }),
  );
}

/** A class or an interface that a file declares or imports. */
function found(file: SourceFile, name: string): ClassDeclaration | InterfaceDeclaration | undefined {
  const imported = file
    .getImportDeclarations()
    .find((statement) => statement.getNamedImports().some((specifier) => specifier.getName() === name));
  const specifier = imported?.getModuleSpecifierValue() ?? "";
  if (imported !== undefined && !specifier.startsWith(".")) {
    return undefined;
  }
  const source = imported === undefined ? file : sourceOf(file, specifier);
  return source.getClass(name) ?? source.getInterface(name);
}

/** The members that are for all: its own, and those of bases that have no page of their own. */
function membersOf(
  declaration: ClassDeclaration | InterfaceDeclaration,
  isPublic: ReadonlySet<Declaration>,
): ApiMember[] {
  const own = Node.isClassDeclaration(declaration) ? classMembers(declaration) : interfaceMembers(declaration);
  const bases = basesOf(declaration).filter(({ base }) => base !== undefined);
  const inherited = bases.flatMap(({ base }) => membersOf(base as ClassDeclaration, isPublic));
  const hidden = bases
    .filter(({ base, isInterface }) => !isInterface && !isPublic.has(base as ClassDeclaration))
    .flatMap(({ base }) => membersOf(base as ClassDeclaration, isPublic));
  const names = new Set(own.map(({ name }) => name));
  return [
    // What a member does not say of itself, that says which it implements.
    ...own.map((member) => ({ ...member, doc: withText(member.doc, inherited.find(isNamed(member.name))?.doc) })),
    ...hidden.filter(({ name }) => !names.has(name)),
  ];
}

function withText(doc: Doc | undefined, inherited: Doc | undefined): Doc | undefined {
  return doc === undefined || inherited === undefined || doc.text !== ""
    ? (doc ?? inherited)
    : { ...inherited, ...doc, text: inherited.text };
}

function isNamed(wanted: string): (member: ApiMember) => boolean {
  return ({ name }) => name === wanted;
}

function classMembers(declaration: ClassDeclaration): ApiMember[] {
  const constructors = declaration.getConstructors().flatMap((node) =>
    isInternal(node)
      ? []
      : [
          {
            name: "constructor",
            signature: `${node.getScope() === "public" ? "" : `${node.getScope()} `}constructor(${parametersOf(node)})`,
            doc: docOf(node),
          },
        ],
  );
  const setters = new Set(declaration.getSetAccessors().map((node) => node.getName()));
  const members = declaration.getMembers().flatMap((node) => {
    if (
      Node.isConstructorDeclaration(node) ||
      Node.isClassStaticBlockDeclaration(node) ||
      Node.isSetAccessorDeclaration(node) ||
      isInternal(node) ||
      node.getScope() === "private" ||
      node.getName().startsWith("#")
    ) {
      return [];
    }
    const name = node.getName();
    const before = `${node.getScope() === "protected" ? "protected " : ""}${node.isStatic() ? "static " : ""}`;
    if (Node.isMethodDeclaration(node)) {
      const heads = node.getOverloads().length > 0 ? node.getOverloads() : [node];
      const signature = heads.map((head) => before + methodHead(name, head)).join("\n");
      return [{ name, signature, doc: docOf(heads[0]) }];
    }
    const isReadonly = Node.isGetAccessorDeclaration(node) ? !setters.has(name) : node.isReadonly();
    const type = Node.isGetAccessorDeclaration(node)
      ? textOf(node.getReturnTypeNode())
      : textOf(node.getTypeNode(), node.getInitializer());
    const signature = `${before}${isReadonly ? "readonly " : ""}${name}: ${type}`;
    // A setter's comment does for both.
    return [{ name, signature, doc: docOf(node) ?? docOf(declaration.getSetAccessor(name)) }];
  });
  return [...constructors, ...members];
}

/** A type as it is written, or that of the value which stands for it: `1_000`, `new Pipeline<InboundStep>()`. */
function textOf(type: Node | undefined, value?: Node): string {
  if (type !== undefined) {
    return oneLine(type.getText());
  }
  if (Node.isNumericLiteral(value)) {
    return "number";
  }
  if (Node.isStringLiteral(value)) {
    return "string";
  }
  if (Node.isTrueLiteral(value) || Node.isFalseLiteral(value)) {
    return "boolean";
  }
  if (Node.isNewExpression(value)) {
    return value.getText().replace(/^new |\(.*$/gs, "");
  }
  const where = value === undefined ? "" : `: ${value.getSourceFile().getBaseName()}, ${value.getText()}`;
  throw new Error(`what is exported has to say its types, and one is left out${where}`);
}

function interfaceMembers(declaration: InterfaceDeclaration): ApiMember[] {
  return declaration.getMembers().flatMap((node) => {
    if (isInternal(node)) {
      return [];
    }
    if (Node.isMethodSignature(node)) {
      return [{ name: node.getName(), signature: methodHead(node.getName(), node), doc: docOf(node) }];
    }
    if (Node.isPropertySignature(node)) {
      const type = textOf(node.getTypeNode());
      if (type === "undefined") {
        // It says what may not be there, so that the others of a union can be told from it.
        return [];
      }
      const signature = `${node.getName()}${node.hasQuestionToken() ? "?" : ""}: ${type}`;
      return [{ name: node.getName(), signature, doc: docOf(node) }];
    }
    const doc = Node.isJSDocable(node) ? docOf(node) : undefined;
    return [{ name: node.getKindName(), signature: oneLine(node.getText()), doc }];
  });
}

/** The properties of an object that say something of themselves: `taken: 0`. */
function documentedProperties(declaration: VariableDeclaration): ApiMember[] {
  const object = declaration.getFirstDescendant(Node.isObjectLiteralExpression);
  return (object?.getProperties() ?? []).flatMap((property) => {
    const comments = property.getLeadingCommentRanges().map((range) => range.getText());
    const comment = comments.find((text) => text.startsWith("/**"));
    if (!Node.isPropertyAssignment(property) || comment === undefined) {
      return [];
    }
    const text = comment.slice(3, -2).replace(/^\s*\* ?/gm, "");
    const initializer = property.getInitializerOrThrow();
    const signature = Node.isObjectLiteralExpression(initializer) ? property.getName() : oneLine(property.getText());
    const doc = { text: text.trim(), params: [], typeParams: [], returns: "", throws: [] };
    return [{ name: property.getName(), signature, doc }];
  });
}

interface Callable {
  getTypeParameters(): Node[];
  getParameters(): Node[];
  getReturnTypeNode(): Node | undefined;
}

function functionHead(node: FunctionDeclaration): string {
  const heads = node.getOverloads().length > 0 ? node.getOverloads() : [node];
  return heads.map((head) => `function ${methodHead(head.getName() ?? "", head)}`).join("\n");
}

function methodHead(name: string, node: Callable): string {
  const generics = node.getTypeParameters().map((parameter) => parameter.getText());
  const returned = textOf(node.getReturnTypeNode());
  return `${name}${generics.length === 0 ? "" : `<${generics.join(", ")}>`}(${parametersOf(node)}): ${returned}`;
}

function parametersOf(node: { getParameters(): Node[] }): string {
  return node
    .getParameters()
    .filter(Node.isParameterDeclaration)
    .map((parameter) => {
      const name = parameter.getNameNode();
      const shown = Node.isIdentifier(name) ? name.getText() : "options";
      const isOptional = parameter.isOptional() && !parameter.isRestParameter();
      const type = textOf(parameter.getTypeNode(), parameter.getInitializer());
      return `${parameter.isRestParameter() ? "..." : ""}${shown.replace(/^_/, "")}${isOptional ? "?" : ""}: ${type}`;
    })
    .join(", ");
}

function oneLine(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .trim();
}
