import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Type,
  FieldOptions_JSType,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { type Features, type FieldForm, fieldForm, fileFeatures, messageFeatures } from "../model/features.js";

/** A google.protobuf.FileDescriptorProto as ts-proto decodes it, as far as it is changed. */
export interface LoweredFile {
  syntax?: string | undefined;
  edition?: number | undefined;
  readonly messageType: readonly LoweredMessage[];
  readonly enumType: readonly LoweredEnum[];
  readonly sourceCodeInfo: { location: LoweredLocation[] } | undefined;
}

interface LoweredMessage {
  readonly field: readonly LoweredField[];
  readonly nestedType: readonly LoweredMessage[];
  readonly enumType: readonly LoweredEnum[];
  readonly oneofDecl: object[];
  options?: object | undefined;
}

interface LoweredEnum {
  readonly value: readonly { options?: object | undefined }[];
  options?: object | undefined;
}

interface LoweredField {
  readonly name: string;
  label: number;
  type: number;
  /** Of a field in no oneof: 0, but not a property of its own. */
  oneofIndex: number;
  proto3Optional: boolean;
  defaultValue: string;
  options?: object | undefined;
}

interface LoweredLocation {
  readonly path: readonly number[];
  readonly span: readonly number[];
  leadingComments: string;
  trailingComments: string;
  readonly leadingDetachedComments: readonly string[];
}

/** What of a file no word of proto3 says. */
export interface LoweredFacts {
  /** The required fields, which have become optional ones. */
  readonly required: { readonly message: string; readonly field: string }[];
  /** The 64-bit fields that are no bigint in TypeScript. */
  readonly jsTyped: { readonly field: string; readonly number: number; readonly type: number }[];
}

/** Numbers of descriptor.proto. */
const label = { optional: 1, repeated: 3 } as const;
const type = { group: 10, message: 11 } as const;
const inFile = { message: 4, enum: 5 } as const;
const inMessage = { field: 2, nested: 3, enum: 4 } as const;

/**
 * Says in the words of proto3 what a file of proto2 or of an edition says, since ts-proto gets those right: each field
 * that tells zero from absent becomes `optional`, with a oneof of its own as protoc makes it; a list says whether it is
 * packed; a delimited message is a group. What no word of proto3 says goes into the comments: a field's default, and
 * that it is deprecated because what holds it is.
 *
 * @param file is changed
 * @param descriptor the same file
 */
export function lowerFile(file: LoweredFile, descriptor: FileDescriptorProto): LoweredFacts {
  const facts: LoweredFacts = { required: [], jsTyped: [] };
  const comments = new Comments(file);
  const isDeprecated = descriptor.options?.deprecated === true;
  const features = fileFeatures(descriptor);
  const prefix = descriptor.package === "" ? "" : `.${descriptor.package}`;
  for (const [index, message] of file.messageType.entries()) {
    const own = descriptor.messageType[index];
    if (own !== undefined) {
      const path = [inFile.message, index];
      lowerMessage(message, own, { fullName: prefix, path, features, isDeprecated, comments, facts });
    }
  }
  for (const [index, lowered] of file.enumType.entries()) {
    lowerEnum(lowered, descriptor.enumType[index], isDeprecated);
  }
  file.syntax = "proto3";
  file.edition = 0;
  return facts;
}

/** What a message is told by what holds it. */
interface Outer {
  readonly fullName: string;
  /** The path of the message. */
  readonly path: readonly number[];
  readonly features: Features;
  readonly isDeprecated: boolean;
  readonly comments: Comments;
  readonly facts: LoweredFacts;
}

function lowerMessage(message: LoweredMessage, descriptor: DescriptorProto, outer: Outer): void {
  const features = messageFeatures(descriptor, outer.features);
  const isDeprecated = outer.isDeprecated || descriptor.options?.deprecated === true;
  const fullName = `${outer.fullName}.${descriptor.name}`;
  if (isDeprecated) {
    message.options = { ...message.options, deprecated: true };
  }
  for (const [index, field] of message.field.entries()) {
    const own = descriptor.field[index];
    if (own === undefined) {
      continue;
    }
    const form = fieldForm(own, descriptor, fullName, features);
    lowerField(field, form, message);
    const path = [...outer.path, inMessage.field, index];
    if (own.defaultValue !== "") {
      outer.comments.add(path, `@defaultValue ${defaultText(own)}`);
    }
    if (own.options !== undefined && own.options.jstype !== FieldOptions_JSType.JS_NORMAL) {
      outer.facts.jsTyped.push({ field: own.name, number: own.number, type: own.type });
    }
    if (form.presence === "required") {
      outer.facts.required.push({ message: fullName, field: own.name });
      outer.comments.add(path, "Required: a message without it cannot be encoded.");
    }
    if (isDeprecated || own.options?.deprecated === true) {
      deprecateField(field, path, outer.comments);
    }
  }
  for (const [index, nested] of message.nestedType.entries()) {
    const own = descriptor.nestedType[index];
    if (own !== undefined) {
      const path = [...outer.path, inMessage.nested, index];
      lowerMessage(nested, own, { ...outer, fullName, path, features, isDeprecated });
    }
  }
  for (const [index, lowered] of message.enumType.entries()) {
    lowerEnum(lowered, descriptor.enumType[index], isDeprecated);
  }
}

function lowerField(field: LoweredField, form: FieldForm, message: LoweredMessage): void {
  const isMessage = field.type === type.group || field.type === type.message;
  if (isMessage) {
    field.type = form.isDelimited ? type.group : type.message;
  }
  if (field.label === label.repeated) {
    field.options = { ...field.options, packed: form.isPacked };
    return;
  }
  field.label = label.optional;
  field.defaultValue = "";
  if (form.presence !== "implicit" && !isMessage && !Object.hasOwn(field, "oneofIndex")) {
    field.proto3Optional = true;
    field.oneofIndex = message.oneofDecl.push({ name: `_${field.name}`, options: undefined }) - 1;
  }
}

/** ts-proto tells of a deprecated field, but not when it is one of a oneof. */
function deprecateField(field: LoweredField, path: readonly number[], comments: Comments): void {
  if (Object.hasOwn(field, "oneofIndex") && !field.proto3Optional) {
    comments.add(path, "@deprecated");
  } else {
    field.options = { ...field.options, deprecated: true };
  }
}

function defaultText({ type, defaultValue }: FieldDescriptorProto): string {
  return type === FieldDescriptorProto_Type.STRING ? JSON.stringify(defaultValue) : defaultValue;
}

function lowerEnum(lowered: LoweredEnum, descriptor: EnumDescriptorProto | undefined, isDeprecated: boolean): void {
  if (isDeprecated || descriptor?.options?.deprecated === true) {
    lowered.options = { ...lowered.options, deprecated: true };
    for (const value of lowered.value) {
      value.options = { ...value.options, deprecated: true };
    }
  }
}

/** The comments of a file, to which some are added. */
class Comments {
  readonly #file: LoweredFile;
  #byPath: Map<string, LoweredLocation> | undefined;

  constructor(file: LoweredFile) {
    this.#file = file;
  }

  /** Adds a line at the end of the comment of a thing. */
  add(path: readonly number[], line: string): void {
    const locations = this.#file.sourceCodeInfo?.location;
    this.#byPath ??= new Map(locations?.map((location) => [location.path.join("."), location]));
    const key = path.join(".");
    let location = this.#byPath.get(key);
    if (location === undefined) {
      // A thing without a comment: its place was left out.
      location = { path, span: [0, 0, 0], leadingComments: "", trailingComments: "", leadingDetachedComments: [] };
      this.#byPath.set(key, location);
      locations?.push(location);
    }
    // The trailing comment shows only where there is no leading one.
    const text = location.leadingComments || location.trailingComments;
    location.leadingComments = text.trim() === "" ? ` ${line}\n` : `${text.trimEnd()}\n\n ${line}\n`;
  }
}
