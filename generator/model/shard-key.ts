import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
} from "@bufbuild/protobuf/wkt";
import type { Place, Problem } from "../error.js";
import { type Features, fieldForm, isInOneof } from "./features.js";
import { fieldDefault } from "./field-default.js";
import { keyAdvice, keyFault } from "./key-fields.js";
import type { IndexedMessage, TypeIndex } from "./type-index.js";
import { scalarName, wireTypeOf } from "./wire-types.js";

/** The field on whose value a gate chooses a node, and how its bytes are found. */
export interface ShardKeyDeclaration {
  /** As in the .proto: `match.id`. */
  readonly path: string;
  /** The fields of the path. */
  readonly steps: readonly ShardKeyStep[];
  /** `int32`, `string`, `enum` … */
  readonly type: string;
  /** What a request without the field has, as the runtime writes keys; undefined for what is zero or empty. */
  readonly default: string | undefined;
  /** The fields of the path that are there in JSON. */
  readonly jsonPath: readonly FieldDescriptorProto[];
  /** The full name of the enum, with a dot before it; undefined for another type. */
  readonly enumName: string | undefined;
}

/** A field of the path. */
export interface ShardKeyStep {
  /** What stands before it in the bytes. */
  readonly tag: number;
  /** The tags of the other fields of its oneof: one that comes takes its place. */
  readonly rivals: readonly number[];
}

/** What a shard key is read for. */
export interface ShardKeyContext {
  /** The full name of the request, with a dot before it; undefined for google.protobuf.Empty. */
  readonly request: string | undefined;
  readonly types: TypeIndex;
  /** Whose key it is: `chat.v1.Room.Join`. */
  readonly what: string;
  /** Where it is written. */
  readonly place: Place;
  /** How the method does without: "leave `shard_key` out". */
  readonly without: string;
}

const empty = ".google.protobuf.Empty";
const nullValue = ".google.protobuf.NullValue";

/** Google's messages that are a single value in JSON, which is that of their one field. */
const wrapper = /^\.google\.protobuf\.(?:Bool|Bytes|Double|Float|Int32|Int64|String|UInt32|UInt64)Value$/;
/** Google's messages whose fields JSON does not show. */
const opaque = /^\.google\.protobuf\.(?:Any|Duration|FieldMask|ListValue|Struct|Timestamp|Value)$/;

const wanted = "write a field that is a number without fractions, a string, a bool, an enum or bytes";

/**
 * Follows the path of a shard key.
 *
 * @param path not empty
 * @returns undefined for one that cannot be: that goes to `problems`
 */
export function readShardKey(
  path: string,
  { request = empty, types, what, place, without }: ShardKeyContext,
  problems: Problem[],
): ShardKeyDeclaration | undefined {
  const parts = path.split(".");
  const steps: ShardKeyStep[] = [];
  const jsonPath: FieldDescriptorProto[] = [];
  let owner = request;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const message = types.message(owner);
    const field = message?.descriptor.field.find(({ name }) => name === part);
    const fault = stepFault(field, message, { owner, path, before: parts.slice(0, index), isLast, types, without });
    if (field === undefined || message === undefined || fault !== undefined) {
      const subject =
        parts.length === 1
          ? `the shard key ${path} of ${what}`
          : `${part || '""'}, in the shard key ${path} of ${what},`;
      problems.push({ message: `${subject} ${fault ?? "is no field"}`, place });
      return undefined;
    }
    steps.push({ tag: tagOf(field, message, owner), rivals: rivalsOf(field, message, owner) });
    if (!wrapper.test(owner)) {
      jsonPath.push(field);
    }
    if (isLast) {
      return {
        path,
        steps,
        type: scalarName(field.type),
        default: fieldDefault(field, types),
        jsonPath,
        enumName: field.type === FieldDescriptorProto_Type.ENUM ? field.typeName : undefined,
      };
    }
    owner = field.typeName;
  }
  return undefined;
}

interface StepContext {
  readonly owner: string;
  readonly path: string;
  /** The parts of the path before this one. */
  readonly before: readonly string[];
  readonly isLast: boolean;
  readonly types: TypeIndex;
  readonly without: string;
}

/** Why a field cannot be a step of the path, or its end; and what to write instead. */
function stepFault(
  field: FieldDescriptorProto | undefined,
  message: IndexedMessage | undefined,
  { owner, path, before, isLast, types, without }: StepContext,
): string | undefined {
  const ownerName = owner.slice(1);
  const prefix = before.map((part) => `${part}.`).join("");
  if (opaque.test(owner)) {
    return `is a field of ${ownerName}, whose fields JSON does not show: ${wanted}, of a message of your own`;
  }
  if (field === undefined) {
    const known = keysIn(message?.descriptor, prefix);
    return `is no field of ${ownerName}: ${keyAdvice(known, without)}`;
  }
  const isMessage = isSingularMessage(field);
  if (!isLast) {
    return isMessage
      ? undefined
      : `is ${keyFault(field) ?? `of type ${scalarName(field.type)}`} in ${ownerName}, and has no fields: ${
          keyFault(field) === undefined ? `write ${prefix}${field.name}` : wanted
        }`;
  }
  if (field.typeName === nullValue) {
    return `is google.protobuf.NullValue in ${ownerName}, which has one value: ${wanted}`;
  }
  const fault = keyFault(field);
  if (fault === undefined) {
    return undefined;
  }
  const inside =
    isMessage && !opaque.test(field.typeName) ? keysIn(types.message(field.typeName)?.descriptor, `${path}.`) : [];
  return `is ${fault} in ${ownerName}: ${inside.length > 0 ? `write one of ${inside.join(", ")}` : wanted}`;
}

/** The fields of a message that could be keys. */
function keysIn(message: DescriptorProto | undefined, prefix: string): string[] {
  return (message?.field ?? [])
    .filter((field) => keyFault(field) === undefined && field.typeName !== nullValue)
    .map(({ name }) => `${prefix}${name}`);
}

function isSingularMessage({ type, label }: FieldDescriptorProto): boolean {
  return (
    (type === FieldDescriptorProto_Type.MESSAGE || type === FieldDescriptorProto_Type.GROUP) &&
    label !== FieldDescriptorProto_Label.REPEATED
  );
}

/** The other fields of the oneof that a field is in. */
function rivalsOf(field: FieldDescriptorProto, message: IndexedMessage, owner: string): number[] {
  return isInOneof(field)
    ? message.descriptor.field
        .filter((other) => other !== field && isInOneof(other) && other.oneofIndex === field.oneofIndex)
        .map((other) => tagOf(other, message, owner))
    : [];
}

/** Not by shifting: a tag may have 32 bits. */
function tagOf(
  field: FieldDescriptorProto,
  { descriptor, features }: { readonly descriptor: DescriptorProto; readonly features: Features },
  owner: string,
): number {
  const { isDelimited } = fieldForm(field, descriptor, owner, features);
  return field.number * 8 + wireTypeOf(field.type, isDelimited);
}
