import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { isInOneof } from "../model/features.js";

/**
 * The text of a .proto file of proto2 that declares options, made from its descriptor: its messages, enums and extensions. The options that it
 * bears itself are left out, which only its own implementations read, and with them defaults; maps, groups and services have no place in such a file.
 */
export function protoText(file: FileDescriptorProto): string {
  const lines = [
    'syntax = "proto2";',
    `package ${file.package};`,
    ...file.dependency.map((name) => `import "${name}";`),
    ...extensionLines(file.extension),
    ...file.messageType.flatMap(messageLines),
    ...file.enumType.flatMap(enumLines),
  ];
  return `${lines.join("\n")}\n`;
}

function messageLines(message: DescriptorProto): string[] {
  const members = message.oneofDecl.map((_, index) =>
    message.field.filter((field) => isInOneof(field) && field.oneofIndex === index),
  );
  return [
    `message ${message.name} {`,
    ...message.field.filter((field) => !isInOneof(field)).map((field) => fieldLine(field)),
    ...message.oneofDecl.flatMap(({ name }, index) => {
      const fields = members[index] ?? [];
      return fields.length === 0 ? [] : [`oneof ${name} {`, ...fields.map(memberLine), "}"];
    }),
    ...message.extensionRange.map(({ start, end }) => `extensions ${start} to ${end - 1};`),
    ...extensionLines(message.extension),
    ...message.nestedType.flatMap(messageLines),
    ...message.enumType.flatMap(enumLines),
    "}",
  ];
}

function enumLines({ name, value }: EnumDescriptorProto): string[] {
  return [`enum ${name} {`, ...value.map((item) => `${item.name} = ${item.number};`), "}"];
}

function extensionLines(fields: readonly FieldDescriptorProto[]): string[] {
  return fields.flatMap((field) => [`extend ${field.extendee} {`, fieldLine(field), "}"]);
}

function fieldLine(field: FieldDescriptorProto): string {
  const isPlain = field.label === Label.OPTIONAL;
  const label = field.label === Label.REPEATED ? "repeated " : isPlain ? "optional " : "required ";
  return `${label}${memberLine(field)}`;
}

function memberLine({ name, number, type, typeName }: FieldDescriptorProto): string {
  return `${typeName === "" ? Type[type].toLowerCase() : typeName} ${name} = ${number};`;
}
