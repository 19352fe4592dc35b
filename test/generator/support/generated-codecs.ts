import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import { generate } from "../../../generator/generate.js";
import { type Choices, defaultChoices } from "../../../generator/model/choices.js";
import { emptyLock } from "../../../generator/model/routes-lock.js";
import { CodecPrinter } from "../../../generator/print/codecs.js";
import { compileProtoFiles } from "../../../generator/read/buf.js";
import { readOwnOptions, readOwnPackage } from "../../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../../generator/read/peers.js";
import { readTemplates } from "../../../generator/read/templates.js";
import { temporaryFolder } from "./project.js";

/** A message's generated codecs. */
export interface LoadedCodec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  /** Absent without JSON codecs. */
  readonly json?: { toJSON(message: object): unknown; fromJSON(json: unknown): object };
}

/** .proto files, compiled, generated and loaded. */
export interface LoadedCodecs {
  /** The same messages for protobuf's own implementation. */
  readonly registry: FileRegistry;
  /** The codec of a message, by its full name. */
  codec(typeName: string): LoadedCodec;
}

const own = readOwnPackage();
const [requireBuf, requireTsProto, requireHandlebars] = findPeers(own, own.root, [
  "@bufbuild/buf",
  "ts-proto",
  "handlebars",
]);

/** Generates the codecs of .proto files, and loads them. */
export async function loadCodecs(
  files: Readonly<Record<string, string>>,
  choices: Choices = defaultChoices,
): Promise<LoadedCodecs> {
  const encoder = new TextEncoder();
  const entries = Object.entries(files).map(([name, text]) => ({ name, path: name, bytes: encoder.encode(text) }));
  const bytes = await compileProtoFiles(findBufBinary(requireBuf), entries, readOwnOptions(own));
  const set = fromBinary(FileDescriptorSetSchema, bytes);
  const { files: generated } = generate({
    compiled: bytes,
    own: new Map(Object.keys(files).map((name) => [name, name])),
    lock: emptyLock,
    lockFile: "routes.lock.json",
    choices,
    templates: readTemplates(own, { directory: own.root, folder: undefined }),
    requireTsProto,
    requireHandlebars,
  });
  const codecs = [...generated].filter(([path]) => !/(?:^routes|\.server|\.client)\.ts$/.test(path));
  const modules = await loadModules(new Map(codecs));
  const names = new CodecPrinter(requireTsProto, set.file, choices).typeNames();
  return {
    registry: createFileRegistry(set),
    codec: (typeName) => {
      const type = names.get(`.${typeName}`);
      const codec = modules.get(`${type?.module}.ts`)?.[type?.name ?? ""];
      const jsonCodec = modules.get(`${type?.module}.json.ts`)?.[type?.name ?? ""];
      if (codec === undefined) {
        throw new Error(`no codec was generated for ${typeName}`);
      }
      return Object.assign({}, codec, jsonCodec === undefined ? {} : { json: jsonCodec }) as LoadedCodec;
    },
  };
}

/** Bundles TypeScript modules and imports the bundle: path → what it exports. */
async function loadModules(files: ReadonlyMap<string, string>): Promise<Map<string, Record<string, object>>> {
  const folder = temporaryFolder();
  const paths = [...files.keys()].sort();
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const entry = paths.map((path, index) => `export * as m${index} from ${JSON.stringify(`./${path}`)};`).join("\n");
  writeFileSync(join(folder, "entry.ts"), entry);
  await build({
    absWorkingDir: folder,
    entryPoints: ["entry.ts"],
    bundle: true,
    format: "esm",
    outfile: "bundle.mjs",
    nodePaths: [join(own.root, "node_modules")],
    alias: {
      "nanowire/json": join(own.root, "runtime/protocol/json/index.ts"),
      "nanowire/wire": join(own.root, "runtime/protocol/wire/index.ts"),
    },
    logLevel: "silent",
  });
  const bundle: Record<string, Record<string, object>> = await import(
    /* @vite-ignore */ pathToFileURL(join(folder, "bundle.mjs")).href
  );
  return new Map(paths.map((path, index) => [path, bundle[`m${index}`] ?? {}]));
}
