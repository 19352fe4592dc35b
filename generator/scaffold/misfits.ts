import type { ts } from "ts-morph";
import { formatPlace } from "../error.js";
import { type ComponentKind, type ComponentMethodModel, otherKind, type TypeReference } from "../model/components.js";
import type { ComponentClass } from "./component-classes.js";
import { contextTypes } from "./component-text.js";
import { memberName } from "./members.js";
import { type ParsedFile, type Reference, referenceOf, type TypeScript } from "./syntax.js";

/** What of a user's class does not fit the .proto any more: it is told, and left to him. */
export interface Misfit {
  readonly message: string;
  /** In the file's text. */
  readonly position: number;
}

/** Methods that every component and every remote inherits. */
const lifeCycle: ReadonlySet<string> = new Set(["init", "afterInit", "beforeShutdown", "shutdown"]);

/** Finds methods of rpcs that are gone, and methods whose request or response is another one now. */
export function findMisfits(typescript: TypeScript, file: ParsedFile, found: ComponentClass): Misfit[] {
  const { component, node } = found;
  return node.members.flatMap((member): Misfit[] => {
    const name = memberName(typescript, member);
    if (name === undefined || member.name === undefined) {
      return [];
    }
    const position = member.name.getStart(file.source);
    const method = component.methods.find(({ localName }) => localName === name);
    if (method !== undefined) {
      return checkSignature(typescript, file, component.kind, method, member);
    }
    const removed = component.removed.find(({ localName }) => localName === name);
    if (removed !== undefined) {
      return [
        {
          message: `${name} is called by nobody any more: the rpc of route ${removed.route} is gone. Delete it, or bring the rpc back`,
          position,
        },
      ];
    }
    const overrides =
      typescript.canHaveModifiers(member) &&
      typescript.getModifiers(member)?.some(({ kind }) => kind === typescript.SyntaxKind.OverrideKeyword) === true;
    return overrides && !lifeCycle.has(name) && found.isWhole
      ? [
          {
            message: `${name} overrides nothing: service ${component.protoName} has no such rpc. Delete it, or leave \`override\` out`,
            position,
          },
        ]
      : [];
  });
}

function checkSignature(
  typescript: TypeScript,
  file: ParsedFile,
  kind: ComponentKind,
  method: ComponentMethodModel,
  member: ts.ClassElement,
): Misfit[] {
  const written = functionOf(typescript, member);
  if (written === undefined) {
    return [];
  }
  const [context, argument] = written.parameters;
  return [
    ...checkContext(typescript, file, kind, method, context?.type),
    ...(argument === undefined ? [] : checkArgument(typescript, file, kind, method, argument)),
    ...(written.type === undefined ? [] : checkResponse(typescript, file, method, written.type)),
  ];
}

/** Of a class whose service was of the other kind. */
function checkContext(
  typescript: TypeScript,
  file: ParsedFile,
  kind: ComponentKind,
  method: ComponentMethodModel,
  type: ts.TypeNode | undefined,
): Misfit[] {
  const [wanted, other] = [contextTypes[kind].type, contextTypes[otherKind(kind)].type];
  if (type === undefined || !isOfRuntime(typescript, file, type, other)) {
    return [];
  }
  const caller = kind === "HANDLER" ? "a client" : "another node";
  const message = `${method.localName} takes a ${other}, and ${whereIs(method)} is called by ${caller}: take a ${wanted}`;
  return [{ message, position: type.getStart(file.source) }];
}

function checkArgument(
  typescript: TypeScript,
  file: ParsedFile,
  kind: ComponentKind,
  method: ComponentMethodModel,
  argument: ts.ParameterDeclaration,
): Misfit[] {
  if (method.argument === undefined) {
    const isWanted = argument.questionToken === undefined && argument.initializer === undefined;
    const message = `${method.localName} takes ${argument.getText(file.source)}, and ${whereIs(method)} sends nothing (google.protobuf.Empty): take the ${contextTypes[kind].name} only`;
    return isWanted ? [{ message, position: argument.getStart(file.source) }] : [];
  }
  const wanted = method.argument.type;
  const other = argument.type && otherType(typescript, file, argument.type, wanted);
  const message = `${method.localName} takes ${other}, and ${whereIs(method)} sends ${wanted.name}: write ${wanted.name}`;
  return argument.type === undefined || other === undefined
    ? []
    : [{ message, position: argument.type.getStart(file.source) }];
}

function checkResponse(
  typescript: TypeScript,
  file: ParsedFile,
  method: ComponentMethodModel,
  type: ts.TypeNode,
): Misfit[] {
  const value = awaited(typescript, type);
  const other = otherType(typescript, file, value, method.response);
  const wanted = method.response?.name ?? "void";
  const empty = method.response === undefined ? " (google.protobuf.Empty)" : "";
  const message = `${method.localName} returns ${other}, and ${whereIs(method)} returns ${wanted}${empty}: return ${wanted}`;
  return other === undefined ? [] : [{ message, position: value.getStart(file.source) }];
}

function whereIs({ place }: ComponentMethodModel): string {
  return `the rpc at ${formatPlace(place)}`;
}

/** Whether a type is one that the runtime exports. */
function isOfRuntime(typescript: TypeScript, file: ParsedFile, type: ts.TypeNode, name: string): boolean {
  const reference = typescript.isTypeReferenceNode(type) ? referenceOf(typescript, file, type.typeName) : undefined;
  return reference?.module === "nanowire" && reference.name === name;
}

/** The function that a member is: a method with a body, or a property that holds a function. */
function functionOf(typescript: TypeScript, member: ts.ClassElement): ts.SignatureDeclaration | undefined {
  if (typescript.isMethodDeclaration(member)) {
    return member.body === undefined ? undefined : member;
  }
  const value = typescript.isPropertyDeclaration(member) ? member.initializer : undefined;
  return value !== undefined && (typescript.isArrowFunction(value) || typescript.isFunctionExpression(value))
    ? value
    : undefined;
}

/** `Promise<JoinResponse>` → `JoinResponse`. */
function awaited(typescript: TypeScript, type: ts.TypeNode): ts.TypeNode {
  if (typescript.isTypeReferenceNode(type) && typescript.isIdentifier(type.typeName)) {
    const [inner] = type.typeArguments ?? [];
    if (inner !== undefined && /^(Promise|PromiseLike|Awaitable)$/.test(type.typeName.text)) {
      return awaited(typescript, inner);
    }
  }
  return type;
}

/**
 * What a type is called when it is surely not the wanted one: another generated one, or one of the language's own. What else it may be
 * only the compiler knows.
 */
function otherType(
  typescript: TypeScript,
  file: ParsedFile,
  type: ts.TypeNode,
  wanted: TypeReference | undefined,
): string | undefined {
  const text = type.getText(file.source);
  if (typescript.isTypeReferenceNode(type)) {
    const reference: Reference | undefined = referenceOf(typescript, file, type.typeName);
    const isGenerated = reference !== undefined && reference.module !== "nanowire";
    const isWanted = reference?.module === wanted?.module && reference?.name === wanted?.name;
    return isGenerated && !isWanted ? text : undefined;
  }
  switch (type.kind) {
    case typescript.SyntaxKind.VoidKeyword:
    case typescript.SyntaxKind.UndefinedKeyword:
      return wanted === undefined ? undefined : text;
    case typescript.SyntaxKind.StringKeyword:
    case typescript.SyntaxKind.NumberKeyword:
    case typescript.SyntaxKind.BooleanKeyword:
    case typescript.SyntaxKind.BigIntKeyword:
      return text;
    default:
      return undefined;
  }
}
