import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { formatPlace, GeneratorError, type Problem } from "../error.js";
import { type Choices, importSuffix } from "./choices.js";
import { buildClientFile, type ClientFileModel, clientExport } from "./client-file.js";
import { buildComponents, type ComponentModel, separateFileNames } from "./components.js";
import { checkEncoding } from "./encoding-checks.js";
import { Fingerprints } from "./fingerprints.js";
import { checkJsonFields, checkJsonMethods } from "./json-checks.js";
import { buildJsonFile, type JsonFileModel } from "./json-file.js";
import { Kept } from "./kept.js";
import { checkHelpers, checkImports, checkMembers } from "./member-checks.js";
import { checkFile, type DeclaredTypes, FileReferences, ownProtoFile, type TypeNames } from "./messages.js";
import { Names } from "./names.js";
import { OptionReader } from "./options.js";
import { buildProtocol, type ProtocolModel } from "./protocol.js";
import { Redactions } from "./redactions.js";
import { assignCodes, compareText, type DeclaredRoute, type RoutesLock, sortedRoutes } from "./routes-lock.js";
import { buildServerFile, type ServerFileInput, type ServerFileModel, serverExports } from "./server-file.js";
import {
  checkRemoteNames,
  checkRoutes,
  type MethodDeclaration,
  readServices,
  type ServiceDeclaration,
  type SourceFile,
} from "./services.js";
import { SourceIndex } from "./source.js";

/** What is generated: plain data, with every name chosen and every check done. Templates only print it. */
export interface Model {
  /** The .proto files that get codecs, sorted by name. */
  readonly codecs: readonly CodecFileModel[];
  /** The .proto files that have services, sorted by name. */
  readonly services: readonly ServiceFileModel[];
  readonly dictionary: DictionaryModel;
  /** What is spoken: services, methods, routes, codes and policies. No template needs it; tools and pages do. */
  readonly protocol: ProtocolModel;
}

/** The codecs of a .proto file. */
export interface CodecFileModel {
  /** `chat/v1/room.proto`. */
  readonly proto: string;
  readonly packageName: string;
  /** `chat/v1/room.ts`, relative to the folder of generated files, as all outputs are. */
  readonly output: string;
  readonly tsNocheck: boolean;
  /** `chat/v1/room.json.ts`. This and the next are there when JSON codecs are generated. */
  readonly jsonOutput?: string;
  readonly json?: JsonFileModel;
}

/** The stubs and proxies of a .proto file. */
export interface ServiceFileModel {
  readonly proto: string;
  readonly packageName: string;
  readonly tsNocheck: boolean;
  /** Both absent when the client's side only is generated. */
  readonly serverOutput?: string;
  readonly server?: ServerFileModel;
  /** Both absent when the server's side only is generated, or every service is of kind REMOTE. */
  readonly clientOutput?: string;
  readonly client?: ClientFileModel;
}

/** `routes.ts`. */
export interface DictionaryModel {
  readonly output: string;
  readonly lockFile: string;
  readonly tsNocheck: boolean;
  /** Where its types come from: `nanowire` when there is no client's side, or else `nanowire/client`. */
  readonly runtime: "nanowire" | "nanowire/client";
  readonly version: string;
  /** Sorted by route. */
  readonly routes: readonly { readonly route: string; readonly code: number }[];
}

/** What the model is built of. */
export interface ModelInput {
  /** Every compiled file, the imported ones too, imports first. */
  readonly files: readonly FileDescriptorProto[];
  /** The files to generate, by name, and the path at which the user knows each. */
  readonly own: ReadonlyMap<string, string>;
  readonly typeNames: TypeNames;
  readonly lock: RoutesLock;
  readonly lockFile: string;
  readonly choices: Choices;
  /** SHA-256 of a text's UTF-8, as 64 hex digits. */
  readonly sha256Hex: (text: string) => string;
  /** What earlier runs have made of the files. Default: all is made anew. */
  readonly memory?: ModelMemory;
}

/** What was made of files, for runs that come. */
export class ModelMemory {
  readonly sources = new Kept<SourceIndex>();
  readonly types = new Kept<DeclaredTypes>();
  readonly services = new Kept<CheckedServices>();
  readonly checks = new Kept<readonly Problem[]>();
  readonly codecs = new Kept<CodecFileModel>();
  readonly fingerprints = new Kept<ReadonlyMap<MethodDeclaration, string>>();
  readonly stubs = new Kept<ServiceFileModel>();
}

/** The services of a file, and what is wrong with them. */
interface CheckedServices {
  readonly services: readonly ServiceDeclaration[];
  readonly problems: readonly Problem[];
}

/** The model, and what is made with it. */
export interface BuiltModel {
  readonly model: Model;
  /** The lock as it is to be written. */
  readonly lock: RoutesLock;
  /** Tells what the classes of the HANDLER and REMOTE services have to have, by file and in the order of the .proto. */
  readonly components: () => ComponentModel[];
}

const dictionaryOutput = "routes.ts";
const versionDigits = 16;
/** What file systems let the name of one file have. */
const maxFileNameBytes = 255;

/**
 * Makes of compiled .proto files what is to be printed.
 *
 * @throws GeneratorError with everything that is wrong, by place
 */
export function buildModel(input: ModelInput): BuiltModel {
  const problems: Problem[] = [];
  const { choices } = input;
  const { hasServer, hasClient, hasJson } = outputsOf(choices);
  const reader = new OptionReader(input.files);
  const prints = new Fingerprints(reader.types, input.sha256Hex, choices.json);
  const memory = input.memory ?? new ModelMemory();
  const references = new FileReferences(input.files, memory.types);
  const byName = new Map(input.files.map((file) => [file.name, file]));
  const own = [...input.own.keys()].filter((name) => name !== ownProtoFile && byName.has(name)).sort(compareText);
  const pathOf = ({ name }: FileDescriptorProto): string => input.own.get(name) ?? name;
  const sourceFileOf = (descriptor: FileDescriptorProto): SourceFile => {
    const path = pathOf(descriptor);
    return { descriptor, source: memory.sources.get(descriptor, path, () => new SourceIndex(descriptor, path)) };
  };

  const declared = own.flatMap((name) => {
    const descriptor = byName.get(name);
    if (descriptor === undefined) {
      return [];
    }
    const checked = memory.services.get(descriptor, pathOf(descriptor), () =>
      readCheckedServices(sourceFileOf(descriptor), reader),
    );
    problems.push(...checked.problems);
    const { services } = checked;
    const fingerprints = memory.fingerprints.get(descriptor, `${choices.json} ${pathOf(descriptor)}`, () =>
      takeFingerprints(services, prints),
    );
    return { descriptor, services, fingerprints };
  });
  const services = declared.flatMap((file) => file.services);
  const ofClients = services.filter(isOfClients);
  checkRoutes(services, problems);
  checkRemoteNames(services, problems);
  if (hasJson) {
    checkJsonMethods(ofClients, problems);
  }
  const spoken = references.closure(spokenFiles(ofClients, references));
  const called = references.closure(spokenFiles(services, references));
  // Google's own files are generated where a message leads to them, also when the user keeps a copy.
  const isGoogles = (name: string): boolean => name.startsWith("google/protobuf/");
  const withCodecs = references.closure([...own.filter((name) => !isGoogles(name)), ...(hasServer ? called : spoken)]);
  for (const name of [...withCodecs].sort(compareText)) {
    const descriptor = byName.get(name);
    if (descriptor !== undefined) {
      const isJson = hasJson && spoken.has(name);
      const check = (): Problem[] => checkCodecs(sourceFileOf(descriptor), isJson, references, input.typeNames);
      problems.push(...memory.checks.get(descriptor, `${isJson} ${pathOf(descriptor)}`, check));
    }
  }
  const codecs = [...withCodecs].sort(compareText).flatMap((proto): CodecFileModel[] => {
    const descriptor = byName.get(proto);
    if (descriptor === undefined) {
      return [];
    }
    const isJson = hasJson && spoken.has(proto);
    const build = (): CodecFileModel => buildCodecFile(descriptor, isJson, input.typeNames, choices);
    return [memory.codecs.get(descriptor, JSON.stringify([choices, isJson]), build)];
  });

  const lock = collect(problems, () => assignCodes(declaredRoutes(ofClients), input.lock, input.lockFile));
  const redactions = new Redactions(hasServer ? input.files : [], input.typeNames);
  const codes = lock?.routes ?? new Map<string, number>();
  const serviceFiles = declared
    .filter((file) => file.services.length > 0)
    .map(({ descriptor, services, fingerprints }) => {
      const routes = services.flatMap(({ methods }) => methods);
      const given = routes.map(({ route }) => codes.get(route));
      const former = routes.flatMap(({ was }) => was.filter(({ route }) => lock?.renamed.has(route)));
      const key = JSON.stringify([choices, given, former.map(({ route }) => route)]);
      const renamed = lock?.renamed;
      const stubInput = { choices, typeNames: input.typeNames, codes, renamed, redactions, fingerprints };
      return memory.stubs.get(descriptor, key, () => buildServiceFile(descriptor, services, stubInput));
    });
  checkOutputs(codecs, serviceFiles, input.own, problems);
  if (problems.length > 0 || lock === undefined) {
    throw new GeneratorError(sortProblems(problems));
  }
  const routes = sortedRoutes(lock.routes).map(([route, code]) => ({ route, code }));
  const version = input
    .sha256Hex(routes.map(({ route, code }) => `${route}=${code}\n`).join(""))
    .slice(0, versionDigits);
  const dictionary: DictionaryModel = {
    output: dictionaryOutput,
    lockFile: input.lockFile,
    tsNocheck: choices.tsNocheck,
    runtime: hasClient ? "nanowire/client" : "nanowire",
    version,
    routes,
  };
  const protocol = buildProtocol(
    declared.map(({ descriptor, services, fingerprints }) => ({ proto: descriptor.name, services, fingerprints })),
    codes,
    version,
  );
  const components = (): ComponentModel[] =>
    separateFileNames(
      declared.flatMap(({ descriptor, services }) =>
        buildComponents(`${moduleOf(descriptor.name)}.server`, services, input.typeNames, input.lock),
      ),
    );
  return { model: { codecs, services: serviceFiles, dictionary, protocol }, lock, components };
}

/** Which kinds of files are generated. Only the server speaks JSON. */
function outputsOf({ side, json }: Choices): { hasServer: boolean; hasClient: boolean; hasJson: boolean } {
  return { hasServer: side !== "client", hasClient: side !== "server", hasJson: json && side !== "client" };
}

function buildCodecFile(
  descriptor: FileDescriptorProto,
  isJson: boolean,
  typeNames: TypeNames,
  choices: Choices,
): CodecFileModel {
  const module = moduleOf(descriptor.name);
  return {
    proto: descriptor.name,
    packageName: descriptor.package,
    output: `${module}.ts`,
    tsNocheck: choices.tsNocheck,
    ...(isJson ? { jsonOutput: `${module}.json.ts`, json: buildJsonFile(descriptor, module, typeNames, choices) } : {}),
  };
}

function readCheckedServices(file: SourceFile, reader: OptionReader): CheckedServices {
  const problems: Problem[] = [];
  const services = readServices(file, reader, problems);
  checkExports(services, problems);
  return { services, problems };
}

function takeFingerprints(
  services: readonly ServiceDeclaration[],
  fingerprints: Fingerprints,
): ReadonlyMap<MethodDeclaration, string> {
  return new Map(
    services.flatMap((service) =>
      service.methods.flatMap((method) => {
        const fingerprint = fingerprints.of(service.kind, method);
        return fingerprint === undefined ? [] : [[method, fingerprint] as const];
      }),
    ),
  );
}

/** What is wrong with a file that gets codecs. */
function checkCodecs(file: SourceFile, isJson: boolean, references: FileReferences, typeNames: TypeNames): Problem[] {
  const problems: Problem[] = [];
  checkFile(file, references, typeNames, problems);
  checkMembers(file, typeNames, problems);
  checkHelpers(file, typeNames, problems);
  checkImports(file, typeNames, problems);
  checkEncoding(file, references, problems);
  if (isJson) {
    checkJsonFields(file, problems);
  }
  return problems;
}

function buildServiceFile(
  { name: proto, package: packageName }: FileDescriptorProto,
  services: readonly ServiceDeclaration[],
  { choices, ...input }: StubInput,
): ServiceFileModel {
  const { hasServer, hasClient, hasJson } = outputsOf(choices);
  const module = moduleOf(proto);
  const suffix = importSuffix(choices);
  const server = (output: string): ServerFileModel => {
    const names = takeExports(services.flatMap(serverExports));
    return buildServerFile(output, services, names, { ...input, json: hasJson, suffix });
  };
  const client = (output: string): ClientFileModel => {
    const called = services.filter(isOfClients);
    const names = takeExports(called.map(clientExport));
    return buildClientFile(output, called, names, input.typeNames, input.codes, suffix);
  };
  const serverOutput = hasServer ? `${module}.server.ts` : undefined;
  const clientOutput = hasClient && services.some(isOfClients) ? `${module}.client.ts` : undefined;
  return {
    proto,
    packageName,
    tsNocheck: choices.tsNocheck,
    ...(serverOutput === undefined ? {} : { serverOutput, server: server(serverOutput) }),
    ...(clientOutput === undefined ? {} : { clientOutput, client: client(clientOutput) }),
  };
}

/** What stubs and proxies are made of, beside the services. */
interface StubInput extends Omit<ServerFileInput, "json" | "suffix"> {
  readonly choices: Choices;
}

/** `chat/v1/room.proto` → `chat/v1/room`. */
function moduleOf(proto: string): string {
  return proto.replace(/\.proto$/, "");
}

/** The files whose messages the services send and receive. */
function spokenFiles(services: readonly ServiceDeclaration[], references: FileReferences): Set<string> {
  const types = services.flatMap(({ methods }) => methods.flatMap(({ request, response }) => [request, response]));
  return new Set(types.flatMap((type) => (type === undefined ? [] : (references.fileOf(type) ?? []))));
}

/** Each route once: a second declaration of it has been refused already. */
function declaredRoutes(services: readonly ServiceDeclaration[]): DeclaredRoute[] {
  const routes = new Map<string, DeclaredRoute>();
  for (const { route, explicitCode, codePlace, was } of services.flatMap(({ methods }) => methods)) {
    if (!routes.has(route)) {
      routes.set(route, { route, explicitCode, place: codePlace, was });
    }
  }
  return [...routes.values()];
}

/** Whether clients know of a service; only they have a dictionary, and only to them the server speaks JSON. */
function isOfClients(service: ServiceDeclaration): boolean {
  return service.kind !== "REMOTE";
}

/** Refuses services of one file that would be exported under one name, on the server's side or the client's. */
function checkExports(services: readonly ServiceDeclaration[], problems: Problem[]): void {
  const exportsOf = [
    serverExports,
    (service: ServiceDeclaration) => (isOfClients(service) ? [clientExport(service)] : []),
  ];
  for (const [index, service] of services.entries()) {
    for (const namesOf of exportsOf) {
      const names = namesOf(service);
      const [clash] = services.slice(0, index).flatMap((other) => {
        const name = namesOf(other).find((candidate) => names.includes(candidate));
        return name === undefined ? [] : [{ other, name }];
      });
      if (clash !== undefined) {
        problems.push({
          message: `service ${service.protoName} and service ${clash.other.protoName} at ${formatPlace(clash.other.place)} are both generated as ${clash.name}: rename one of them`,
          place: service.place,
        });
        break;
      }
    }
  }
}

function takeExports(exported: readonly string[]): Names {
  const names = new Names();
  for (const name of exported) {
    names.take(name);
  }
  return names;
}

/**
 * Refuses two .proto files of which the same file would be made, `a.proto` with services and `a.server.proto`: also on a disk, or for a
 * compiler, that takes `A.ts` for `a.ts`. And a file whose name no disk takes.
 */
function checkOutputs(
  codecs: readonly CodecFileModel[],
  services: readonly ServiceFileModel[],
  own: ReadonlyMap<string, string>,
  problems: Problem[],
): void {
  const dictionary = { file: dictionaryOutput, by: "the route dictionary" };
  const makers = new Map([[dictionaryOutput, dictionary]]);
  const told = new Set<string>();
  const outputs = [
    ...codecs.flatMap(({ proto, output, jsonOutput }) =>
      [output, ...(jsonOutput === undefined ? [] : [jsonOutput])].map((file) => ({ proto, file })),
    ),
    ...services.flatMap(({ proto, serverOutput, clientOutput }) =>
      [serverOutput, clientOutput].flatMap((file) => (file === undefined ? [] : [{ proto, file }])),
    ),
  ];
  for (const { proto, file } of outputs) {
    const place = { file: own.get(proto) ?? proto, line: 1, column: 1 };
    const other = makers.get(file.toLowerCase());
    makers.set(file.toLowerCase(), { file, by: proto });
    const bytes = Math.max(...file.split("/").map((part) => new TextEncoder().encode(part).length));
    const message =
      other !== undefined
        ? clashOf(proto, file, other)
        : bytes > maxFileNameBytes
          ? `${proto} is generated as ${file}, whose name has ${bytes} bytes, more than the ${maxFileNameBytes} that a file's may have: give the file a shorter name`
          : undefined;
    // Two folders that differ in case clash with each of their files' outputs: it is the same thing to mend.
    if (message !== undefined && !told.has(`${proto}\0${other?.by}`)) {
      told.add(`${proto}\0${other?.by}`);
      problems.push({ message, place });
    }
  }
}

function clashOf(proto: string, file: string, other: { readonly file: string; readonly by: string }): string {
  return other.file === file
    ? `${proto} is generated as ${file}, as is ${other.by}: give the file another name`
    : `${proto} is generated as ${file}, and ${other.by} as ${other.file}, which many systems and TypeScript take for the same file: give one another name`;
}

function collect<T>(problems: Problem[], step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof GeneratorError)) {
      throw error;
    }
    problems.push(...error.problems);
    return undefined;
  }
}

/** By file, line and column. */
function sortProblems(problems: readonly Problem[]): Problem[] {
  const key = ({ place }: Problem): [string, number, number] => [
    place?.file ?? "",
    place?.line ?? 0,
    place?.column ?? 0,
  ];
  return [...problems].sort((a, b) => {
    const [fileA, lineA, columnA] = key(a);
    const [fileB, lineB, columnB] = key(b);
    return compareText(fileA, fileB) || lineA - lineB || columnA - columnB;
  });
}
