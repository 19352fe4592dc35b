import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { formatPlace, type Problem } from "../error.js";
import type { Kept } from "./kept.js";
import { isUsableTypeName } from "./names.js";
import type { SourceFile } from "./services.js";
import { inField, inMessage, type SourcePath } from "./source.js";

/** What the codec generator calls a message or an enum. */
export interface TypeName {
  /** The module that exports it: the .proto's name without its ending, `chat/v1/room`. */
  readonly module: string;
  /** The exported name: `JoinRequest`, or `Outer_Inner` for a nested one. */
  readonly name: string;
  /** Of a message: what the properties of its fields are called, in their order. One in a oneof is a `$case`. */
  readonly fields: readonly string[];
  /** Of a message: what the properties of its oneofs are called. */
  readonly oneofs: readonly string[];
  /** Of an enum: what its values are called. */
  readonly values: readonly string[];
}

/** By full name with a dot before it: `.chat.v1.JoinRequest`. */
export type TypeNames = ReadonlyMap<string, TypeName>;

/** nanowire's own file: its messages are options, and no codec is generated for them. */
export const ownProtoFile = "nanowire/options.proto";

const inFile = { message: 4, enum: 5 } as const;

/** Names that the codecs' own text uses, and that it would take a message of that name for. */
const codecNames: ReadonlySet<string> = new Set(
  "Array BigInt Map Math String Uint8Array globalThis MessageFns protobufPackage protobufFileName fromTimestamp toTimestamp end entry input length message object reader tag v value writer".split(
    " ",
  ),
);
const timestamp = { fullName: ".google.protobuf.Timestamp", name: "Timestamp" } as const;

/** What a file declares, and what its messages refer to: full names, with a dot before them. */
export interface DeclaredTypes {
  readonly names: readonly string[];
  readonly enums: ReadonlyMap<string, EnumDescriptorProto>;
  readonly references: ReadonlySet<string>;
}

/** Which files the messages of a file refer to. */
export class FileReferences {
  readonly #declared: ReadonlyMap<string, DeclaredTypes>;
  readonly #fileOfType = new Map<string, string>();

  constructor(files: readonly FileDescriptorProto[], kept: Kept<DeclaredTypes>) {
    this.#declared = new Map(files.map((file) => [file.name, kept.get(file, "", () => declaredTypes(file))]));
    for (const [file, { names }] of this.#declared) {
      for (const name of names) {
        this.#fileOfType.set(name, file);
      }
    }
  }

  /** The file that declares a message or enum, by its full name with a dot before it. */
  fileOf(typeName: string): string | undefined {
    return this.#fileOfType.get(typeName);
  }

  /** An enum, by its full name with a dot before it. */
  enumOf(typeName: string): EnumDescriptorProto | undefined {
    const file = this.#fileOfType.get(typeName);
    return file === undefined ? undefined : this.#declared.get(file)?.enums.get(typeName);
  }

  /** The given files and all that their messages' fields lead to. nanowire's own is left out. */
  closure(names: Iterable<string>): Set<string> {
    const reached = new Set<string>();
    const open = [...names];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name !== ownProtoFile && !reached.has(name)) {
        reached.add(name);
        for (const type of this.#declared.get(name)?.references ?? []) {
          open.push(this.#fileOfType.get(type) ?? name);
        }
      }
    }
    return reached;
  }
}

function declaredTypes(file: FileDescriptorProto): DeclaredTypes {
  const names: string[] = [];
  const enums = new Map<string, EnumDescriptorProto>();
  const references = new Set<string>();
  const prefix = file.package === "" ? "" : `.${file.package}`;
  walkTypes(file, (path, type) => {
    const fullName = `${prefix}.${path.join(".")}`;
    names.push(fullName);
    if ("value" in type) {
      enums.set(fullName, type);
      return;
    }
    for (const { typeName } of type.field) {
      if (typeName !== "") {
        references.add(typeName);
      }
    }
  });
  return { names, enums, references };
}

/** Refuses what no codec can be generated for: names that TypeScript or the file system cannot have, fields of nanowire's options. */
export function checkFile(
  file: SourceFile,
  references: FileReferences,
  typeNames: TypeNames,
  problems: Problem[],
): void {
  const { descriptor, source } = file;
  if (
    !/^[^\p{Cc}"'`\\:*?<>|]+$/u.test(descriptor.name) ||
    descriptor.name.indexOf(".proto") !== descriptor.name.length - ".proto".length
  ) {
    problems.push({
      message: `the file name ${JSON.stringify(descriptor.name)} cannot be that of a module: leave out quotes, backslashes and the like, and \`.proto\` but for the end`,
      place: source.place([]),
    });
  }
  checkTypes(file, references, typeNames, problems);
}

function checkTypes(
  { descriptor, source }: SourceFile,
  references: FileReferences,
  typeNames: TypeNames,
  problems: Problem[],
): void {
  /** Places are looked up for errors only: the most of a file's are never decoded. */
  const first = new Map<string, SourcePath>();
  const prefix = descriptor.package === "" ? "" : `.${descriptor.package}`;
  let usesTimestamp = false;
  const otherTimestamps: SourcePath[] = [];
  walkTypes(descriptor, (names, type, path) => {
    const fullName = `${prefix}.${names.join(".")}`;
    const name = typeNames.get(fullName)?.name ?? names.join("_");
    const namePath = [...path, inMessage.name];
    const other = first.get(name);
    if (!isUsableTypeName(name) || codecNames.has(name)) {
      problems.push({
        message: `${names.join(".")} cannot be the name of a type in the generated code: write another one`,
        place: source.place(namePath),
      });
    } else if (other !== undefined) {
      problems.push({
        message: `${names.join(".")} is generated as ${name}, as is the type at ${formatPlace(source.place(other))}: rename one of them`,
        place: source.place(namePath),
      });
    }
    first.set(name, other ?? namePath);
    if (name === timestamp.name && fullName !== timestamp.fullName) {
      otherTimestamps.push(namePath);
    }
    for (const [index, field] of "field" in type ? type.field.entries() : []) {
      const fieldPath = (): SourcePath => [...path, inMessage.field, index, inField.typeName];
      if (field.typeName !== "" && references.fileOf(field.typeName) === ownProtoFile) {
        problems.push({
          message: `${field.typeName.slice(1)} is for options only, and no code is generated for it: declare a message of your own`,
          place: source.place(fieldPath()),
        });
      }
      if (field.typeName === timestamp.fullName) {
        usesTimestamp = true;
      } else if (typeNames.get(field.typeName)?.name === timestamp.name) {
        otherTimestamps.push(fieldPath());
      }
    }
  });
  const [path] = otherTimestamps;
  if (usesTimestamp && path !== undefined) {
    problems.push({
      message: `a type called ${timestamp.name} and google.protobuf.Timestamp in one file would be taken for each other in the generated code: rename it, or use them in two files`,
      place: source.place(path),
    });
  }
}

/** Calls back with every message and enum of a file, nested ones and the entries of maps too. */
export function walkTypes(
  file: FileDescriptorProto,
  visit: (names: readonly string[], type: DescriptorProto | EnumDescriptorProto, path: SourcePath) => void,
): void {
  const walk = (message: DescriptorProto, outer: readonly string[], path: SourcePath): void => {
    const names = [...outer, message.name];
    visit(names, message, path);
    for (const [index, nested] of message.nestedType.entries()) {
      walk(nested, names, [...path, inMessage.nested, index]);
    }
    for (const [index, nested] of message.enumType.entries()) {
      visit([...names, nested.name], nested, [...path, inMessage.enum, index]);
    }
  };
  for (const [index, message] of file.messageType.entries()) {
    walk(message, [], [inFile.message, index]);
  }
  for (const [index, type] of file.enumType.entries()) {
    visit([type.name], type, [inFile.enum, index]);
  }
}
