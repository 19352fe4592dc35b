import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { CodecCache } from "./codec-cache.js";
import { GeneratorError } from "./error.js";
import { type Generated, generate, loadPrinter } from "./generate.js";
import { type CodecFileModel, type DictionaryModel, ModelMemory, type ServiceFileModel } from "./model/model.js";
import type { RoutesLock } from "./model/routes-lock.js";
import type { TemplateTexts } from "./model/template-texts.js";
import type { Printer } from "./print/templates.js";
import { compileProtoFiles } from "./read/buf.js";
import type { Settings } from "./read/config.js";
import { decodeDescriptorSet } from "./read/descriptor-set.js";
import { type OwnPackage, readOwnOptions } from "./read/package-root.js";
import { findBufBinary, findPeers, type PeerRequire } from "./read/peers.js";
import type { ProtoFile } from "./read/proto-files.js";
import { type RulesProto, rulesProtoFrom } from "./read/rules-proto.js";

/**
 * Generates again and again, and does each time only what a change makes necessary: the changed files are compiled with those that
 * import them, and their codecs and stubs are printed. What comes out is what `generate` would make of all files.
 */
export class WarmGenerator {
  readonly #bufBinary: string;
  readonly #optionsProto: Uint8Array;
  readonly #rules: RulesProto;
  readonly #requireTsProto: PeerRequire;
  readonly #requireHandlebars: PeerRequire;
  #templates: TemplateTexts | undefined;
  #printer: Printer | undefined;
  readonly #codecs: CodecCache;
  readonly #memory = new ModelMemory();
  /** What was compiled last, and of which files. */
  #descriptors: ReadonlyMap<string, FileDescriptorProto> = new Map();
  #sources: ReadonlyMap<string, ProtoFile> = new Map();

  /** @throws GeneratorError when a package that the generator needs is missing */
  constructor(own: OwnPackage, directory: string) {
    const [requireBuf, requireTsProto, requireHandlebars] = findPeers(own, directory, [
      "@bufbuild/buf",
      "ts-proto",
      "handlebars",
    ]);
    this.#bufBinary = findBufBinary(requireBuf);
    this.#optionsProto = readOwnOptions(own);
    this.#rules = rulesProtoFrom(own, directory);
    this.#requireTsProto = requireTsProto;
    this.#requireHandlebars = requireHandlebars;
    this.#codecs = new CodecCache(requireTsProto);
  }

  /** @throws GeneratorError with everything that is wrong with the files; the next call goes on from the last good state */
  async generate(
    files: readonly ProtoFile[],
    settings: Settings,
    lock: RoutesLock,
    templates: TemplateTexts,
  ): Promise<Generated> {
    const descriptors = await this.#compile(files);
    this.#descriptors = descriptors;
    this.#sources = new Map(files.map((file) => [file.name, file]));
    this.#codecs.update(descriptors, this.#sources, settings.choices);
    return generate({
      compiled: [...descriptors.values()],
      own: new Map(files.map((file) => [file.name, file.path])),
      lock,
      lockFile: settings.lockFile,
      choices: settings.choices,
      templates,
      requireTsProto: this.#requireTsProto,
      requireHandlebars: this.#requireHandlebars,
      codecs: this.#codecs,
      printer: this.#printerOf(templates),
      memory: this.#memory,
    });
  }

  /** What is printed with other templates is forgotten. */
  #printerOf(templates: TemplateTexts): Printer {
    if (this.#printer === undefined || JSON.stringify(templates) !== JSON.stringify(this.#templates)) {
      this.#templates = templates;
      this.#printer = new RememberingPrinter(loadPrinter(this.#requireHandlebars, templates));
    }
    return this.#printer;
  }

  /** The descriptors of all files and of what they import, imports first. */
  async #compile(files: readonly ProtoFile[]): Promise<ReadonlyMap<string, FileDescriptorProto>> {
    const touched = this.#touchedFiles(files);
    if (touched.length === 0 && this.#sources.size > 0 && files.length === this.#sources.size) {
      return this.#descriptors;
    }
    if (touched.length * 2 < files.length) {
      const some = await this.#compileSome(files, touched);
      if (some !== undefined) {
        return some;
      }
    }
    return importsFirst(await this.#runBuf(files), files);
  }

  /** The files that changed, and those that import a file that changed or went, at any distance. */
  #touchedFiles(files: readonly ProtoFile[]): ProtoFile[] {
    const names = new Set(files.map(({ name }) => name));
    const touched = new Set<string>();
    for (const { name, bytes } of files) {
      const before = this.#sources.get(name);
      if (before === undefined || !Buffer.from(before.bytes).equals(bytes)) {
        touched.add(name);
      }
    }
    for (const name of this.#sources.keys()) {
      if (!names.has(name)) {
        touched.add(name);
      }
    }
    // Imports come first, so one walk reaches every file that depends on a touched one.
    for (const { name, dependency } of this.#descriptors.values()) {
      if (dependency.some((imported) => touched.has(imported))) {
        touched.add(name);
      }
    }
    return files.filter(({ name }) => touched.has(name));
  }

  /** Compiles some files with what they import; undefined when only compiling all of them can tell what is wrong. */
  async #compileSome(
    files: readonly ProtoFile[],
    touched: readonly ProtoFile[],
  ): Promise<ReadonlyMap<string, FileDescriptorProto> | undefined> {
    const byName = new Map(files.map((file) => [file.name, file]));
    const needed = new Map<string, ProtoFile>();
    const open = [...touched];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (!needed.has(file.name)) {
        needed.set(file.name, file);
        open.push(...importedNames(file.bytes).flatMap((name) => byName.get(name) ?? []));
      }
    }
    let compiled: readonly FileDescriptorProto[];
    try {
      compiled =
        needed.size === 0 ? [] : await this.#runBuf([...needed.values()].sort((a, b) => (a.name < b.name ? -1 : 1)));
    } catch (error) {
      if (error instanceof GeneratorError) {
        return undefined;
      }
      throw error;
    }
    const merged = new Map(this.#descriptors);
    const isTouched = new Set(touched.map(({ name }) => name));
    for (const file of compiled) {
      // What did not change stays the same object: by that it is known.
      if (isTouched.has(file.name) || !merged.has(file.name)) {
        merged.set(file.name, file);
      }
    }
    const all = importsFirst([...merged.values()], files);
    return declaresTwice(all) ? undefined : all;
  }

  async #runBuf(files: readonly ProtoFile[]): Promise<readonly FileDescriptorProto[]> {
    return decodeDescriptorSet(
      await compileProtoFiles(this.#bufBinary, files, this.#optionsProto, { rules: this.#rules }),
    );
  }
}

/** What was printed of a model. */
interface Printed<T> {
  /** The model that was last seen to be the same. */
  file: T;
  readonly key: string;
  readonly text: string;
}

/** Prints again only what is another one than the last time. */
class RememberingPrinter implements Printer {
  readonly #printer: Printer;
  readonly #servers = new Map<string, Printed<ServiceFileModel>>();
  readonly #clients = new Map<string, Printed<ServiceFileModel>>();
  readonly #jsons = new Map<string, Printed<CodecFileModel>>();

  constructor(printer: Printer) {
    this.#printer = printer;
  }

  server(file: ServiceFileModel): string {
    return remembered(this.#servers, file, () => this.#printer.server(file));
  }

  client(file: ServiceFileModel): string {
    return remembered(this.#clients, file, () => this.#printer.client(file));
  }

  json(file: CodecFileModel): string {
    return remembered(this.#jsons, file, () => this.#printer.json(file));
  }

  routes(dictionary: DictionaryModel): string {
    return this.#printer.routes(dictionary);
  }
}

function remembered<T extends { readonly proto: string }>(
  printed: Map<string, Printed<T>>,
  file: T,
  print: () => string,
): string {
  const known = printed.get(file.proto);
  if (known?.file === file) {
    return known.text;
  }
  const key = JSON.stringify(file);
  if (known?.key === key) {
    known.file = file;
    return known.text;
  }
  const text = print();
  printed.set(file.proto, { file, key, text });
  return text;
}

/** What a .proto file imports: rather too much (a comment may look so) than too little. */
function importedNames(bytes: Uint8Array): string[] {
  const text = new TextDecoder().decode(bytes);
  return [...text.matchAll(/\bimport\b[^;"']*["']([^"'\n]+)["']/g)].flatMap(([, name]) => name ?? []);
}

/** The given files and what they import, every file after those that it imports. */
function importsFirst(
  descriptors: readonly FileDescriptorProto[],
  files: readonly { readonly name: string }[],
): ReadonlyMap<string, FileDescriptorProto> {
  const byName = new Map(descriptors.map((file) => [file.name, file]));
  const sorted = new Map<string, FileDescriptorProto>();
  const add = (name: string): void => {
    const file = byName.get(name);
    if (file === undefined || sorted.has(name)) {
      return;
    }
    for (const imported of file.dependency) {
      add(imported);
    }
    sorted.set(name, file);
  };
  for (const { name } of files) {
    add(name);
  }
  return sorted;
}

/** Whether two files declare one name: compiled apart, they do not show it. */
function declaresTwice(files: ReadonlyMap<string, FileDescriptorProto>): boolean {
  const names = new Set<string>();
  for (const file of files.values()) {
    const declared = [
      ...file.messageType,
      ...file.enumType,
      ...file.enumType.flatMap(({ value }) => value),
      ...file.service,
      ...file.extension,
    ];
    for (const { name } of declared) {
      const fullName = `${file.package}.${name}`;
      if (names.has(fullName)) {
        return true;
      }
      names.add(fullName);
    }
  }
  return false;
}
