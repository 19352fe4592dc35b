import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import type { DescribedRoute } from "../../protocol/descriptors-file.js";
import type { Protocol } from "./protocol.js";

/** What is copied: the step that somebody has tried by hand. */
export interface Tried {
  readonly route: DescribedRoute;
  readonly request: JsonValue;
  /** What was answered; undefined: nothing, or an error. */
  readonly response: JsonValue | undefined;
}

/** A test that does the same, and wants the same answer. */
export function testSnippet(tried: Tried, protocol: Protocol): string {
  const call = callOf(tried, protocol, 1);
  if (call === undefined) {
    return noSnippet(tried.route.route);
  }
  const { service, client, path, expression } = call;
  const name = client.charAt(0).toLowerCase() + client.slice(1).replace(/Client$/, "");
  const expected =
    tried.response === undefined ? undefined : literalOf(protocol.typeOf(tried.route.response), tried.response, 2);
  const isAnswer = expected !== undefined && tried.route.response !== "google.protobuf.Empty";
  return `import assert from "node:assert/strict";
import test from "node:test";
import { startTestServer } from "nanowire/testing";
import { ${client} } from "../generated/${path}.client.js";
import { ${service} } from "./${kebab(service)}.js";

test(${JSON.stringify(tried.route.route)}, async () => {
  const server = await startTestServer({ components: [new ${service}()] });
  const { connection } = await server.connect();
  const ${name} = new ${client}(connection);
  ${isAnswer ? `assert.deepEqual(${awaited(tried, `${name}.${expression}`)}, ${expected});` : `${awaited(tried, `${name}.${expression}`)};`}
  await server.stop();
});
`;
}

/** A step of a bot's scenario. */
export function botSnippet(tried: Tried, protocol: Protocol): string {
  const call = callOf(tried, protocol, 0);
  if (call === undefined) {
    return noSnippet(tried.route.route);
  }
  const { client, path, expression } = call;
  const name = client.charAt(0).toLowerCase() + client.slice(1).replace(/Client$/, "");
  return `// import { ${client} } from "../generated/${path}.client.js";
// const ${name} = new ${client}(await bot.connect());
await bot.step(${JSON.stringify(tried.route.route)}, () => ${name}.${expression});
`;
}

/** The same, for \`nanowire repl\`. */
export function replSnippet({ route: { route, kind }, request }: Tried): string {
  return `${kind} ${route} ${JSON.stringify(request)}\n`;
}

function noSnippet(route: string): string {
  return `// ${route}: what it is generated as is not known, for its types are not\n`;
}

/** How the generated client is called: what it is, and where it lies. */
function callOf({ route: { route, request }, request: value }: Tried, protocol: Protocol, indent: number) {
  for (const file of protocol.book.registry.files) {
    for (const service of file.services) {
      const method = service.methods.find(({ name }) => route === `${service.name}.${name}`);
      if (method !== undefined) {
        const argument = request === "google.protobuf.Empty" ? "" : literalOf(method.input, value, indent);
        const expression = `${method.name.charAt(0).toLowerCase()}${method.name.slice(1)}(${argument})`;
        return { service: service.name, client: `${service.name}Client`, path: file.name, expression };
      }
    }
  }
  return undefined;
}

function awaited({ route: { kind } }: Tried, expression: string): string {
  return kind === "request" ? `await ${expression}` : expression;
}

/** A message as TypeScript has it that is generated: docs/generator.md tells how. */
function literalOf(type: DescMessage | undefined, value: JsonValue, indent: number): string {
  if (type === undefined) {
    return JSON.stringify(value);
  }
  if (type.typeName === "google.protobuf.Timestamp") {
    return `new Date(${JSON.stringify(value)})`;
  }
  if (type.typeName.startsWith("google.protobuf.")) {
    return JSON.stringify(value);
  }
  const given = Object(value) as Readonly<Record<string, JsonValue>>;
  const parts: string[] = [];
  for (const member of type.members) {
    if (member.kind === "oneof") {
      const set = member.fields.find(({ jsonName }) => given[jsonName] !== undefined);
      if (set !== undefined) {
        const inner = fieldLiteral(set, given[set.jsonName], indent);
        parts.push(`${member.localName}: { $case: ${JSON.stringify(set.jsonName)}, value: ${inner} }`);
      }
    } else {
      const present = given[member.jsonName] !== undefined;
      const isImplicit = member.fieldKind !== "message" && member.proto.proto3Optional !== true;
      if (present || isImplicit) {
        parts.push(`${member.jsonName}: ${fieldLiteral(member, given[member.jsonName], indent)}`);
      }
    }
  }
  const line = `{ ${parts.join(", ")} }`;
  const inset = "  ".repeat(indent);
  if (parts.length === 0) {
    return "{}";
  }
  return line.length < 80 ? line : `{\n${parts.map((part) => `${inset}  ${part},`).join("\n")}\n${inset}}`;
}

function fieldLiteral(field: DescField, value: JsonValue | undefined, indent: number): string {
  if (field.fieldKind === "list") {
    return `[${(Array.isArray(value) ? value : []).map((item) => oneLiteral(field, item, indent + 1)).join(", ")}]`;
  }
  if (field.fieldKind === "map") {
    const entries = Object.entries(Object(value) as Readonly<Record<string, JsonValue>>).map(
      ([key, inner]) => `[${keyLiteral(field.mapKey, key)}, ${oneLiteral(field, inner, indent + 1)}]`,
    );
    return entries.length === 0 ? "new Map()" : `new Map([${entries.join(", ")}])`;
  }
  return oneLiteral(field, value, indent + 1);
}

function oneLiteral(field: DescField, value: JsonValue | undefined, indent: number): string {
  if (field.message !== undefined) {
    return literalOf(field.message, value ?? {}, indent);
  }
  if (field.enum !== undefined) {
    const known =
      field.enum.values.find(({ name, number }) => name === value || number === value) ?? field.enum.values[0];
    return `${known?.number ?? 0} /* ${known?.name ?? ""} */`;
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      // What is secret is not to lie in a file.
      return JSON.stringify(field.proto.options?.debugRedact === true ? "…" : (value ?? ""));
    case ScalarType.BOOL:
      return String(value ?? false);
    case ScalarType.BYTES:
      return `Buffer.from(${JSON.stringify(value ?? "")}, "base64")`;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return `${String(value ?? 0)}n`;
    default:
      return String(value ?? 0);
  }
}

function keyLiteral(scalar: ScalarType, key: string): string {
  switch (scalar) {
    case ScalarType.STRING:
      return JSON.stringify(key);
    case ScalarType.BOOL:
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return key;
    default:
      return `${key}n`;
  }
}

/** `ChatRoom` → `chat-room`. */
function kebab(name: string): string {
  return name.replace(/(?<=[a-z0-9])([A-Z])/g, "-$1").toLowerCase();
}
