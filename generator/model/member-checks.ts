import type { DescriptorProto, EnumDescriptorProto } from "@bufbuild/protobuf/wkt";
import { formatPlace, type Problem } from "../error.js";
import { isInOneof } from "./features.js";
import { type TypeName, type TypeNames, walkTypes } from "./messages.js";
import type { SourceFile } from "./services.js";
import { inEnum, inField, inMessage, type SourceIndex, type SourcePath } from "./source.js";

/** Refuses fields, oneofs and values of enums that would get one name, or one that cannot be written. */
export function checkMembers({ descriptor, source }: SourceFile, typeNames: TypeNames, problems: Problem[]): void {
  const prefix = descriptor.package === "" ? "" : `.${descriptor.package}`;
  walkTypes(descriptor, (names, type, path) => {
    const name = typeNames.get(`${prefix}.${names.join(".")}`);
    if (name !== undefined) {
      const members = { source, path, typeName: name, protoName: names.join("."), problems };
      if ("field" in type) {
        checkMessage(type, members);
      } else {
        checkEnum(type, members);
      }
    }
  });
}

interface Members {
  readonly source: SourceIndex;
  readonly path: SourcePath;
  readonly typeName: TypeName;
  readonly protoName: string;
  readonly problems: Problem[];
}

function checkMessage(message: DescriptorProto, { source, path, typeName, protoName, problems }: Members): void {
  const properties = new FirstPlaces(`${protoName}: `, source, problems);
  const cases = new Map<number, FirstPlaces>();
  for (const [index, oneof] of message.oneofDecl.entries()) {
    const name = typeName.oneofs[index] ?? oneof.name;
    // The oneof of an `optional` is not a property.
    if (message.field.some((field) => isInOneof(field) && field.oneofIndex === index)) {
      const namePath = [...path, inMessage.oneof, index, inEnum.name];
      if (!/^[A-Za-z]/.test(name)) {
        problems.push({
          message: `the oneof ${oneof.name} would be generated as ${JSON.stringify(name)}: begin its name with a letter`,
          place: source.place(namePath),
        });
      }
      properties.take(name, oneof.name, namePath);
      cases.set(index, new FirstPlaces(`${protoName}.${oneof.name}: `, source, problems));
    }
  }
  for (const [index, field] of message.field.entries()) {
    const taken = isInOneof(field) ? cases.get(field.oneofIndex) : properties;
    taken?.take(typeName.fields[index] ?? field.name, field.name, [...path, inMessage.field, index, inEnum.name]);
  }
}

function checkEnum(type: EnumDescriptorProto, { source, path, typeName, protoName, problems }: Members): void {
  const values = new FirstPlaces(`${protoName}: `, source, problems);
  for (const [index, value] of type.value.entries()) {
    const name = typeName.values[index] ?? value.name;
    const namePath = [...path, inEnum.value, index, inEnum.name];
    if (name === "__proto__") {
      problems.push({
        message: `${value.name} cannot be the name of a value in the generated code: write another one`,
        place: source.place(namePath),
      });
    }
    values.take(name, value.name, namePath);
  }
}

/** Refuses types that take the name of a function of another type's codec: `createBaseRoom` of the message `Room`. */
export function checkHelpers({ descriptor, source }: SourceFile, typeNames: TypeNames, problems: Problem[]): void {
  const prefix = descriptor.package === "" ? "" : `.${descriptor.package}`;
  /** The functions, and the message that each belongs to. */
  const helpers = new Map<string, string>();
  const types: { readonly name: string; readonly original: string; readonly path: SourcePath }[] = [];
  walkTypes(descriptor, (names, type, path) => {
    const original = names.join(".");
    const namePath = [...path, inMessage.name];
    const name = typeNames.get(`${prefix}.${original}`)?.name ?? "";
    types.push({ name, original, path: namePath });
    if ("field" in type) {
      helpers.set(`createBase${name}`, original);
    }
    for (const [index, field] of "field" in type ? type.field.entries() : []) {
      const imported = field.typeName.startsWith(`${prefix}.`) ? undefined : typeNames.get(field.typeName);
      if (imported !== undefined) {
        const fieldPath = [...path, inMessage.field, index, inField.typeName];
        types.push({ name: imported.name, original: field.typeName.slice(1), path: fieldPath });
      }
    }
  });
  for (const { name, original, path } of types) {
    const other = helpers.get(name);
    if (other !== undefined) {
      problems.push({
        message: `${original} is called as a function that ${other} gets: rename one of them`,
        place: source.place(path),
      });
    }
  }
}

/**
 * Refuses a type called `Room1` in a file that knows two types called `Room`, its own and an imported one or two imported
 * ones: the codecs import one of them as `Room1`, or as `Room` with another number.
 */
export function checkImports({ descriptor, source }: SourceFile, typeNames: TypeNames, problems: Problem[]): void {
  const prefix = descriptor.package === "" ? "" : `.${descriptor.package}`;
  /** By name: the full names of the types that are called so in this file. */
  const known = new Map<string, Map<string, SourcePath>>();
  const add = (fullName: string, path: SourcePath): void => {
    const name = typeNames.get(fullName)?.name;
    if (name !== undefined) {
      known.set(name, (known.get(name) ?? new Map<string, SourcePath>()).set(fullName, path));
    }
  };
  walkTypes(descriptor, (names, type, path) => {
    add(`${prefix}.${names.join(".")}`, [...path, inMessage.name]);
    for (const [index, field] of "field" in type ? type.field.entries() : []) {
      if (field.typeName !== "" && !known.get(typeNames.get(field.typeName)?.name ?? "")?.has(field.typeName)) {
        add(field.typeName, [...path, inMessage.field, index, inField.typeName]);
      }
    }
  });
  for (const [name, types] of known) {
    const base = name.replace(/[1-9]\d*$/, "");
    const twins = base === name ? undefined : known.get(base);
    const [path] = types.values();
    if (twins !== undefined && twins.size > 1 && path !== undefined) {
      problems.push({
        message: `${[...twins.keys()].map((twin) => twin.slice(1)).join(" and ")} are both called ${base} here, and one of them may become ${name} in the generated code, as ${[...types.keys()].join(" and ").slice(1)} is: rename it`,
        place: source.place(path),
      });
    }
  }
}

/** Names that may be given once, and where each was given. */
class FirstPlaces {
  readonly #within: string;
  readonly #source: SourceIndex;
  readonly #problems: Problem[];
  readonly #first = new Map<string, { readonly original: string; readonly path: SourcePath }>();

  constructor(within: string, source: SourceIndex, problems: Problem[]) {
    this.#within = within;
    this.#source = source;
    this.#problems = problems;
  }

  take(name: string, original: string, path: SourcePath): void {
    const other = this.#first.get(name);
    if (other === undefined) {
      this.#first.set(name, { original, path });
    } else {
      this.#problems.push({
        message: `${this.#within}${original} and ${other.original} at ${formatPlace(this.#source.place(other.path))} are both generated as ${JSON.stringify(name)}: rename one of them`,
        place: this.#source.place(path),
      });
    }
  }
}
