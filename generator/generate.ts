import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Choices } from "./model/choices.js";
import type { ComponentModel } from "./model/components.js";
import type { TypeNames } from "./model/messages.js";
import { buildModel, type CodecFileModel, type Model, type ModelMemory } from "./model/model.js";
import { optional } from "./model/optional.js";
import type { RoutesLock } from "./model/routes-lock.js";
import type { TemplateTexts } from "./model/template-texts.js";
import { CodecPrinter } from "./print/codecs.js";
import type { HandlebarsModule } from "./print/template-compiler.js";
import { createPrinter, type Printer } from "./print/templates.js";
import { sayingWhatMisfits } from "./read/compiled-files.js";
import { decodeDescriptorSet } from "./read/descriptor-set.js";
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
  /** Codecs that are kept from one run to the next. Default: all are printed anew, with ts-proto. */
  readonly codecs?: CodecSource;
  /** What earlier runs have made of the files. Default: all is made anew. */
  readonly memory?: ModelMemory;
}

/** What gives message codecs. */
export interface CodecSource {
  /** What every message and enum is called in them. */
  typeNames(): TypeNames;
  /** The codecs of the given files: path → text. */
  print(files: readonly CodecFileModel[]): Map<string, string>;
}

/** What files are generated from. */
export interface GenerateInput extends ReadInput {
  readonly templates: TemplateTexts;
  readonly requireHandlebars: PeerRequire;
  /** A printer that is kept from one run to the next. Default: the templates are compiled anew. */
  readonly printer?: Printer;
}

/** A model, and what it was made of. */
export interface ReadModel {
  readonly model: Model;
  /** Tells what the components of the HANDLER services have to have. */
  readonly components: () => readonly ComponentModel[];
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
  const { codecs, ...read } = readAll(input);
  const files = sayingWhatMisfits(read.descriptors, () => print(read.model, codecs, input));
  return { ...read, files };
}

function print(model: Model, codecs: CodecSource, input: GenerateInput): Map<string, string> {
  const files = codecs.print(model.codecs);
  const printer = input.printer ?? loadPrinter(input.requireHandlebars, input.templates);
  for (const file of model.codecs) {
    if (file.jsonOutput !== undefined) {
      files.set(file.jsonOutput, printer.json(file));
    }
  }
  for (const file of model.services) {
    if (file.serverOutput !== undefined) {
      files.set(file.serverOutput, printer.server(file));
    }
    if (file.clientOutput !== undefined) {
      files.set(file.clientOutput, printer.client(file));
    }
  }
  files.set(model.dictionary.output, printer.routes(model.dictionary));
  return files;
}

/**
 * The first half of the path, for those who want to know and not to generate.
 *
 * @throws GeneratorError with everything that is wrong with the files
 */
export function readModel(input: ReadInput): ReadModel {
  const { codecs: _, ...read } = readAll(input);
  return read;
}

/** Loads Handlebars and compiles the templates. */
export function loadPrinter(requireHandlebars: PeerRequire, templates: TemplateTexts): Printer {
  const handlebars: HandlebarsModule = requireHandlebars("handlebars");
  return createPrinter(handlebars, templates);
}

function readAll(input: ReadInput): ReadModel & { readonly codecs: CodecSource } {
  const { compiled } = input;
  const descriptors = compiled instanceof Uint8Array ? decodeDescriptorSet(compiled) : compiled;
  return sayingWhatMisfits(descriptors, () => modelOf(descriptors, input));
}

function modelOf(
  descriptors: readonly FileDescriptorProto[],
  input: ReadInput,
): ReadModel & { readonly codecs: CodecSource } {
  const codecs: CodecSource = input.codecs ?? new CodecPrinter(input.requireTsProto, descriptors, input.choices);
  const { model, lock, components } = buildModel({
    files: descriptors,
    own: input.own,
    typeNames: codecs.typeNames(),
    lock: input.lock,
    lockFile: input.lockFile,
    choices: input.choices,
    sha256Hex,
    ...optional("memory", input.memory),
  });
  return { model, lock, components, descriptors, own: [...input.own.keys()], codecs };
}
