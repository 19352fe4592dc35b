import {
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromJson,
  type JsonValue,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { exampleJson } from "./example.js";
import { type FrameKind, type FramePart, frameParts } from "./frame.js";
import { walkTypes } from "./messages.js";
import type { Model } from "./model.js";
import { optional } from "./optional.js";
import type { ProtocolMethod, ProtocolService } from "./protocol.js";
import { inMessage, SourceIndex, type SourcePath } from "./source.js";

/** What the protocol's pages tell: plain data, with every example made. */
export interface DocsModel {
  readonly title: string;
  readonly dictVersion: string;
  readonly services: readonly DocsService[];
  /** By .proto file, and in the order of each; Google's own are left out. */
  readonly messages: readonly DocsMessage[];
  /** As `messages`. */
  readonly enums: readonly DocsEnum[];
}

/** A service and its methods. */
export interface DocsService extends Omit<ProtocolService, "methods"> {
  readonly methods: readonly DocsMethod[];
}

/** A method, and what goes over the wire when a client calls it. */
export interface DocsMethod extends ProtocolMethod {
  /** Examples of what goes between client and server; none of what goes between nodes. */
  readonly frames: readonly DocsFrame[];
}

/** An example of what goes over the wire. */
export interface DocsFrame {
  readonly kind: FrameKind;
  /** The full name of its message. */
  readonly type: string;
  readonly parts: readonly FramePart[];
  /** How many bytes the parts have together. */
  readonly bytes: number;
  /** The same message as JSON. */
  readonly json: JsonValue;
}

/** A message. */
export interface DocsMessage {
  /** `chat.v1.JoinRequest`. */
  readonly name: string;
  /** `chat/v1/room.proto`. */
  readonly proto: string;
  readonly comment: readonly string[];
  readonly deprecated: boolean;
  /** By number. */
  readonly fields: readonly DocsField[];
}

/** A field of a message. */
export interface DocsField {
  readonly name: string;
  readonly jsonName: string;
  readonly number: number;
  /** `string`, `chat.v1.User`, `map<string, chat.v1.User>`, with the type that it can be read about. */
  readonly type: DocsType;
  /** The oneof that it is one of. */
  readonly oneof?: string;
  readonly comment: readonly string[];
  readonly deprecated: boolean;
}

/** A field's type, in the parts of its text: `repeated ` + `chat.v1.User`. */
export interface DocsType {
  readonly before: string;
  readonly name: string;
  readonly after: string;
  /** Whether `name` is a message or an enum of these pages. */
  readonly isTold: boolean;
}

/** An enum. */
export interface DocsEnum {
  readonly name: string;
  readonly proto: string;
  readonly comment: readonly string[];
  readonly deprecated: boolean;
  readonly values: readonly DocsEnumValue[];
}

/** A value of an enum. */
export interface DocsEnumValue {
  readonly name: string;
  readonly number: number;
  readonly comment: readonly string[];
  readonly deprecated: boolean;
}

/** Field numbers of google.protobuf.EnumDescriptorProto. */
const inEnum = { value: 2 } as const;
/** google.protobuf.FeatureSet.FieldPresence. */
const presence = { explicit: 1, legacyRequired: 3 } as const;

/**
 * Makes the pages' model.
 *
 * @param descriptors every compiled file, imports first
 * @param registry the same, read
 */
export function buildDocs(
  model: Model,
  descriptors: readonly FileDescriptorProto[],
  registry: FileRegistry,
  title: string,
): DocsModel {
  const told = model.codecs.map(({ proto }) => proto).filter((name) => !name.startsWith("google/protobuf/"));
  const messages: DocsMessage[] = [];
  const enums: DocsEnum[] = [];
  const byName = new Map(descriptors.map((file) => [file.name, file]));
  for (const file of told.flatMap((name) => byName.get(name) ?? [])) {
    const source = new SourceIndex(file, file.name);
    walkTypes(file, (names, type, path) => {
      const name = [...(file.package === "" ? [] : [file.package]), ...names].join(".");
      const common = {
        name,
        proto: file.name,
        comment: source.comment(path),
        deprecated: type.options?.deprecated === true,
      };
      const descriptor = registry.getMessage(name);
      if (isEnum(type)) {
        enums.push({ ...common, values: enumValues(type, source, path) });
      } else if (descriptor !== undefined && type.options?.mapEntry !== true) {
        messages.push({ ...common, fields: messageFields(descriptor, type, source, path, told) });
      }
    });
  }
  const services = model.protocol.services.map((service) => ({
    ...service,
    methods: service.methods.map((method) => ({ ...method, frames: methodFrames(method, registry) })),
  }));
  return { title, dictVersion: model.protocol.dictVersion, services, messages, enums };
}

/** What nodes send each other is no matter of these pages: there is no frame of it. */
function methodFrames(method: ProtocolMethod, registry: FileRegistry): DocsFrame[] {
  const { kind, route, code } = method;
  if (kind === "call" || kind === "tell" || code === undefined) {
    return [];
  }
  const frame = (kind: FrameKind, type: string): DocsFrame[] => {
    const descriptor = registry.getMessage(type);
    if (descriptor === undefined) {
      return [];
    }
    const json = exampleJson(descriptor);
    const payload = toBinary(descriptor, fromJson(descriptor, json, { registry }));
    const parts = frameParts({ kind, route, code, type, payload });
    return [{ kind, type, parts, bytes: countBytes(parts), json }];
  };
  return [...frame(kind, method.request), ...(kind === "request" ? frame("response", method.response) : [])];
}

function countBytes(parts: readonly FramePart[]): number {
  return parts.reduce((count, { hex }) => count + (hex === "" ? 0 : hex.split(" ").length), 0);
}

function messageFields(
  message: DescMessage,
  type: DescriptorProto,
  source: SourceIndex,
  path: SourcePath,
  told: readonly string[],
): DocsField[] {
  const fields = [...message.fields].sort((a, b) => a.number - b.number);
  return fields.map((field) => ({
    name: field.name,
    jsonName: field.jsonName,
    number: field.number,
    type: typeText(field, told),
    ...optional("oneof", field.oneof?.name),
    comment: source.comment([...path, inMessage.field, type.field.findIndex(({ number }) => number === field.number)]),
    deprecated: field.proto.options?.deprecated === true,
  }));
}

function typeText(field: DescField, told: readonly string[]): DocsType {
  const { scalar, enum: enumType, message } = field;
  const named = enumType ?? message;
  const name = named?.typeName ?? (scalar === undefined ? "" : scalarName(scalar));
  const isTold = named !== undefined && told.includes(`${named.file.name}.proto`);
  if (field.fieldKind === "map") {
    return { before: `map<${scalarName(field.mapKey)}, `, name, after: ">", isTold };
  }
  return { before: labelOf(field), name, after: "", isTold };
}

function labelOf(field: DescField): string {
  if (field.fieldKind === "list") {
    return "repeated ";
  }
  if (field.presence === presence.legacyRequired) {
    return "required ";
  }
  // A message can always be absent; of the others it is worth a word.
  const isSaid = field.presence === presence.explicit && field.fieldKind !== "message" && field.oneof === undefined;
  return isSaid ? "optional " : "";
}

function scalarName(type: ScalarType): string {
  return (ScalarType[type] ?? "").toLowerCase();
}

function enumValues(type: EnumDescriptorProto, source: SourceIndex, path: SourcePath): DocsEnumValue[] {
  return type.value.map((value, index) => ({
    name: value.name,
    number: value.number,
    comment: source.comment([...path, inEnum.value, index]),
    deprecated: value.options?.deprecated === true,
  }));
}

function isEnum(type: DescriptorProto | EnumDescriptorProto): type is EnumDescriptorProto {
  return "value" in type;
}
