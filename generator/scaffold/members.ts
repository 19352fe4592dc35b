import type { ts } from "ts-morph";
import type { TypeScript } from "./syntax.js";

/** The name of a member of a class's objects, or undefined for a static, private or computed one. */
export function memberName(typescript: TypeScript, member: ts.ClassElement): string | undefined {
  const isStatic =
    typescript.canHaveModifiers(member) &&
    typescript.getModifiers(member)?.some(({ kind }) => kind === typescript.SyntaxKind.StaticKeyword) === true;
  const { name } = member;
  if (isStatic || name === undefined) {
    return undefined;
  }
  if (typescript.isIdentifier(name) || typescript.isStringLiteralLike(name)) {
    return name.text;
  }
  return typescript.isComputedPropertyName(name) && typescript.isStringLiteralLike(name.expression)
    ? name.expression.text
    : undefined;
}

/** The names of members, those that a constructor's parameters declare too. */
export function memberNames(typescript: TypeScript, members: readonly ts.ClassElement[]): Set<string> {
  const names = new Set<string>();
  for (const member of members) {
    const name = memberName(typescript, member);
    if (name !== undefined) {
      names.add(name);
    }
    for (const parameter of typescript.isConstructorDeclaration(member) ? member.parameters : []) {
      if (typescript.isParameterPropertyDeclaration(parameter, member) && typescript.isIdentifier(parameter.name)) {
        names.add(parameter.name.text);
      }
    }
  }
  return names;
}
