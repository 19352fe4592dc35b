import { FieldDescriptorProto_Type } from "@bufbuild/protobuf/wkt";

/** How a value lies on the wire: the low 3 bits of its tag (https://protobuf.dev/programming-guides/encoding/#structure). */
const wireTypes = { varint: 0, bit64: 1, lengthDelimited: 2, group: 3, bit32: 5 } as const;

const Type = FieldDescriptorProto_Type;

/** `int32`, `enum`, `message` …: a type as a .proto writes it. */
export function scalarName(type: FieldDescriptorProto_Type): string {
  return (Type[type] ?? "").toLowerCase();
}

/**
 * How a value of a type lies on the wire, by itself.
 *
 * @param isDelimited of a message: whether it stands between two tags
 */
export function wireTypeOf(type: FieldDescriptorProto_Type, isDelimited: boolean): number {
  switch (type) {
    case Type.DOUBLE:
    case Type.FIXED64:
    case Type.SFIXED64:
      return wireTypes.bit64;
    case Type.FLOAT:
    case Type.FIXED32:
    case Type.SFIXED32:
      return wireTypes.bit32;
    case Type.STRING:
    case Type.BYTES:
      return wireTypes.lengthDelimited;
    case Type.MESSAGE:
    case Type.GROUP:
      return isDelimited ? wireTypes.group : wireTypes.lengthDelimited;
    default:
      return wireTypes.varint;
  }
}
