import type { DescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { type TypeNames, walkTypes } from "./messages.js";
import { lowerCamel, type Names } from "./names.js";
import { propertyKey } from "./property-key.js";

/** `const loginRequestRedaction: Redaction = { password: true, profile: () => profileRedaction };` */
export interface RedactionModel {
  readonly name: string;
  readonly entries: readonly RedactionEntryModel[];
}

/** A property that logs leave out, or of whose messages they leave something out. */
export interface RedactionEntryModel {
  /** As it stands before a colon. */
  readonly localName: string;
  /** The redaction of the message that it holds; absent when the property itself is left out. */
  readonly inner?: string;
}

/** Which fields of which messages bear `debug_redact`. */
export class Redactions {
  readonly #messages = new Map<string, DescriptorProto>();
  /** The messages that have such a field, or lead to one that has. */
  readonly #redacted = new Set<string>();
  readonly #typeNames: TypeNames;

  /** @param files every compiled file */
  constructor(files: readonly FileDescriptorProto[], typeNames: TypeNames) {
    this.#typeNames = typeNames;
    const holders = new Map<string, string[]>();
    const open: string[] = [];
    for (const file of files) {
      const prefix = file.package === "" ? "" : `.${file.package}`;
      walkTypes(file, (names, type) => {
        if (!("field" in type)) {
          return;
        }
        const fullName = `${prefix}.${names.join(".")}`;
        this.#messages.set(fullName, type);
        for (const { typeName, options } of type.field) {
          if (options?.debugRedact === true) {
            open.push(fullName);
          } else if (typeName !== "") {
            const known = holders.get(typeName);
            if (known === undefined) {
              holders.set(typeName, [fullName]);
            } else {
              known.push(fullName);
            }
          }
        }
      });
    }
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (!this.#redacted.has(name)) {
        this.#redacted.add(name);
        open.push(...(holders.get(name) ?? []));
      }
    }
  }

  /** The redactions of one file, made as its messages ask for them. */
  inFile(names: Names): FileRedactions {
    return new FileRedactions(this, names);
  }

  /** Whether logs leave something out of a message, by its full name with a dot before it. */
  has(typeName: string): boolean {
    return this.#redacted.has(typeName);
  }

  /** What a message's redaction is called where nothing else has that name. */
  nameOf(typeName: string): string {
    return `${lowerCamel(this.#typeNames.get(typeName)?.name ?? "message")}Redaction`;
  }

  /** @param nameOf the redaction of another message */
  entriesOf(typeName: string, nameOf: (typeName: string) => string): RedactionEntryModel[] {
    const properties = this.#typeNames.get(typeName)?.fields ?? [];
    return (this.#messages.get(typeName)?.field ?? []).flatMap((field, index) => {
      const localName = propertyKey(properties[index] ?? field.name);
      if (field.options?.debugRedact === true) {
        return [{ localName }];
      }
      const held = this.#valueType(field.typeName);
      return this.#redacted.has(held) ? [{ localName, inner: nameOf(held) }] : [];
    });
  }

  /** Of a map the message that its values are; else the message itself. */
  #valueType(typeName: string): string {
    const message = this.#messages.get(typeName);
    return message?.options?.mapEntry === true ? (message.field[1]?.typeName ?? "") : typeName;
  }
}

/** The redactions that stand in one file. */
export class FileRedactions {
  readonly #redactions: Redactions;
  readonly #names: Names;
  readonly #byType = new Map<string, { readonly name: string; entries: readonly RedactionEntryModel[] }>();

  constructor(redactions: Redactions, names: Names) {
    this.#redactions = redactions;
    this.#names = names;
  }

  /** The constant that tells what logs leave out of a message; undefined when that is nothing. */
  of(typeName: string): string | undefined {
    return this.#redactions.has(typeName) ? this.#nameOf(typeName) : undefined;
  }

  toModel(): RedactionModel[] {
    return [...this.#byType.values()];
  }

  #nameOf(typeName: string): string {
    const known = this.#byType.get(typeName);
    if (known !== undefined) {
      return known.name;
    }
    const redaction = {
      name: this.#names.claim(this.#redactions.nameOf(typeName)),
      entries: [] as readonly RedactionEntryModel[],
    };
    // Known before its fields are looked at: a message may hold its own kind.
    this.#byType.set(typeName, redaction);
    redaction.entries = this.#redactions.entriesOf(typeName, (inner) => this.#nameOf(inner));
    return redaction.name;
  }
}
