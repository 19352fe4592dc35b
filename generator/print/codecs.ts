import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { type Choices, importSuffix } from "../model/choices.js";
import type { TypeName } from "../model/messages.js";
import type { CodecFileModel } from "../model/model.js";
import { withoutDirectives } from "../model/source.js";
import { keepForCodecs } from "./codec-descriptors.js";
import { indentCode } from "./indent.js";
import { type LoweredFacts, lowerFile } from "./lower.js";
import { mendCodecs } from "./mend.js";
import {
  loadTsProto,
  type Named,
  type RequireTsProto,
  type TsProto,
  type TsProtoFile,
  type TsProtoOptions,
  type TypeMapEntry,
} from "./ts-proto.js";

const fixedOptions = [
  "esModuleInterop=true",
  "outputServices=none",
  "outputClientImpl=false",
  "outputJsonMethods=false",
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

/** ts-proto's options, as a plugin's parameter. */
export function codecParameter(choices: Choices): string {
  return [...fixedOptions, `importSuffix=${importSuffix(choices)}`, `forceLong=${choices.int64}`].join(",");
}

/** Prints message codecs with ts-proto, in this process. */
export class CodecPrinter {
  readonly #tsProto: TsProto;
  readonly #choices: Choices;
  readonly #options: TsProtoOptions;
  readonly #files: ReadonlyMap<string, TsProtoFile>;
  readonly #typeMap: Map<string, TypeMapEntry>;
  /** By the name of the file. */
  readonly #facts: ReadonlyMap<string, LoweredFacts>;

  /**
   * @param requireTsProto requires modules of the ts-proto package
   * @param descriptorSet a google.protobuf.FileDescriptorSet with every file that the printed ones need
   * @param descriptors the same files, decoded
   */
  constructor(
    requireTsProto: RequireTsProto,
    descriptorSet: Uint8Array,
    descriptors: readonly FileDescriptorProto[],
    choices: Choices,
  ) {
    this.#choices = choices;
    this.#tsProto = loadTsProto(requireTsProto);
    const { file: files } = this.#tsProto.FileDescriptorSet.decode(keepForCodecs(descriptorSet));
    const byName = new Map(descriptors.map((file) => [file.name, file]));
    const facts = new Map<string, LoweredFacts>();
    for (const file of files) {
      const descriptor = byName.get(file.name);
      if (descriptor !== undefined) {
        facts.set(file.name, lowerFile(file, descriptor));
      }
      if (file.sourceCodeInfo !== undefined) {
        for (const location of file.sourceCodeInfo.location) {
          location.leadingComments = withoutDirectives(location.leadingComments);
          location.trailingComments = withoutDirectives(location.trailingComments);
        }
      }
    }
    this.#files = new Map(files.map((file) => [file.name, file]));
    this.#facts = facts;
    this.#options = this.#tsProto.optionsFromParameter(codecParameter(choices));
    this.#typeMap = this.#tsProto.createTypeMap({ protoFile: files }, this.#options);
  }

  /** What ts-proto calls every message and enum, and what is in them. */
  typeNames(): Map<string, TypeName> {
    const options = this.#options;
    const property = ({ name }: Named): string => this.#tsProto.maybeSnakeToCamel(name, options);
    return new Map(
      [...this.#typeMap].map(([fullName, [module, name, type]]) => {
        const fields = type.field?.map(property) ?? [];
        const oneofs = type.oneofDecl?.map(property) ?? [];
        const values = type.value?.map((value) => this.#tsProto.getMemberName({ options }, type, value)) ?? [];
        return [fullName, { module, name, fields, oneofs, values }];
      }),
    );
  }

  /** Prints the codecs of the given files: path → text. */
  print(files: readonly CodecFileModel[]): Map<string, string> {
    // Nothing is imported of protobufjs, the one module whose imports ts-poet would look for through all of the code.
    const {
      forceDefaultImport: _default,
      forceModuleImport: _module,
      ...textOptions
    } = this.#tsProto.getTsPoetOpts(this.#options, "", "");
    return new Map(files.map((file) => [file.output, this.#printFile(file, textOptions)]));
  }

  #printFile({ proto, packageName }: CodecFileModel, textOptions: object): string {
    const file = this.#files.get(proto);
    if (file === undefined) {
      throw new Error(`${proto} is not among the compiled files`);
    }
    const tsProto = this.#tsProto;
    const options = this.#options;
    const typeMap = this.#typeMap;
    // Helpers of its own for each file: printing one renames what it imports, which must not show in the next.
    const utils = tsProto.makeUtils(options);
    const currentFile = tsProto.createFileContext(file);
    const [path, code] = tsProto.generateFile({ typeMap, options, utils, currentFile }, file);
    const body = code.toString({ ...textOptions, path, prefix: "", format: false });
    const header = `// Generated by nanowire from ${proto} (${packageName === "" ? "no package" : `package ${packageName}`}). Do not edit.`;
    const property = (field: string): string => tsProto.maybeSnakeToCamel(field, options);
    const { required = [], jsTyped = [] } = this.#facts.get(proto) ?? {};
    const mended = mendCodecs(body, {
      required: required.map(({ message, field }) => ({
        type: typeMap.get(message)?.[1] ?? "",
        property: property(field),
        protoName: `${message.slice(1)}.${field}`,
      })),
      jsTyped: jsTyped.map(({ field, number, type }) => ({ property: property(field), number, type })),
    });
    const noCheck = this.#choices.tsNocheck ? "// @ts-nocheck\n" : "";
    return `${header}\n\n/* eslint-disable */\n${noCheck}${indentCode(mended)}`;
  }
}
