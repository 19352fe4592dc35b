import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { type Features, fileFeatures, messageFeatures } from "./features.js";

/** A message, and what holds in it. */
export interface IndexedMessage {
  readonly descriptor: DescriptorProto;
  readonly features: Features;
}

/** Finds messages and enums by their names, with a dot before each. */
export class TypeIndex {
  readonly #files: readonly FileDescriptorProto[];
  readonly #messages = new Map<string, IndexedMessage>();
  readonly #enums = new Map<string, EnumDescriptorProto>();
  #isRead = false;

  constructor(files: readonly FileDescriptorProto[]) {
    this.#files = files;
  }

  /** The message of a name, or undefined. */
  message(name: string): IndexedMessage | undefined {
    this.#read();
    return this.#messages.get(name);
  }

  /** The enum of a name, or undefined. */
  enum(name: string): EnumDescriptorProto | undefined {
    this.#read();
    return this.#enums.get(name);
  }

  /** All are looked at when the first is asked for: of a project that has not changed, none is. */
  #read(): void {
    if (this.#isRead) {
      return;
    }
    this.#isRead = true;
    for (const file of this.#files) {
      const prefix = file.package === "" ? "" : `.${file.package}`;
      this.#add(prefix, file.messageType, file.enumType, fileFeatures(file));
    }
  }

  #add(
    prefix: string,
    messages: readonly DescriptorProto[],
    enums: readonly EnumDescriptorProto[],
    outer: Features,
  ): void {
    for (const descriptor of messages) {
      const name = `${prefix}.${descriptor.name}`;
      const features = messageFeatures(descriptor, outer);
      this.#messages.set(name, { descriptor, features });
      this.#add(name, descriptor.nestedType, descriptor.enumType, features);
    }
    for (const type of enums) {
      this.#enums.set(`${prefix}.${type.name}`, type);
    }
  }
}
