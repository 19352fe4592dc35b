import type { ts } from "ts-morph";
import type { ComponentKind, ComponentModel } from "../model/components.js";
import { type ParsedFile, referenceOf, type TypeScript } from "./syntax.js";

/** A class of the user's that extends a generated component. */
export interface ComponentClass {
  readonly component: ComponentModel;
  readonly node: ts.ClassLikeDeclaration;
  /** For messages: `Room`, or `a class without a name`. */
  readonly name: string;
  /** Whether it must have every method: not when it is abstract, or extends what a function makes of the component. */
  readonly isWhole: boolean;
}

/** A class that extends what was generated when its service was of the other kind. */
export interface ConvertedClass {
  readonly component: ComponentModel;
  /** Where the name of what it extends stands. */
  readonly position: number;
}

/** A class that extends what was generated for a service that is no more. */
export interface Orphan {
  readonly kind: ComponentKind;
  readonly baseName: string;
  /** Where the name of what it extends stands. */
  readonly position: number;
}

/** The classes of a file that extend what is generated, or was. */
export interface FoundClasses {
  readonly classes: readonly ComponentClass[];
  readonly converted: readonly ConvertedClass[];
  readonly orphans: readonly Orphan[];
}

/** How the names end of what is extended. */
const endings = [
  ["HANDLER", "Component"],
  ["REMOTE", "Remote"],
] as const satisfies readonly (readonly [ComponentKind, string])[];

/** Finds the classes of a file that extend components and remotes: declarations and expressions, however these are imported. */
export function findComponentClasses(
  typescript: TypeScript,
  file: ParsedFile,
  components: readonly ComponentModel[],
): FoundClasses {
  const classes: ComponentClass[] = [];
  const converted: ConvertedClass[] = [];
  const orphans: Orphan[] = [];
  const visitClass = (node: ts.ClassLikeDeclaration): void => {
    const base = node.heritageClauses?.find(({ token }) => token === typescript.SyntaxKind.ExtendsKeyword)?.types[0];
    if (base === undefined) {
      return;
    }
    for (const { expression, isDirect } of candidates(typescript, base.expression)) {
      const reference = referenceOf(typescript, file, expression);
      if (reference === undefined) {
        continue;
      }
      const ofModule = components.filter(({ baseModule }) => baseModule === reference.module);
      const component = ofModule.find(({ baseName }) => baseName === reference.name);
      const formerly = ofModule.find(({ otherBaseName }) => otherBaseName === reference.name);
      const position = expression.getStart(file.source);
      if (component !== undefined) {
        const isAbstract = node.modifiers?.some(({ kind }) => kind === typescript.SyntaxKind.AbstractKeyword) === true;
        const name = node.name === undefined ? "a class without a name" : `class ${node.name.text}`;
        classes.push({ component, node, name, isWhole: isDirect && !isAbstract });
      } else if (formerly !== undefined) {
        converted.push({ component: formerly, position });
      } else if (reference.module.endsWith(".server")) {
        const [kind] = endings.find(([, ending]) => reference.name.endsWith(ending)) ?? [];
        orphans.push(...(kind === undefined ? [] : [{ kind, baseName: reference.name, position }]));
      }
    }
  };
  const visit = (node: ts.Node): void => {
    if (typescript.isClassLike(node)) {
      visitClass(node);
    }
    typescript.forEachChild(node, visit);
  };
  visit(file.source);
  return { classes, converted, orphans };
}

/** What a class extends: `RoomComponent`, or the arguments of `Logged(RoomComponent)`. */
function candidates(
  typescript: TypeScript,
  expression: ts.Expression,
  isDirect = true,
): { readonly expression: ts.Expression; readonly isDirect: boolean }[] {
  if (typescript.isParenthesizedExpression(expression)) {
    return candidates(typescript, expression.expression, isDirect);
  }
  return typescript.isCallExpression(expression)
    ? expression.arguments.flatMap((argument) => candidates(typescript, argument, false))
    : [{ expression, isDirect }];
}
