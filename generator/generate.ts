import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Choices } from "./model/choices.js";
import { buildModel, type Model } from "./model/model.js";
import type { RoutesLock } from "./model/routes-lock.js";
import type { TemplateTexts } from "./model/template-texts.js";
import { CodecPrinter } from "./print/codecs.js";
import type { HandlebarsModule } from "./print/template-compiler.js";
import { createPrinter } from "./print/templates.js";
import { sha256Hex } from "./read/hash.js";
import type { PeerRequire } from "./read/peers.js";

/** What a model is made of. */
export interface ReadInput {
  /** Every compiled file, imports first: as bytes of a google.protobuf.FileDescriptorSet, or decoded. */
  readonly compiled: Uint8Array | readonly FileDescriptorProto[];
  /** The files to generate, by name, and the path at which the user knows each. */
  readonly own: ReadonlyMap<string, string>;
  readonly lock: RoutesLock;
  /** The lock's path relative to the working directory, with forward slashes. */
  readonly lockFile: string;
  readonly choices: Choices;
  readonly requireTsProto: PeerRequire;
}

/** What files are generated from. */
export interface GenerateInput extends ReadInput {
  readonly templates: TemplateTexts;
  readonly requireHandlebars: PeerRequire;
}

/** A model, and what it was made of. */
export interface ReadModel {
  readonly model: Model;
  /** The lock with the new routes, and the removed ones marked. */
  readonly lock: RoutesLock;
  /** Every compiled file, imports first. */
  readonly descriptors: readonly FileDescriptorProto[];
  /** The names of the project's own files. */
  readonly own: readonly string[];
}

/** What was generated; nothing is written yet. */
export interface Generated extends ReadModel {
  /** Path in the folder of generated files, with forward slashes → text. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * The generator's path on one screen: compiled files → model → text. The command and the plugin both go through here,
 * so they cannot differ.
 *
 * @throws GeneratorError with everything that is wrong with the files
 */
export function generate(input: GenerateInput): Generated {
  const { codecPrinter, ...read } = readAll(input);
  const { model } = read;
  const files = codecPrinter.print(model.codecs);
  const handlebars: HandlebarsModule = input.requireHandlebars("handlebars");
  const printer = createPrinter(handlebars, input.templates);
  for (const file of model.services) {
    if (file.serverOutput !== undefined) {
      files.set(file.serverOutput, printer.server(file));
    }
    if (file.clientOutput !== undefined) {
      files.set(file.clientOutput, printer.client(file));
    }
  }
  files.set(model.dictionary.output, printer.routes(model.dictionary));
  return { ...read, files };
}

/**
 * The first half of the path, for those who want to know and not to generate.
 *
 * @throws GeneratorError with everything that is wrong with the files
 */
export function readModel(input: ReadInput): ReadModel {
  const { codecPrinter: _, ...read } = readAll(input);
  return read;
}

function readAll(input: ReadInput): ReadModel & { readonly codecPrinter: CodecPrinter } {
  const { descriptors, bytes } = bothForms(input.compiled);
  const codecPrinter = new CodecPrinter(input.requireTsProto, bytes, descriptors, input.choices);
  const { model, lock } = buildModel({
    files: descriptors,
    own: input.own,
    typeNames: codecPrinter.typeNames(),
    lock: input.lock,
    lockFile: input.lockFile,
    choices: input.choices,
    sha256Hex,
  });
  return { model, lock, descriptors, own: [...input.own.keys()], codecPrinter };
}

/** The model is built of decoded descriptors; ts-proto decodes the bytes in its own way. */
function bothForms(compiled: GenerateInput["compiled"]): {
  descriptors: readonly FileDescriptorProto[];
  bytes: Uint8Array;
} {
  if (compiled instanceof Uint8Array) {
    const set: FileDescriptorSet = fromBinary(FileDescriptorSetSchema, compiled);
    return { descriptors: set.file, bytes: compiled };
  }
  const set = create(FileDescriptorSetSchema, { file: [...compiled] });
  return { descriptors: compiled, bytes: toBinary(FileDescriptorSetSchema, set) };
}
