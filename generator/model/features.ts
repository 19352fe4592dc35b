import { isFieldSet } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  Edition,
  type FeatureSet,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";

/**
 * How a field is written, whatever the syntax of its file: proto2, proto3 and the editions are three ways to say the
 * same few things.
 */
export interface FieldForm {
  /**
   * Of a field that is no list and no map. `implicit`: what is zero is not sent. `explicit`: what is absent and what is
   * zero are told apart. `required`: as `explicit`, and a message without it is not sent. Lists and maps are `implicit`.
   */
  readonly presence: "implicit" | "explicit" | "required";
  /** Of a list of numbers: whether they stand one after the other, without a tag before each. */
  readonly isPacked: boolean;
  /** Whether a message stands between two tags (a group), instead of after its length. */
  readonly isDelimited: boolean;
}

/** The features of editions that show in bytes, resolved. */
export interface Features {
  readonly presence: FieldForm["presence"];
  readonly isPacked: boolean;
  readonly isDelimited: boolean;
}

const proto2: Features = { presence: "explicit", isPacked: false, isDelimited: false };
const proto3: Features = { presence: "implicit", isPacked: true, isDelimited: false };
const editions: Features = { presence: "explicit", isPacked: true, isDelimited: false };

/** What holds in a file where nothing else is said. */
export function fileFeatures(file: FileDescriptorProto): Features {
  switch (file.syntax) {
    case "proto3":
      return proto3;
    case "editions":
      return laidOver(file.edition === Edition.EDITION_PROTO2 ? proto2 : editions, file.options?.features);
    default:
      return proto2;
  }
}

/** What holds in a message, given what holds around it. */
export function messageFeatures(message: DescriptorProto, outer: Features): Features {
  return laidOver(outer, message.options?.features);
}

/**
 * How a field is written.
 *
 * @param message the message that declares it
 * @param fullName the message's full name, with a dot before it
 * @param inherited what holds in that message
 */
export function fieldForm(
  field: FieldDescriptorProto,
  message: DescriptorProto,
  fullName: string,
  inherited: Features,
): FieldForm {
  const features = laidOver(inherited, field.options?.features);
  const isGroup = field.type === FieldDescriptorProto_Type.GROUP;
  const isMessage = isGroup || field.type === FieldDescriptorProto_Type.MESSAGE;
  // A map is written as a list of messages after their length, whatever the file says, and so are the messages in it.
  const isEntry = message.options?.mapEntry === true;
  const isMap = message.nestedType.some(
    ({ name, options }) => options?.mapEntry === true && field.typeName === `${fullName}.${name}`,
  );
  return {
    presence: isEntry ? "implicit" : presence(field, features, isMessage),
    isPacked:
      field.options !== undefined && isFieldSet(field.options, FieldOptionsSchema.field.packed)
        ? field.options.packed
        : features.isPacked,
    isDelimited: isGroup || (isMessage && features.isDelimited && !isEntry && !isMap),
  };
}

/** Whether a field is one of a oneof that was written as such: `optional` of proto3 makes one that was not. */
export function isInOneof(field: FieldDescriptorProto): boolean {
  return isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex) && !field.proto3Optional;
}

function presence(field: FieldDescriptorProto, features: Features, isMessage: boolean): FieldForm["presence"] {
  if (field.label === FieldDescriptorProto_Label.REPEATED) {
    return "implicit";
  }
  if (field.label === FieldDescriptorProto_Label.REQUIRED) {
    return "required";
  }
  if (field.proto3Optional || isInOneof(field)) {
    return "explicit";
  }
  return isMessage && features.presence === "implicit" ? "explicit" : features.presence;
}

function laidOver(outer: Features, said: FeatureSet | undefined): Features {
  if (said === undefined) {
    return outer;
  }
  return {
    presence: presences.get(said.fieldPresence) ?? outer.presence,
    isPacked: packings.get(said.repeatedFieldEncoding) ?? outer.isPacked,
    isDelimited: encodings.get(said.messageEncoding) ?? outer.isDelimited,
  };
}

const presences: ReadonlyMap<FeatureSet_FieldPresence, FieldForm["presence"]> = new Map([
  [FeatureSet_FieldPresence.EXPLICIT, "explicit"],
  [FeatureSet_FieldPresence.IMPLICIT, "implicit"],
  [FeatureSet_FieldPresence.LEGACY_REQUIRED, "required"],
]);
const packings: ReadonlyMap<FeatureSet_RepeatedFieldEncoding, boolean> = new Map([
  [FeatureSet_RepeatedFieldEncoding.PACKED, true],
  [FeatureSet_RepeatedFieldEncoding.EXPANDED, false],
]);
const encodings: ReadonlyMap<FeatureSet_MessageEncoding, boolean> = new Map([
  [FeatureSet_MessageEncoding.LENGTH_PREFIXED, false],
  [FeatureSet_MessageEncoding.DELIMITED, true],
]);
