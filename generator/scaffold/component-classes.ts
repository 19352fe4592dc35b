import type { ts } from "ts-morph";
import type { ComponentModel } from "../model/components.js";
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

/** A class that extends a component of a service that is no more. */
export interface Orphan {
  readonly baseName: string;
  /** Where the component's name stands. */
  readonly position: number;
}

/** Finds the classes of a file that extend components: declarations and expressions, however the component is imported. */
export function findComponentClasses(
  typescript: TypeScript,
  file: ParsedFile,
  components: readonly ComponentModel[],
): { readonly classes: readonly ComponentClass[]; readonly orphans: readonly Orphan[] } {
  const classes: ComponentClass[] = [];
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
      const component = components.find(
        ({ baseModule, baseName }) => baseModule === reference.module && baseName === reference.name,
      );
      if (component !== undefined) {
        const isAbstract = node.modifiers?.some(({ kind }) => kind === typescript.SyntaxKind.AbstractKeyword) === true;
        const name = node.name === undefined ? "a class without a name" : `class ${node.name.text}`;
        classes.push({ component, node, name, isWhole: isDirect && !isAbstract });
      } else if (reference.module.endsWith(".server") && reference.name.endsWith("Component")) {
        orphans.push({ baseName: reference.name, position: expression.getStart(file.source) });
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
  return { classes, orphans };
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
