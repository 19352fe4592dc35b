import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { type Choices, importSuffix } from "../model/choices.js";
import type { TypeName } from "../model/messages.js";
import type { CodecFileModel } from "../model/model.js";
import { type CheckedMessage, checkIntegersOfJson } from "./exact-integers.js";
import { indentCode } from "./indent.js";
import { type LoweredDescriptor, lowerFile } from "./lower.js";
import { type MendedFields, mendCodecs, mendJsonCodecs } from "./mend.js";
import { loadTsProto, type Named, type RequireTsProto, type TsProto, type TypeMapEntry } from "./ts-proto.js";

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

/**
 * ts-proto's options for the JSON codecs: a file of their own, so that a client's bundle does not carry them. The suffix
 * becomes `.json` when the text is mended: in `room.json.js` ts-proto would take `.js` for the ending, not know that the
 * file's own types are its own, and import them under numbered names.
 */
export function jsonCodecParameter(choices: Choices): string {
  const options = ["outputEncodeMethods=false", "outputJsonMethods=true", "fileSuffix=.codec"];
  return [...commonOptions, ...chosenOptions(choices), ...options].join(",");
}

function chosenOptions(choices: Choices): string[] {
  return [`importSuffix=${importSuffix(choices)}`, `forceLong=${choices.int64}`];
}

/** Prints message codecs with ts-proto, in this process. */
export class CodecPrinter {
  readonly #tsProto: TsProto;
  readonly #choices: Choices;
  readonly #typeMap: Map<string, TypeMapEntry>;
  /** By the name of the file. */
  readonly #lowered: ReadonlyMap<string, LoweredDescriptor>;

  /**
   * @param requireTsProto requires modules of the ts-proto package
   * @param descriptors every file that the printed ones need
   */
  constructor(requireTsProto: RequireTsProto, descriptors: readonly FileDescriptorProto[], choices: Choices) {
    this.#choices = choices;
    this.#tsProto = loadTsProto(requireTsProto);
    this.#lowered = new Map(descriptors.map((descriptor) => [descriptor.name, lowerFile(descriptor)]));
    // The same for both kinds of codecs: no option that differs between them changes a name.
    this.#typeMap = this.#tsProto.createTypeMap(
      { protoFile: [...this.#lowered.values()].map(({ file }) => file) },
      this.#tsProto.optionsFromParameter(codecParameter(choices)),
    );
  }

  /** What ts-proto calls every message and enum, and what is in them. */
  typeNames(): Map<string, TypeName> {
    const options = this.#tsProto.optionsFromParameter(codecParameter(this.#choices));
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
    const printed = new Map<string, string>();
    const protobuf = this.#printWith(codecParameter(this.#choices), mendCodecs);
    const json = this.#printWith(jsonCodecParameter(this.#choices), (text, fields, messages) =>
      mendJsonCodecs(checkIntegersOfJson(text, messages, this.#choices.int64), fields),
    );
    for (const file of files) {
      printed.set(file.output, protobuf(file));
      if (file.jsonOutput !== undefined) {
        printed.set(file.jsonOutput, json(file));
      }
    }
    return printed;
  }

  /** @param finish what is done to the text, given the file's fields that need it, and its messages by the names of their codecs */
  #printWith(
    parameter: string,
    finish: (text: string, fields: MendedFields, messages: ReadonlyMap<string, CheckedMessage>) => string,
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
      const lowered = this.#lowered.get(proto);
      if (lowered === undefined) {
        throw new Error(`${proto} is not among the compiled files`);
      }
      const { file, facts } = lowered;
      // Helpers of its own for each file: printing one renames what it imports, which must not show in the next.
      const utils = tsProto.makeUtils(options);
      const currentFile = tsProto.createFileContext(file);
      const [path, code] = tsProto.generateFile({ typeMap, options, utils, currentFile }, file);
      const body = code.toString({ ...textOptions, path, prefix: "", format: false });
      const header = `// Generated by nanowire from ${proto} (${packageName === "" ? "no package" : `package ${packageName}`}). Do not edit.`;
      const property = (field: string): string => tsProto.maybeSnakeToCamel(field, options);
      const { required, jsTyped, wrapped, values } = facts;
      const fields: MendedFields = {
        required: required.map(({ message, field }) => ({
          type: typeMap.get(message)?.[1] ?? "",
          property: property(field),
          protoName: `${message.slice(1)}.${field}`,
        })),
        jsTyped: jsTyped.map(({ field, number, type }) => ({ property: property(field), number, type })),
        wrapped: wrapped.map(({ oneof, field }) => ({ oneof: property(oneof), property: property(field) })),
        values: values.map(property),
      };
      const finished = finish(body, fields, messagesOf.get(proto.replace(/\.proto$/, "")) ?? new Map());
      const noCheck = this.#choices.tsNocheck ? "// @ts-nocheck\n" : "";
      return `${header}\n\n/* eslint-disable */\n${noCheck}${indentCode(finished)}`;
    };
  }
}
