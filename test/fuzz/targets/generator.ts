import { fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { GeneratorError } from "../../../generator/error.js";
import { generate, loadPrinter } from "../../../generator/generate.js";
import { defaultChoices } from "../../../generator/model/choices.js";
import { emptyLock } from "../../../generator/model/routes-lock.js";
import { compileProtoFiles } from "../../../generator/read/buf.js";
import { readOwnOptions, readOwnPackage } from "../../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../../generator/read/peers.js";
import { readTemplates } from "../../../generator/read/templates.js";
import type { Target } from "../target.js";

/** What the generator is given: the text of a .proto file, which goes through the compiler, and a set of descriptors, which may never have seen one. Nothing is written. */
export const generatorTargets: readonly Target[] = [
  {
    name: "proto-files",
    weight: 3,
    open() {
      const generateFrom = openGenerator();
      const options = readOwnOptions(own);
      return {
        async run(bytes) {
          try {
            const files = [{ name: "game/v1/game.proto", path: "proto/game/v1/game.proto", bytes }];
            const compiled = await compileProtoFiles(bufBinary, files, options);
            generateFrom(fromBinary(FileDescriptorSetSchema, compiled), ["game/v1/game.proto"]);
            return true;
          } catch (error) {
            return refusal(error);
          }
        },
      };
    },
  },
  {
    name: "descriptor-sets",
    weight: 2,
    open() {
      const generateFrom = openGenerator();
      return {
        run(input) {
          let set: FileDescriptorSet;
          try {
            set = fromBinary(FileDescriptorSetSchema, input);
          } catch {
            // That it is no message at all is for the reader of protobuf to say.
            return false;
          }
          try {
            const names = set.file.map(({ name }) => name);
            generateFrom(
              set,
              names.filter((name) => !name.startsWith("google/") && !name.startsWith("nanowire/")),
            );
            return true;
          } catch (error) {
            return refusal(error);
          }
        },
      };
    },
  },
];

const own = readOwnPackage();
const [requireBuf, requireTsProto, requireHandlebars] = findPeers(own, own.root, [
  "@bufbuild/buf",
  "ts-proto",
  "handlebars",
]);
const bufBinary = findBufBinary(requireBuf);

/** The generator's whole path behind the compiler, without a file that is read or written. */
function openGenerator(): (set: FileDescriptorSet, names: readonly string[]) => void {
  const templates = readTemplates(own, { directory: own.root, folder: undefined });
  const printer = loadPrinter(requireHandlebars, templates);
  return (set, names) => {
    generate({
      compiled: set.file,
      own: new Map(names.map((name) => [name, name])),
      lock: emptyLock,
      lockFile: "proto/routes.lock.json",
      choices: defaultChoices,
      templates,
      printer,
      requireTsProto,
      requireHandlebars,
    });
  };
}

function refusal(error: unknown): false {
  if (error instanceof GeneratorError) {
    return false;
  }
  throw error;
}
