import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldOptions_JSType,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { type Choices, importSuffix } from "./choices.js";
import { type Features, fieldForm, fileFeatures, isInOneof, messageFeatures } from "./features.js";
import { type ImportModel, Imports } from "./imports.js";
import type { TypeNames } from "./messages.js";
import { Names } from "./names.js";
import { optional } from "./optional.js";
import { propertyKey } from "./property-key.js";

/** `room.json.ts`: how the messages of a .proto file are written as JSON, and read. */
export interface JsonFileModel {
  readonly imports: readonly ImportModel[];
  /** What the file calls `nanowire/json`. */
  readonly runtime: string;
  /** What the file calls the module of its messages. */
  readonly messages: string;
  readonly enums: readonly JsonEnumModel[];
  /** Nested ones too, outer ones first. */
  readonly types: readonly JsonMessageModel[];
}

/** An enum. */
export interface JsonEnumModel {
  readonly exportedName: string;
  /** `chat.v1.Color`. */
  readonly protoName: string;
  readonly values: readonly { readonly name: string; readonly number: number }[];
}

/** A message. */
export interface JsonMessageModel {
  readonly exportedName: string;
  /** `chat.v1.JoinRequest`. */
  readonly protoName: string;
  /** Of one of Google's that has a JSON of its own: what reads and writes it. */
  readonly known?: string;
  readonly fields: readonly JsonFieldModel[];
}

/** A property of a message. */
export interface JsonFieldModel {
  /** As it stands before a colon. */
  readonly localName: string;
  /** What of `nanowire/json` makes it. */
  readonly form: "field" | "optional" | "required" | "list" | "map" | "oneOf";
  /** `"name"`, or `["aName", "a_name"]` when it is another one in JSON than in the .proto; "" of a oneof. */
  readonly name: string;
  /** Of a map: what reads and writes its keys. */
  readonly key?: string;
  /** What reads and writes its values; "" of a oneof. */
  readonly type: string;
  /** Of a oneof: its fields, each with its `$case` as name. */
  readonly members: readonly { readonly localName: string; readonly name: string; readonly type: string }[];
}

/** Google's messages that are no message in TypeScript where they are a field, but a value. */
const valueTypes: ReadonlyMap<string, string> = new Map([
  [".google.protobuf.Timestamp", "timestamp"],
  [".google.protobuf.Struct", "struct"],
  [".google.protobuf.Value", "value"],
  [".google.protobuf.ListValue", "listValue"],
  [".google.protobuf.FieldMask", "fieldMask"],
  [".google.protobuf.DoubleValue", "double"],
  [".google.protobuf.FloatValue", "float"],
  [".google.protobuf.Int32Value", "int32"],
  [".google.protobuf.UInt32Value", "uint32"],
  [".google.protobuf.BoolValue", "bool"],
  [".google.protobuf.StringValue", "string"],
  [".google.protobuf.BytesValue", "bytes"],
]);
const longWrappers: ReadonlyMap<string, Long> = new Map([
  [".google.protobuf.Int64Value", "int64"],
  [".google.protobuf.UInt64Value", "uint64"],
]);
const nullValue = ".google.protobuf.NullValue";

/** Those that have a JSON of their own, as messages. */
const knownMessages: ReadonlyMap<string, string> = new Map([
  [".google.protobuf.FieldMask", "fieldMaskMessage"],
  [".google.protobuf.Struct", "structMessage"],
  [".google.protobuf.Value", "valueMessage"],
  [".google.protobuf.ListValue", "listValueMessage"],
]);
const knownTimes: ReadonlyMap<string, string> = new Map([
  [".google.protobuf.Timestamp", "timestampMessage"],
  [".google.protobuf.Duration", "durationMessage"],
]);

type Long = "int64" | "uint64";

const Type = FieldDescriptorProto_Type;
const scalars: ReadonlyMap<FieldDescriptorProto_Type, string> = new Map([
  [Type.DOUBLE, "double"],
  [Type.FLOAT, "float"],
  [Type.INT32, "int32"],
  [Type.SINT32, "int32"],
  [Type.SFIXED32, "int32"],
  [Type.UINT32, "uint32"],
  [Type.FIXED32, "uint32"],
  [Type.BOOL, "bool"],
  [Type.STRING, "string"],
  [Type.BYTES, "bytes"],
]);
const longs: ReadonlyMap<FieldDescriptorProto_Type, Long> = new Map([
  [Type.INT64, "int64"],
  [Type.SINT64, "int64"],
  [Type.SFIXED64, "int64"],
  [Type.UINT64, "uint64"],
  [Type.FIXED64, "uint64"],
]);

/**
 * Decides what stands in a `.json.ts`.
 *
 * @param module the file's output without its ending: `chat/v1/room`
 */
export function buildJsonFile(
  descriptor: FileDescriptorProto,
  module: string,
  typeNames: TypeNames,
  choices: Choices,
): JsonFileModel {
  return new JsonFileBuilder(module, typeNames, choices).build(descriptor);
}

/** What a field is called in JSON: `"name"`, or `["aName", "a_name"]` when that is another name than in the .proto. */
export function jsonName({ name, jsonName: inJson }: FieldDescriptorProto): string {
  return inJson === name ? JSON.stringify(name) : `[${JSON.stringify(inJson)}, ${JSON.stringify(name)}]`;
}

class JsonFileBuilder {
  readonly #module: string;
  readonly #typeNames: TypeNames;
  readonly #choices: Choices;
  readonly #names = new Names();
  readonly #imports: Imports;
  readonly #enums: JsonEnumModel[] = [];
  readonly #types: JsonMessageModel[] = [];
  #runtime = "";

  constructor(module: string, typeNames: TypeNames, choices: Choices) {
    this.#module = module;
    this.#typeNames = typeNames;
    this.#choices = choices;
    this.#imports = new Imports(this.#names, `${module}.json.ts`, importSuffix(choices));
  }

  build(file: FileDescriptorProto): JsonFileModel {
    const prefix = file.package === "" ? "" : `.${file.package}`;
    this.#takeExports(file, prefix);
    this.#runtime = this.#imports.namespace("nanowire/json", "json");
    const messages = this.#imports.messages(this.#module, "messages");
    for (const type of file.enumType) {
      this.#addEnum(type, prefix);
    }
    const features = fileFeatures(file);
    for (const message of file.messageType) {
      this.#addMessage(message, prefix, features);
    }
    return {
      imports: this.#imports.toModel(),
      runtime: this.#runtime,
      messages,
      enums: this.#enums,
      types: this.#types,
    };
  }

  /** What the file exports keeps its name; what it imports gives way. */
  #takeExports(file: FileDescriptorProto, prefix: string): void {
    const take = (fullName: string): void => {
      this.#names.take(this.#nameOf(fullName));
    };
    const takeMessage = (message: DescriptorProto, outer: string): void => {
      const fullName = `${outer}.${message.name}`;
      take(fullName);
      for (const nested of message.nestedType) {
        takeMessage(nested, fullName);
      }
      for (const nested of message.enumType) {
        take(`${fullName}.${nested.name}`);
      }
    };
    for (const message of file.messageType) {
      takeMessage(message, prefix);
    }
    for (const type of file.enumType) {
      take(`${prefix}.${type.name}`);
    }
  }

  #addEnum(type: EnumDescriptorProto, outer: string): void {
    const fullName = `${outer}.${type.name}`;
    this.#enums.push({
      exportedName: this.#nameOf(fullName),
      protoName: fullName.slice(1),
      values: type.value.map(({ name, number }) => ({ name, number })),
    });
  }

  #addMessage(message: DescriptorProto, outer: string, inherited: Features): void {
    const fullName = `${outer}.${message.name}`;
    // The entries of a map are part of the map.
    if (message.options?.mapEntry === true) {
      return;
    }
    const features = messageFeatures(message, inherited);
    const known = this.#knownMessage(fullName);
    this.#types.push({
      exportedName: this.#nameOf(fullName),
      protoName: fullName.slice(1),
      ...optional("known", known),
      fields: known === undefined ? this.#fields(message, fullName, features) : [],
    });
    for (const nested of message.nestedType) {
      this.#addMessage(nested, fullName, features);
    }
    for (const nested of message.enumType) {
      this.#addEnum(nested, fullName);
    }
  }

  #knownMessage(fullName: string): string | undefined {
    const known = knownMessages.get(fullName);
    if (known !== undefined) {
      return this.#ofRuntime(known);
    }
    const time = knownTimes.get(fullName);
    if (time !== undefined) {
      return `${this.#ofRuntime(time)}(${this.#long("int64", undefined)})`;
    }
    const isWrapper = longWrappers.has(fullName) || /^\.google\.protobuf\.\w+Value$/.test(fullName);
    return isWrapper ? `${this.#ofRuntime("wrapperMessage")}(${this.#valueType(fullName)})` : undefined;
  }

  #fields(message: DescriptorProto, fullName: string, features: Features): JsonFieldModel[] {
    const type = this.#typeNames.get(fullName);
    const written = new Set<number>();
    return message.field.flatMap((field, index): JsonFieldModel[] => {
      if (!isInOneof(field)) {
        return [this.#field(field, type?.fields[index] ?? field.name, message, fullName, features)];
      }
      if (written.has(field.oneofIndex)) {
        return [];
      }
      written.add(field.oneofIndex);
      const property = type?.oneofs[field.oneofIndex] ?? message.oneofDecl[field.oneofIndex]?.name ?? "";
      const members = message.field.flatMap((member, at) =>
        isInOneof(member) && member.oneofIndex === field.oneofIndex
          ? {
              localName: propertyKey(type?.fields[at] ?? member.name),
              name: jsonName(member),
              type: this.#type(member),
            }
          : [],
      );
      return [{ localName: propertyKey(property), form: "oneOf", name: "", type: "", members }];
    });
  }

  #field(
    field: FieldDescriptorProto,
    property: string,
    message: DescriptorProto,
    fullName: string,
    features: Features,
  ): JsonFieldModel {
    const model = { localName: propertyKey(property), name: jsonName(field), members: [] };
    if (field.label === FieldDescriptorProto_Label.REPEATED) {
      const [key, value] = mapEntry(field, message, fullName)?.field ?? [];
      return key === undefined || value === undefined
        ? { ...model, form: "list", type: this.#type(field) }
        : { ...model, form: "map", key: this.#type(key), type: this.#type(value) };
    }
    const { presence } = fieldForm(field, message, fullName, features);
    const form = { implicit: "field", explicit: "optional", required: "required" } as const;
    return { ...model, form: form[presence], type: this.#type(field) };
  }

  /** What reads and writes a field's values, each for itself. */
  #type(field: FieldDescriptorProto): string {
    const scalar = scalars.get(field.type);
    if (scalar !== undefined) {
      return this.#ofRuntime(scalar);
    }
    const long = longs.get(field.type);
    return long === undefined ? this.#valueType(field.typeName) : this.#long(long, field.options?.jstype);
  }

  #valueType(typeName: string): string {
    const long = longWrappers.get(typeName);
    if (long !== undefined) {
      return this.#long(long, undefined);
    }
    const known = typeName === nullValue ? "nullValue" : valueTypes.get(typeName);
    if (known !== undefined) {
      return this.#ofRuntime(known);
    }
    const type = this.#typeNames.get(typeName);
    if (type === undefined) {
      throw new Error(`${typeName} is not among the compiled types`);
    }
    return type.module === this.#module ? type.name : this.#imports.json(type);
  }

  #long(long: Long, jsType: FieldOptions_JSType | undefined): string {
    switch (jsType) {
      case FieldOptions_JSType.JS_STRING:
        return this.#ofRuntime(`${long}AsString`);
      case FieldOptions_JSType.JS_NUMBER:
        return this.#ofRuntime(`${long}AsNumber`);
      default:
        return this.#ofRuntime(
          { bigint: long, string: `${long}AsString`, number: `${long}AsNumber` }[this.#choices.int64],
        );
    }
  }

  #ofRuntime(name: string): string {
    return `${this.#runtime}.${name}`;
  }

  #nameOf(fullName: string): string {
    return this.#typeNames.get(fullName)?.name ?? "";
  }
}

function mapEntry(
  field: FieldDescriptorProto,
  message: DescriptorProto,
  fullName: string,
): DescriptorProto | undefined {
  return message.nestedType.find(
    ({ name, options }) => options?.mapEntry === true && field.typeName === `${fullName}.${name}`,
  );
}
