import type { DescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";

/** Finds messages by their names, with a dot before each. */
export class MessageIndex {
  readonly #files: readonly FileDescriptorProto[];
  #messages: Map<string, DescriptorProto> | undefined;

  constructor(files: readonly FileDescriptorProto[]) {
    this.#files = files;
  }

  /** The message of a name, or undefined. All are looked at when the first is asked for: few projects ask. */
  get(name: string): DescriptorProto | undefined {
    if (this.#messages === undefined) {
      this.#messages = new Map();
      for (const file of this.#files) {
        this.#add(file.package === "" ? "" : `.${file.package}`, file.messageType, this.#messages);
      }
    }
    return this.#messages.get(name);
  }

  #add(prefix: string, messages: readonly DescriptorProto[], known: Map<string, DescriptorProto>): void {
    for (const message of messages) {
      const name = `${prefix}.${message.name}`;
      known.set(name, message);
      this.#add(name, message.nestedType, known);
    }
  }
}
