import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import {
  type Features,
  type FieldForm,
  fieldForm,
  fileFeatures,
  isInOneof,
  messageFeatures,
} from "../model/features.js";
import { withoutDirectives } from "../model/source.js";
import { sourceLocations } from "../model/source-locations.js";

/** What ts-proto reads of a google.protobuf.FileDescriptorProto, in the form in which it decodes one itself. */
export interface LoweredFile {
  readonly name: string;
  readonly package: string;
  readonly syntax: "proto3";
  readonly edition: 0;
  readonly messageType: readonly LoweredMessage[];
  readonly enumType: readonly LoweredEnum[];
  /** None: it prints no services. */
  readonly service: readonly [];
  readonly options: Deprecation | undefined;
  readonly sourceCodeInfo: LoweredSourceInfo;
}

export interface LoweredMessage {
  readonly name: string;
  readonly field: readonly LoweredField[];
  readonly nestedType: readonly LoweredMessage[];
  readonly enumType: readonly LoweredEnum[];
  readonly oneofDecl: readonly { readonly name: string }[];
  readonly options: (Deprecation & { readonly mapEntry: boolean }) | undefined;
}

export interface LoweredEnum {
  readonly name: string;
  readonly value: readonly {
    readonly name: string;
    readonly number: number;
    readonly options: Deprecation | undefined;
  }[];
  readonly options: Deprecation | undefined;
}

export interface LoweredField {
  readonly name: string;
  readonly jsonName: string;
  readonly number: number;
  readonly label: number;
  readonly type: number;
  readonly typeName: string;
  /** Of a field in no oneof not even a property: it is looked for, and not at. */
  readonly oneofIndex?: number;
  readonly proto3Optional: boolean;
  readonly options: (Deprecation & { readonly packed: boolean; readonly jstype: number }) | undefined;
}

interface Deprecation {
  readonly deprecated: boolean;
}

interface LoweredSourceInfo {
  /** The places with a comment, one in ten. */
  readonly location: readonly LoweredLocation[];
}

/** The comments of a thing. */
export interface LoweredLocation {
  readonly path: readonly number[];
  leadingComments: string;
  trailingComments: string;
}

/** A file in the words of proto3, and what those do not say. */
export interface LoweredDescriptor {
  readonly file: LoweredFile;
  readonly facts: LoweredFacts;
}

/** What of a file no word of proto3 says. */
export interface LoweredFacts {
  /** The required fields, which have become optional ones. */
  readonly required: { readonly message: string; readonly field: string }[];
}

/** Numbers of descriptor.proto. */
const label = { optional: 1, repeated: 3 } as const;
const type = { group: 10, message: 11 } as const;
const inFile = { message: 4, enum: 5, service: 6 } as const;
const inMessage = { field: 2, nested: 3, enum: 4 } as const;

/**
 * Says in the words of proto3 what a file of proto2 or of an edition says, since ts-proto gets those right: each field
 * that tells zero from absent becomes `optional`, with a oneof of its own as protoc makes it; a list says whether it is
 * packed; a delimited message is a group. What no word of proto3 says goes into the comments: a field's default, and
 * that it is deprecated because what holds it is.
 */
export function lowerFile(descriptor: FileDescriptorProto): LoweredDescriptor {
  const facts: LoweredFacts = { required: [] };
  const comments = new Comments(descriptor);
  const isDeprecated = descriptor.options?.deprecated === true;
  const prefix = descriptor.package === "" ? "" : `.${descriptor.package}`;
  const inFileItself = { fullName: prefix, features: fileFeatures(descriptor), isDeprecated, comments, facts };
  const file: LoweredFile = {
    name: descriptor.name,
    package: descriptor.package,
    syntax: "proto3",
    edition: 0,
    messageType: descriptor.messageType.map((message, index) =>
      lowerMessage(message, { ...inFileItself, path: [inFile.message, index] }),
    ),
    enumType: descriptor.enumType.map((declared) => lowerEnum(declared, isDeprecated)),
    service: [],
    options: deprecation(isDeprecated),
    // When it is asked for: of a file that others import only, nobody asks.
    get sourceCodeInfo() {
      return comments.info();
    },
  };
  return { file, facts };
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

function lowerMessage(message: DescriptorProto, outer: Outer): LoweredMessage {
  const features = messageFeatures(message, outer.features);
  const isDeprecated = outer.isDeprecated || message.options?.deprecated === true;
  const fullName = `${outer.fullName}.${message.name}`;
  const oneofDecl = message.oneofDecl.map(({ name }) => ({ name }));
  const inside = { ...outer, fullName, features, isDeprecated };
  const field = message.field.map((own, index) => {
    const form = fieldForm(own, message, fullName, features);
    noteField(own, index, form, inside);
    return lowerField(own, form, isDeprecated, oneofDecl);
  });
  return {
    name: message.name,
    field,
    nestedType: message.nestedType.map((nested, index) =>
      lowerMessage(nested, { ...inside, path: [...outer.path, inMessage.nested, index] }),
    ),
    enumType: message.enumType.map((nested) => lowerEnum(nested, isDeprecated)),
    oneofDecl,
    options:
      isDeprecated || message.options !== undefined
        ? { deprecated: isDeprecated, mapEntry: message.options?.mapEntry === true }
        : undefined,
  };
}

/** @param oneofDecl the oneofs of its message: it may need one more */
function lowerField(
  field: FieldDescriptorProto,
  form: FieldForm,
  isInDeprecated: boolean,
  oneofDecl: { readonly name: string }[],
): LoweredField {
  const isMessage = field.type === FieldDescriptorProto_Type.GROUP || field.type === FieldDescriptorProto_Type.MESSAGE;
  const isRepeated = (field.label as number) === label.repeated;
  const isDeprecated = field.options?.deprecated === true || (isInDeprecated && !isInOneof(field));
  const lowered = {
    name: field.name,
    jsonName: field.jsonName,
    number: field.number,
    label: isRepeated ? label.repeated : label.optional,
    type: isMessage ? (form.isDelimited ? type.group : type.message) : field.type,
    typeName: field.typeName,
    proto3Optional: field.proto3Optional,
    options:
      isRepeated || isDeprecated || field.options !== undefined
        ? { packed: isRepeated && form.isPacked, jstype: field.options?.jstype ?? 0, deprecated: isDeprecated }
        : undefined,
  };
  if (Object.hasOwn(field, "oneofIndex")) {
    return { ...lowered, oneofIndex: field.oneofIndex };
  }
  return form.presence === "implicit" || isMessage
    ? lowered
    : { ...lowered, proto3Optional: true, oneofIndex: oneofDecl.push({ name: `_${field.name}` }) - 1 };
}

/** What of a field no word of proto3 says. */
function noteField(
  field: FieldDescriptorProto,
  index: number,
  form: FieldForm,
  { fullName, path: outerPath, isDeprecated, comments, facts }: Outer,
): void {
  const comment = (line: string): void => comments.add([...outerPath, inMessage.field, index], line);
  if (field.defaultValue !== "") {
    comment(`@defaultValue ${defaultText(field)}`);
  }
  if (form.presence === "required") {
    facts.required.push({ message: fullName, field: field.name });
    comment("Required: a message without it cannot be encoded.");
  }
  // ts-proto tells of a deprecated field, but not when it is one of a oneof.
  if (isInOneof(field) && (isDeprecated || field.options?.deprecated === true)) {
    comment("@deprecated");
  }
}

function defaultText({ type: fieldType, defaultValue }: FieldDescriptorProto): string {
  return fieldType === FieldDescriptorProto_Type.STRING ? JSON.stringify(defaultValue) : defaultValue;
}

function lowerEnum(declared: EnumDescriptorProto, isInDeprecated: boolean): LoweredEnum {
  const isDeprecated = isInDeprecated || declared.options?.deprecated === true;
  return {
    name: declared.name,
    value: declared.value.map(({ name, number, options }) => ({
      name,
      number,
      options: deprecation(isDeprecated || options?.deprecated === true),
    })),
    options: deprecation(isDeprecated),
  };
}

function deprecation(isDeprecated: boolean): Deprecation | undefined {
  return isDeprecated ? { deprecated: true } : undefined;
}

/** The comments of a file, to which some are added. */
class Comments {
  readonly #descriptor: FileDescriptorProto;
  readonly #added: { readonly path: readonly number[]; readonly line: string }[] = [];
  #info: LoweredSourceInfo | undefined;

  constructor(descriptor: FileDescriptorProto) {
    this.#descriptor = descriptor;
  }

  /** Adds a line at the end of the comment of a thing. */
  add(path: readonly number[], line: string): void {
    this.#added.push({ path, line });
  }

  /** All that have been added, and the file's own but for those of services. */
  info(): LoweredSourceInfo {
    this.#info ??= { location: this.#locations() };
    return this.#info;
  }

  #locations(): LoweredLocation[] {
    if (this.#descriptor.sourceCodeInfo === undefined) {
      return [];
    }
    const locations = sourceLocations(
      this.#descriptor,
      (field, hasComment) => hasComment && field !== inFile.service,
    ).map(({ path, leadingComments, trailingComments }) => ({ path, leadingComments, trailingComments }));
    this.#addTo(locations);
    for (const location of locations) {
      location.leadingComments = withoutDirectives(location.leadingComments);
      location.trailingComments = withoutDirectives(location.trailingComments);
    }
    return locations;
  }

  #addTo(locations: LoweredLocation[]): void {
    if (this.#added.length === 0) {
      return;
    }
    const byPath = new Map(locations.map((location) => [location.path.join("."), location]));
    for (const { path, line } of this.#added) {
      const key = path.join(".");
      let location = byPath.get(key);
      if (location === undefined) {
        location = { path, leadingComments: "", trailingComments: "" };
        byPath.set(key, location);
        locations.push(location);
      }
      // The trailing comment shows only where there is no leading one.
      const text = location.leadingComments || location.trailingComments;
      location.leadingComments = text.trim() === "" ? ` ${line}\n` : `${text.trimEnd()}\n\n ${line}\n`;
    }
  }
}
