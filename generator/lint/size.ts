import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import type { Bounds } from "./directives.js";

/** What the size of a message is estimated from. */
export interface SizeSource {
  /** A message by its full name with a dot before it. */
  readonly message: (typeName: string) => DescriptorProto | undefined;
  /** What the comment of a field says that it holds at most. */
  readonly bounds: (message: DescriptorProto, field: FieldDescriptorProto) => Bounds | undefined;
}

/** The size of a message, and what of it each field takes. */
export interface Size {
  readonly bytes: number;
  readonly fields: readonly { readonly name: string; readonly bytes: number }[];
}

/** What is taken where nothing is said. docs/lint.md says the same. */
export const usual = { items: 10, stringBytes: 16, bytesBytes: 64 } as const;
/** Before every push: 4 bytes of the packet, 3 of the message with a route's code. */
export const headerBytes = 7;

const scalarBytes: Partial<Record<Type, number>> = {
  [Type.BOOL]: 1,
  [Type.ENUM]: 1,
  [Type.INT32]: 2,
  [Type.UINT32]: 2,
  [Type.SINT32]: 2,
  [Type.FIXED32]: 4,
  [Type.SFIXED32]: 4,
  [Type.FLOAT]: 4,
  [Type.INT64]: 5,
  [Type.UINT64]: 5,
  [Type.SINT64]: 5,
  [Type.FIXED64]: 8,
  [Type.SFIXED64]: 8,
  [Type.DOUBLE]: 8,
};

/**
 * Estimates how many bytes a message takes with every field set: what its comments allow at most where they say so, and the usual
 * where they do not. Of a oneof the largest field counts; a message inside itself counts once.
 */
export function estimateSize(typeName: string, source: SizeSource, above: ReadonlySet<string> = new Set()): Size {
  const message = source.message(typeName);
  if (message === undefined || above.has(typeName)) {
    return { bytes: 0, fields: [] };
  }
  const inside = new Set(above).add(typeName);
  const fields = message.field.map((field) => ({
    name: field.name,
    bytes: fieldBytes(message, field, source, inside),
    oneof: field.proto3Optional || !hasOneof(field) ? undefined : field.oneofIndex,
  }));
  const alone = fields.filter(({ oneof }) => oneof === undefined);
  const oneofs = message.oneofDecl.map((_, index) =>
    Math.max(0, ...fields.filter(({ oneof }) => oneof === index).map(({ bytes }) => bytes)),
  );
  return { bytes: sum(alone.map(({ bytes }) => bytes)) + sum(oneofs), fields };
}

/** Whether a field stands in a oneof: index 0 is also what is there when nothing is said. */
function hasOneof(field: FieldDescriptorProto): boolean {
  return Object.hasOwn(field, "oneofIndex");
}

function fieldBytes(
  message: DescriptorProto,
  field: FieldDescriptorProto,
  source: SizeSource,
  above: ReadonlySet<string>,
): number {
  const bounds = source.bounds(message, field);
  const isRepeated = field.label === FieldDescriptorProto_Label.REPEATED;
  const each = isRepeated ? bounds?.each : bounds?.most;
  const tag = varintBytes(field.number << 3);
  const items = isRepeated ? (bounds?.most ?? usual.items) : 1;
  const scalar = scalarBytes[field.type];
  if (scalar !== undefined) {
    return isRepeated ? withLength(tag, items * scalar) : tag + scalar;
  }
  const bytes =
    field.type === Type.STRING
      ? (each ?? usual.stringBytes)
      : field.type === Type.BYTES
        ? (each ?? usual.bytesBytes)
        : estimateSize(field.typeName, source, above).bytes;
  return items * withLength(tag, bytes);
}

function withLength(tag: number, bytes: number): number {
  return tag + varintBytes(bytes) + bytes;
}

function varintBytes(value: number): number {
  return Math.max(1, Math.ceil((32 - Math.clz32(value)) / 7));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
