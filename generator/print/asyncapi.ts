import type { DescField, DescMessage, FileRegistry, JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { DocsMethod, DocsModel, DocsService } from "../model/docs.js";
import { exampleJson } from "../model/example.js";
import { optional } from "../model/optional.js";
import { compareText } from "../model/routes-lock.js";
import { methodKindText } from "./docs-words.js";
import { enumSchema, hasOwnSchema, messageSchema } from "./json-schema.js";
import { markdownComment } from "./markdown-text.js";
import { policyTexts } from "./policies.js";

/** The beginning of the document: what bears it is the generator's, to overwrite. */
export const asyncApiMark = '{\n  "asyncapi": "3.0.0",\n  "x-generated-by": "nanowire",\n';

/**
 * Prints the protocol as an AsyncAPI 3.0 document: JSON, which is YAML too. It is written from a client's point of view: what
 * it sends and what it receives, so what nodes send each other is left out. The payloads are protobuf's JSON.
 *
 * @param registry where the messages are looked up
 */
export function printAsyncApi(docs: DocsModel, registry: FileRegistry): string {
  const services = docs.services.filter(({ kind }) => kind !== "REMOTE");
  const methods = services.flatMap((service) => service.methods.map((method) => ({ service, method })));
  const spoken = methods.flatMap(({ method: { kind, request, response } }) =>
    kind === "request" ? [request, response] : [request],
  );
  const document = {
    asyncapi: "3.0.0",
    "x-generated-by": "nanowire",
    info: {
      title: docs.title,
      version: docs.dictVersion,
      description:
        "What a client sends and receives over a connection of nano's protocol. An address is a route; `x-code` is its code in the dictionary, whose hash is the version. " +
        "The payloads are those of a connection that chose JSON in its handshake; otherwise they are protobuf, of the message with the same name.",
    },
    defaultContentType: "application/json",
    servers: {
      ws: { host: "localhost:3250", protocol: "ws", description: "WebSocket. The host is an example." },
      tcp: { host: "localhost:3251", protocol: "tcp", description: "TCP. The host is an example." },
    },
    channels: object(methods.map(({ service, method }) => [idOf(service, method), channelOf(service, method)])),
    operations: object(methods.map(({ service, method }) => [idOf(service, method), operationOf(service, method)])),
    components: {
      messages: object([...new Set(spoken)].sort(compareText).map((name) => [name, messageOf(name, registry)])),
      schemas: object(schemasOf(docs, registry)),
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Routes may hold whatever they like; this is made of identifiers and dots, and no two methods have the same. */
function idOf(service: DocsService, method: DocsMethod): string {
  return `${service.name}.${method.name}`;
}

function channelOf(service: DocsService, method: DocsMethod): JsonObject {
  const answers = method.kind === "request" && method.response !== method.request;
  return {
    address: method.route,
    title: idOf(service, method),
    ...described(method.comment),
    messages: object([
      [method.request, reference("components", "messages", method.request)],
      ...(answers ? [[method.response, reference("components", "messages", method.response)] as const] : []),
    ]),
    ...optional("x-code", method.code),
  };
}

function operationOf(service: DocsService, method: DocsMethod): JsonObject {
  const id = idOf(service, method);
  const channel = reference("channels", id);
  const policies = policyTexts(method);
  return {
    action: method.direction === "client-to-server" ? "send" : "receive",
    channel,
    title: id,
    summary: `${method.kind}: ${methodKindText[method.kind]}${policies.map((policy) => `; ${policy}`).join("")}`,
    ...described(method.comment),
    tags: [{ name: service.name }, ...(method.deprecated || service.deprecated ? [{ name: "deprecated" }] : [])],
    messages: [reference("channels", id, "messages", method.request)],
    ...(method.kind === "request"
      ? { reply: { channel, messages: [reference("channels", id, "messages", method.response)] } }
      : {}),
    "x-kind": method.kind,
    "x-policies": {
      boundOnly: method.boundOnly,
      ...(method.rateLimit === undefined ? {} : { rateLimit: { ...method.rateLimit } }),
      ...(method.timeoutMs === undefined ? {} : { timeoutMs: method.timeoutMs }),
      ...(method.order === undefined ? {} : { order: method.order }),
      ...(method.maxPayloadBytes === undefined ? {} : { maxPayloadBytes: method.maxPayloadBytes }),
      ...(method.overload === undefined ? {} : { overload: { ...method.overload } }),
      ...(method.overflow === undefined ? {} : { overflow: { ...method.overflow } }),
      ...(method.shardKey === undefined ? {} : { shardKey: method.shardKey }),
    },
  };
}

function messageOf(name: string, registry: FileRegistry): JsonObject {
  const message = registry.getMessage(name);
  if (message === undefined) {
    return { name };
  }
  const payload = hasOwnSchema(message) ? reference("components", "schemas", name) : messageSchema(message, () => ({}));
  const example = exampleJson(message);
  // An example's payload is an object there; a message whose JSON is a text has none.
  const examples = isObject(example) ? { examples: [{ payload: example }] } : {};
  return { name, title: name, contentType: "application/json", payload, ...examples };
}

function schemasOf(docs: DocsModel, registry: FileRegistry): [string, JsonObject][] {
  const messages = docs.messages.flatMap(({ name, comment, deprecated, fields }): [string, JsonObject][] => {
    const descriptor: DescMessage | undefined = registry.getMessage(name);
    const describe = ({ number, oneof }: DescField): JsonObject => {
      const field = fields.find((candidate) => candidate.number === number);
      return {
        ...described(field?.comment ?? []),
        ...(field?.deprecated === true ? { deprecated: true } : {}),
        ...(oneof === undefined ? {} : { "x-oneof": oneof.name }),
      };
    };
    return descriptor === undefined
      ? []
      : [[name, { ...head(name, comment, deprecated), ...messageSchema(descriptor, describe) }]];
  });
  const enums = docs.enums.flatMap(({ name, comment, deprecated }): [string, JsonObject][] => {
    const descriptor = registry.getEnum(name);
    return descriptor === undefined ? [] : [[name, { ...head(name, comment, deprecated), ...enumSchema(descriptor) }]];
  });
  return [...messages, ...enums].sort(([a], [b]) => compareText(a, b));
}

function head(name: string, comment: readonly string[], deprecated: boolean): JsonObject {
  return { title: name, ...described(comment), ...(deprecated ? { deprecated } : {}) };
}

/** Descriptions are Markdown. */
function described(comment: readonly string[]): JsonObject {
  return comment.length === 0 ? {} : { description: markdownComment(comment) };
}

function reference(...path: readonly string[]): JsonObject {
  return { $ref: `#/${path.join("/")}` };
}

/** Not by assignment: a name may be `__proto__`. */
function object(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  return Object.fromEntries(entries);
}

function isObject(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
