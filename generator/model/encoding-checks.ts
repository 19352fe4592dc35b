import type { DescriptorProto, FieldDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Problem } from "../error.js";
import { type Features, fieldForm, fileFeatures, messageFeatures } from "./features.js";
import type { FileReferences } from "./messages.js";
import type { SourceFile } from "./services.js";
import { inField, inMessage, type SourceIndex, type SourcePath } from "./source.js";

/** Google's types that the codecs know as something else than a message (a Date, a string …), which is never delimited. */
const unwrapped: ReadonlySet<string> = new Set(
  "BoolValue BytesValue DoubleValue FieldMask FloatValue Int32Value Int64Value ListValue StringValue Struct Timestamp UInt32Value UInt64Value Value"
    .split(" ")
    .map((name) => `.google.protobuf.${name}`),
);
const messageSetField = 1;

/** Refuses fields whose bytes would come out wrong. */
export function checkEncoding(
  { descriptor, source }: SourceFile,
  references: FileReferences,
  problems: Problem[],
): void {
  const walk = (message: DescriptorProto, outer: string, features: Features, path: SourcePath): void => {
    const fullName = `${outer}.${message.name}`;
    const own = messageFeatures(message, features);
    if (message.options?.messageSetWireFormat === true) {
      problems.push({
        message: `${message.name} is a message set, and what is in it would be lost: write a message with \`bytes\` instead`,
        place: source.place([...path, inMessage.options, messageSetField]),
      });
    }
    for (const [index, field] of message.field.entries()) {
      const fieldPath = [...path, inMessage.field, index];
      checkField(field, fieldForm(field, message, fullName, own).isDelimited, fieldPath, source, problems);
      checkMap(field, message, fullName, references, fieldPath, source, problems);
    }
    for (const [index, nested] of message.nestedType.entries()) {
      walk(nested, fullName, own, [...path, inMessage.nested, index]);
    }
  };
  const prefix = descriptor.package === "" ? "" : `.${descriptor.package}`;
  for (const [index, message] of descriptor.messageType.entries()) {
    walk(message, prefix, fileFeatures(descriptor), [4, index]);
  }
}

function checkField(
  field: FieldDescriptorProto,
  isDelimited: boolean,
  path: SourcePath,
  source: SourceIndex,
  problems: Problem[],
): void {
  if (isDelimited && unwrapped.has(field.typeName)) {
    problems.push({
      message: `${field.name} is delimited, and ${field.typeName.slice(1)} would be written after its length: write \`[features.message_encoding = LENGTH_PREFIXED]\``,
      place: source.place([...path, inField.typeName]),
    });
  }
}

/** protoc refuses this; buf does not. Sides that do not know the same first value would read an absent one as two things. */
function checkMap(
  field: FieldDescriptorProto,
  message: DescriptorProto,
  fullName: string,
  references: FileReferences,
  path: SourcePath,
  source: SourceIndex,
  problems: Problem[],
): void {
  const entry = message.nestedType.find(
    ({ name, options }) => options?.mapEntry === true && field.typeName === `${fullName}.${name}`,
  );
  const value = references.enumOf(entry?.field[1]?.typeName ?? "");
  if (value !== undefined && value.value[0]?.number !== 0) {
    problems.push({
      message: `${field.name} is a map of ${value.name}, whose first value is not 0: write a value that is 0 before the others`,
      place: source.place([...path, inField.typeName]),
    });
  }
}
