import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Choices } from "./model/choices.js";
import { buildModel, type TemplateTexts } from "./model/model.js";
import type { RoutesLock } from "./model/routes-lock.js";
import { CodecPrinter } from "./print/codecs.js";
import { createPrinter, type HandlebarsModule } from "./print/templates.js";
import { sha256Hex } from "./read/hash.js";
import type { PeerRequire } from "./read/peers.js";

/** What files are generated from. */
export interface GenerateInput {
  /** Every compiled file, imports first: as bytes of a google.protobuf.FileDescriptorSet, or decoded. */
  readonly compiled: Uint8Array | readonly FileDescriptorProto[];
  /** The files to generate, by name, and the path at which the user knows each. */
  readonly own: ReadonlyMap<string, string>;
  readonly lock: RoutesLock;
  /** The lock's path relative to the working directory, with forward slashes. */
  readonly lockFile: string;
  readonly choices: Choices;
  readonly templates: TemplateTexts;
  readonly requireTsProto: PeerRequire;
  readonly requireHandlebars: PeerRequire;
}

/** What was generated; nothing is written yet. */
export interface Generated {
  /** Path in the folder of generated files, with forward slashes → text. */
  readonly files: ReadonlyMap<string, string>;
  /** The lock with the new routes, and the removed ones marked. */
  readonly lock: RoutesLock;
}

/**
 * The generator's path on one screen: compiled files → model → text. The command and the plugin both go through here,
 * so they cannot differ.
 *
 * @throws GeneratorError with everything that is wrong with the files
 */
export function generate(input: GenerateInput): Generated {
  const { descriptors, bytes } = bothForms(input.compiled);
  const codecPrinter = new CodecPrinter(input.requireTsProto, bytes, input.choices);
  const { model, lock } = buildModel({
    files: descriptors,
    own: input.own,
    typeNames: codecPrinter.typeNames(),
    lock: input.lock,
    lockFile: input.lockFile,
    choices: input.choices,
    sha256Hex,
  });

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
  return { files, lock };
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
