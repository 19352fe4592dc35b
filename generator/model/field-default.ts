import { isFieldSet } from "@bufbuild/protobuf";
import {
  type FieldDescriptorProto,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import type { TypeIndex } from "./type-index.js";

/**
 * What a field is when it is not there, as the runtime writes a shard key: a number in digits, `true` or `false`, a text as it is, bytes in
 * hex.
 *
 * @param field not a message, and no number with fractions
 * @returns undefined where that is zero or empty
 */
export function fieldDefault(field: FieldDescriptorProto, types: TypeIndex): string | undefined {
  const said = isFieldSet(field, FieldDescriptorProtoSchema.field.defaultValue) ? field.defaultValue : undefined;
  switch (field.type) {
    case FieldDescriptorProto_Type.ENUM: {
      const values = types.enum(field.typeName)?.value ?? [];
      // Of an enum of proto2 the first value may be another one than 0.
      const value = said === undefined ? values[0] : values.find(({ name }) => name === said);
      return value === undefined || value.number === 0 ? undefined : String(value.number);
    }
    case FieldDescriptorProto_Type.BOOL:
      return said === "true" ? said : undefined;
    case FieldDescriptorProto_Type.STRING:
      return said || undefined;
    case FieldDescriptorProto_Type.BYTES:
      return said ? unescapeBytes(said) : undefined;
    default:
      return said === undefined || BigInt(said) === 0n ? undefined : String(BigInt(said));
  }
}

const escapes = /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|(.))/gs;
const control: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** The default of a `bytes` field stands in its descriptor as C would write it, all in ASCII. In hex. */
function unescapeBytes(text: string): string {
  const characters = text.replace(escapes, (_, octal?: string, hex?: string, letter = "") =>
    String.fromCharCode(
      octal !== undefined
        ? Number.parseInt(octal, 8)
        : hex !== undefined
          ? Number.parseInt(hex, 16)
          : (control[letter] ?? letter.charCodeAt(0)),
    ),
  );
  return [...characters].map((character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}
