import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { CodecSource } from "./generate.js";
import { type Choices, defaultChoices } from "./model/choices.js";
import type { TypeName } from "./model/messages.js";
import type { CodecFileModel } from "./model/model.js";
import { CodecPrinter } from "./print/codecs.js";
import { sha256Hex } from "./read/hash.js";
import type { PeerRequire } from "./read/peers.js";

interface Printed {
  readonly key: string;
  readonly text: string;
}

/**
 * Keeps the codecs of files, and prints those anew that changed: a file's codecs are a function of its own text and of
 * the texts of all that it imports.
 */
export class CodecCache implements CodecSource {
  readonly #requireTsProto: PeerRequire;
  readonly #printed = new Map<string, Printed>();
  readonly #named = new Map<string, { readonly key: string; readonly types: readonly [string, TypeName][] }>();
  #choices = defaultChoices;
  #descriptors: ReadonlyMap<string, FileDescriptorProto> = new Map();
  /** File → hash of what is chosen, its text and those of all that it imports. */
  #keys: ReadonlyMap<string, string> = new Map();

  constructor(requireTsProto: PeerRequire) {
    this.#requireTsProto = requireTsProto;
  }

  /**
   * Takes the files as they are now.
   *
   * @param descriptors every file, those that it imports before it
   * @param sources the texts of the user's own; Google's never change
   */
  update(
    descriptors: ReadonlyMap<string, FileDescriptorProto>,
    sources: ReadonlyMap<string, { readonly bytes: Uint8Array }>,
    choices: Choices,
  ): void {
    const chosen = JSON.stringify(choices);
    const keys = new Map<string, string>();
    for (const { name, dependency } of descriptors.values()) {
      const source = sources.get(name);
      const own = source === undefined ? "" : sha256Hex(source.bytes);
      keys.set(
        name,
        sha256Hex([chosen, name, own, ...dependency.map((imported) => keys.get(imported) ?? "")].join("\n")),
      );
    }
    this.#choices = choices;
    this.#descriptors = descriptors;
    this.#keys = keys;
    for (const kept of [this.#printed, this.#named]) {
      for (const name of kept.keys()) {
        if (!keys.has(name)) {
          kept.delete(name);
        }
      }
    }
  }

  typeNames(): Map<string, TypeName> {
    const unnamed = [...this.#descriptors.keys()].filter((name) => this.#named.get(name)?.key !== this.#keys.get(name));
    if (unnamed.length > 0) {
      const byFile = new Map<string, [string, TypeName][]>(unnamed.map((name) => [name, []]));
      for (const [fullName, type] of this.#printerFor(unnamed).typeNames()) {
        byFile.get(`${type.module}.proto`)?.push([fullName, type]);
      }
      for (const name of unnamed) {
        this.#named.set(name, { key: this.#keys.get(name) ?? "", types: byFile.get(name) ?? [] });
      }
    }
    return new Map([...this.#named.values()].flatMap(({ types }) => types));
  }

  print(files: readonly CodecFileModel[]): Map<string, string> {
    const keyOf = ({ proto, output, packageName }: CodecFileModel): string =>
      JSON.stringify([this.#keys.get(proto), output, packageName]);
    const missing = files.filter((file) => this.#printed.get(file.proto)?.key !== keyOf(file));
    if (missing.length > 0) {
      const texts = this.#printerFor(missing.map(({ proto }) => proto)).print(missing);
      for (const file of missing) {
        this.#printed.set(file.proto, { key: keyOf(file), text: texts.get(file.output) ?? "" });
      }
    }
    return new Map(files.map(({ proto, output }) => [output, this.#printed.get(proto)?.text ?? ""]));
  }

  /** A printer that knows the given files and what they import. */
  #printerFor(names: readonly string[]): CodecPrinter {
    const needed = new Set<string>();
    const open = [...names];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (!needed.has(name)) {
        needed.add(name);
        open.push(...(this.#descriptors.get(name)?.dependency ?? []));
      }
    }
    const files = [...this.#descriptors.values()].filter(({ name }) => needed.has(name));
    return new CodecPrinter(this.#requireTsProto, files, this.#choices);
  }
}
