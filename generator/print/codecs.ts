import { type Choices, importSuffix } from "../model/choices.js";
import type { TypeName } from "../model/messages.js";
import type { CodecFileModel } from "../model/model.js";
import { withoutDirectives } from "../model/source.js";
import { keepForCodecs } from "./codec-descriptors.js";
import { type CheckedMessage, checkIntegersOfJson } from "./exact-integers.js";
import { indentCode } from "./indent.js";
import { markOptionalFields } from "./presence.js";
import { loadTsProto, type RequireTsProto, type TsProto, type TsProtoFile, type TypeMapEntry } from "./ts-proto.js";

const commonOptions = [
  "esModuleInterop=true",
  "outputServices=none",
  "outputClientImpl=false",
  "outputPartialMethods=false",
  "useExactTypes=false",
  "enumsAsLiterals=true",
  "unrecognizedEnum=false",
  "removeEnumPrefix=true",
  "oneof=unions-value",
  "useMapType=true",
  "annotateFilesWithVersion=false",
  "useJsTypeOverride=true",
  // Options are no messages that anybody sends; without this they would bring descriptor.proto's 150 KB along.
  "Mnanowire/options.proto=nanowire",
];

/** ts-proto's options for the protobuf codecs, as a plugin's parameter. */
export function codecParameter(choices: Choices): string {
  return [...commonOptions, ...chosenOptions(choices), "outputJsonMethods=false"].join(",");
}

/** ts-proto's options for the JSON codecs: a file of their own, so that a client's bundle does not carry them. */
export function jsonCodecParameter(choices: Choices): string {
  const options = ["outputEncodeMethods=false", "outputJsonMethods=true", "fileSuffix=.json"];
  return [...commonOptions, ...chosenOptions(choices), ...options].join(",");
}

function chosenOptions(choices: Choices): string[] {
  return [`importSuffix=${importSuffix(choices)}`, `forceLong=${choices.int64}`];
}

/** Prints message codecs with ts-proto, in this process. */
export class CodecPrinter {
  readonly #tsProto: TsProto;
  readonly #choices: Choices;
  readonly #files: ReadonlyMap<string, TsProtoFile>;
  readonly #typeMap: Map<string, TypeMapEntry>;

  /**
   * @param requireTsProto requires modules of the ts-proto package
   * @param descriptorSet a google.protobuf.FileDescriptorSet with every file that the printed ones need
   */
  constructor(requireTsProto: RequireTsProto, descriptorSet: Uint8Array, choices: Choices) {
    this.#choices = choices;
    this.#tsProto = loadTsProto(requireTsProto);
    const { file: files } = this.#tsProto.FileDescriptorSet.decode(keepForCodecs(descriptorSet));
    for (const file of files) {
      // proto2 is what is said when nothing is said.
      if (file.syntax !== "proto3" && file.syntax !== "editions") {
        markOptionalFields(file.messageType);
      }
      if (file.sourceCodeInfo !== undefined) {
        for (const location of file.sourceCodeInfo.location) {
          location.leadingComments = withoutDirectives(location.leadingComments);
          location.trailingComments = withoutDirectives(location.trailingComments);
        }
      }
    }
    this.#files = new Map(files.map((file) => [file.name, file]));
    // The same for both kinds of codecs: no option that differs between them changes a name.
    this.#typeMap = this.#tsProto.createTypeMap(
      { protoFile: files },
      this.#tsProto.optionsFromParameter(codecParameter(choices)),
    );
  }

  /** What ts-proto calls every message and enum. */
  typeNames(): Map<string, TypeName> {
    return new Map([...this.#typeMap].map(([fullName, [module, name]]) => [fullName, { module, name }]));
  }

  /** Prints the codecs of the given files: path → text. */
  print(files: readonly CodecFileModel[]): Map<string, string> {
    const printed = new Map<string, string>();
    const protobuf = this.#printWith(codecParameter(this.#choices));
    const json = this.#printWith(jsonCodecParameter(this.#choices), (text, messages) =>
      checkIntegersOfJson(text, messages, this.#choices.int64),
    );
    for (const file of files) {
      printed.set(file.output, protobuf(file));
      if (file.jsonOutput !== undefined) {
        printed.set(file.jsonOutput, json(file));
      }
    }
    return printed;
  }

  /** @param finish what is done to the text, given the file's messages by the names of their codecs */
  #printWith(
    parameter: string,
    finish: (text: string, messages: ReadonlyMap<string, CheckedMessage>) => string = (text) => text,
  ): (file: CodecFileModel) => string {
    const tsProto = this.#tsProto;
    const typeMap = this.#typeMap;
    const options = tsProto.optionsFromParameter(parameter);
    const messagesOf = new Map<string, Map<string, CheckedMessage>>();
    for (const [module, name, descriptor] of typeMap.values()) {
      const messages = messagesOf.get(module) ?? new Map<string, CheckedMessage>();
      messagesOf.set(module, messages.set(name, descriptor));
    }
    // Nothing is imported of protobufjs, the one module whose imports ts-poet would look for through all of the code.
    const {
      forceDefaultImport: _default,
      forceModuleImport: _module,
      ...textOptions
    } = tsProto.getTsPoetOpts(options, "", "");
    return ({ proto, packageName }) => {
      const file = this.#files.get(proto);
      if (file === undefined) {
        throw new Error(`${proto} is not among the compiled files`);
      }
      // Helpers of its own for each file: printing one renames what it imports, which must not show in the next.
      const utils = tsProto.makeUtils(options);
      const currentFile = tsProto.createFileContext(file);
      const [path, code] = tsProto.generateFile({ typeMap, options, utils, currentFile }, file);
      const body = code.toString({ ...textOptions, path, prefix: "", format: false });
      const header = `// Generated by nanowire from ${proto} (${packageName === "" ? "no package" : `package ${packageName}`}). Do not edit.`;
      const noCheck = this.#choices.tsNocheck ? "// @ts-nocheck\n" : "";
      return `${header}\n\n/* eslint-disable */\n${noCheck}${indentCode(finish(body, messagesOf.get(proto.replace(/\.proto$/, "")) ?? new Map()))}`;
    };
  }
}
