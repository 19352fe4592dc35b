import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type ModuleFolders, moduleResolver } from "./module-path.js";
import { type Reference, type ResolveName, readBindings, type TypeScript } from "./syntax.js";

/** What is looked up in files of the user's that pass on what is generated. */
export interface ReExportInput extends ModuleFolders {
  /** The generated modules: `chat/v1/room.server`. */
  readonly modules: readonly string[];
  /** Whether a generated module exports a name, as far as that is known. */
  readonly isExported: (reference: Reference) => boolean;
}

/**
 * Follows an import into files of the user's that export what others do: `export * from "../generated/room.server.js"`,
 * `export { RoomComponent as Base }`, at any distance.
 *
 * @param file the file that imports, relative to the working directory
 */
export function reExportResolver(typescript: TypeScript, file: string, input: ReExportInput): ResolveName {
  return (specifier, name) => follow(typescript, resolve(input.directory, file), specifier, name, input, new Set());
}

function follow(
  typescript: TypeScript,
  from: string,
  specifier: string,
  name: string,
  input: ReExportInput,
  above: ReadonlySet<string>,
): Reference | undefined {
  const target = specifier.startsWith(".") ? sourceAt(resolve(dirname(from), specifier)) : undefined;
  // A name may pass a file twice, as another one; two files that export each other never end.
  const step = `${target} ${name}`;
  if (target === undefined || above.has(step)) {
    return undefined;
  }
  const source = typescript.createSourceFile(target, readFileSync(target, "utf8"), typescript.ScriptTarget.ESNext);
  const resolveModule = moduleResolver(target, input, input.modules);
  const inside = new Set(above).add(step);
  const further: ResolveName = (next, wanted) => follow(typescript, target, next, wanted, input, inside);
  for (const statement of source.statements) {
    if (!typescript.isExportDeclaration(statement)) {
      continue;
    }
    const { exportClause: clause, moduleSpecifier: origin } = statement;
    const item =
      clause !== undefined && typescript.isNamedExports(clause)
        ? clause.elements.find((element) => element.name.text === name)
        : undefined;
    if (clause !== undefined && item === undefined) {
      continue;
    }
    const original = item === undefined ? name : (item.propertyName ?? item.name).text;
    if (origin === undefined) {
      const binding = readBindings(typescript, source, resolveModule, further).get(original);
      return binding?.name === "*" ? undefined : binding;
    }
    const next = typescript.isStringLiteral(origin) ? origin.text : "";
    const module = resolveModule(next);
    const reference = module === undefined ? further(next, original) : { module, name: original };
    if (reference !== undefined && (module === undefined || item !== undefined || input.isExported(reference))) {
      return reference;
    }
  }
  return undefined;
}

/** The TypeScript file that an import's path means. */
export function sourceAt(path: string): string | undefined {
  const plain = path.replace(/\.([cm]?)[jt](sx?)$/, "");
  const ending = /\.([cm]?)[jt]sx?$/.exec(path)?.[1] ?? "";
  const candidates = [`${plain}.${ending}ts`, `${plain}.tsx`, join(path, "index.ts")];
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
}
