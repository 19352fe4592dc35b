import {
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
} from "@bufbuild/protobuf/wkt";

/** Why no field of this kind can be a key, whatever the key is for; undefined for one of another kind. */
export function keyFault(field: FieldDescriptorProto): string | undefined {
  if (field.label === FieldDescriptorProto_Label.REPEATED) {
    return "a list or a map";
  }
  switch (field.type) {
    case FieldDescriptorProto_Type.MESSAGE:
    case FieldDescriptorProto_Type.GROUP:
      return "a message";
    case FieldDescriptorProto_Type.DOUBLE:
    case FieldDescriptorProto_Type.FLOAT:
      return "a number with fractions";
    default:
      return undefined;
  }
}

/**
 * What to do about a key that is no field.
 *
 * @param known what could be written instead
 * @param without what is to be done when there is to be no key: "leave `key` out"
 */
export function keyAdvice(known: readonly string[], without: string): string {
  return known.length === 0 ? without : `write one of ${known.join(", ")}, or ${without}`;
}
