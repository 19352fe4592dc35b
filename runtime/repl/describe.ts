import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { NanowireError } from "../base/error.js";
import { noSuchName } from "../base/known-names.js";
import type { DescribedRoute } from "../protocol/descriptors-file.js";
import { emptyType, type ProtocolBook } from "./protocol-book.js";

/** A line for each route: its name, what it is for, its code where it has one, its types. */
export function routeLines(routes: readonly DescribedRoute[]): readonly string[] {
  const widths = [Math.max(0, ...routes.map(({ route }) => route.length)), "request".length];
  return routes.map(({ route, kind, request, response }) => {
    const answer = kind === "request" ? ` → ${shortName(response)}` : "";
    return `${route.padEnd(widths[0] as number)}  ${kind.padEnd(widths[1] as number)}  ${shortName(request)}${answer}`;
  });
}

/**
 * All that is known of a route or a type.
 *
 * @throws NanowireError `invalid_command` when there is no such thing
 */
export function describe(name: string, book: ProtocolBook): readonly string[] {
  const route = book.find(name);
  if (route !== undefined) {
    return describeRoute(route, book);
  }
  const type = book.registry.getMessage(name) ?? book.registry.getEnum(name);
  if (type === undefined) {
    const known = [...book.routes.map((one) => one.route), ...book.types.map(({ typeName }) => typeName)];
    throw new NanowireError("invalid_command", noSuchName(`route or type ${name}`, name, known));
  }
  return type.kind === "message" ? describeMessage(type) : describeEnum(type);
}

function describeRoute(entry: DescribedRoute, book: ProtocolBook): readonly string[] {
  const { kind, request, response, comment } = entry;
  const facts = [
    ...(entry.code === 0 ? [] : [`code ${entry.code}`]),
    ...(entry.boundOnly ? ["bound sessions only"] : []),
    ...(entry.deprecated ? ["deprecated"] : []),
  ];
  const types = new Set(kind === "request" ? [request, response] : [request]);
  return [
    [`${kind} ${entry.route}`, ...facts].join(", "),
    ...comment
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => `  ${line}`),
    `  ${shortName(request)}${kind === "request" ? ` → ${shortName(response)}` : ""}`,
    ...[...types].flatMap((type) => {
      const message = type === emptyType ? undefined : book.registry.getMessage(type);
      return message === undefined ? [] : describeMessage(message);
    }),
  ];
}

function describeMessage({ typeName, fields, proto }: DescMessage): readonly string[] {
  const width = Math.max(0, ...fields.map(({ jsonName }) => jsonName.length));
  return [
    `message ${typeName}${proto.options?.deprecated === true ? " (deprecated)" : ""}`,
    ...fields.map((field) => {
      const facts = [
        ...(field.oneof === undefined ? [] : [`one of ${field.oneof.name}`]),
        ...(field.proto.options?.deprecated === true ? ["deprecated"] : []),
      ];
      return `  ${field.jsonName.padEnd(width)}  ${[typeOf(field), ...facts].join(", ")}`;
    }),
  ];
}

function describeEnum({ typeName, values }: DescEnum): readonly string[] {
  return [`enum ${typeName}`, ...values.map(({ name, number }) => `  ${name} = ${number}`)];
}

function typeOf(field: DescField): string {
  const one = field.message?.typeName ?? field.enum?.typeName ?? scalarName(field.scalar);
  switch (field.fieldKind) {
    case "list":
      return `${one}[]`;
    case "map":
      return `map of ${scalarName(field.mapKey)} to ${one}`;
    default:
      return one;
  }
}

function scalarName(type: ScalarType | undefined): string {
  return type === undefined ? "?" : (ScalarType[type]?.toLowerCase() ?? String(type));
}

function shortName(type: string): string {
  return type === emptyType ? "(nothing)" : type;
}
