import { join } from "node:path";
import { createFileRegistry, type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { buildModel } from "../../../generator/model/model.js";
import { emptyLock, parseRoutesLock, type RoutesLock } from "../../../generator/model/routes-lock.js";
import { CodecPrinter } from "../../../generator/print/codecs.js";
import { compileProtoFiles } from "../../../generator/read/buf.js";
import { readSettings } from "../../../generator/read/config.js";
import { sha256Hex } from "../../../generator/read/hash.js";
import { readOwnOptions, readOwnPackage } from "../../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../../generator/read/peers.js";
import { readProtoFiles } from "../../../generator/read/proto-files.js";
import { readIfThere } from "../../../generator/write/output.js";
import type { RouteDictionary } from "../../../runtime/protocol/dictionary.js";
import { listFiles } from "./project.js";

const own = readOwnPackage();
const [requireBuf, requireTsProto] = findPeers(own, own.root, ["@bufbuild/buf", "ts-proto"]);

/** A method of a scenario's service. */
export interface ScenarioMethod {
  readonly route: string;
  /** What it is called on the component or the object of senders. */
  readonly serverName: string;
  /** What it is called on the client. */
  readonly clientName: string;
  readonly isNotify: boolean;
  /** Undefined for google.protobuf.Empty. */
  readonly request: ScenarioMessage | undefined;
  /** As `request`. */
  readonly response: ScenarioMessage | undefined;
}

/** What a method takes or returns: its type, and its generated codec. */
export interface ScenarioMessage {
  readonly type: DescMessage;
  readonly codec: { encode(message: object): { finish(): Uint8Array }; decode(bytes: Uint8Array): object };
}

/** A service of a scenario, and what was generated for it. */
export interface ScenarioService {
  readonly name: string;
  readonly isPush: boolean;
  /** The component's class, or the object of senders. */
  readonly server: unknown;
  /** The client's class. */
  readonly client: unknown;
  readonly methods: readonly ScenarioMethod[];
}

/** A service between nodes. */
export interface ScenarioRemote {
  readonly name: string;
  /** The remote's class. */
  readonly remote: unknown;
  /** The class that calls one node. */
  readonly client: unknown;
  /** The class that calls every node. */
  readonly all: unknown;
  /** `isNotify` is of a tell; `clientName` is the callers'. */
  readonly methods: readonly ScenarioMethod[];
}

/** A scenario that can be run. */
export interface Scenario {
  /** Those of clients. */
  readonly services: readonly ScenarioService[];
  readonly remotes: readonly ScenarioRemote[];
  readonly dictionary: RouteDictionary;
}

/** Reads a scenario's services, and imports what was generated for them: the files below `expected`. */
export async function loadScenario(name: string): Promise<Scenario> {
  const folder = join(own.root, "test/generator/scenarios", name);
  const files = readProtoFiles(folder, ["proto"]);
  const bytes = await compileProtoFiles(findBufBinary(requireBuf), files, readOwnOptions(own));
  const set = fromBinary(FileDescriptorSetSchema, bytes);
  const { choices } = readSettings(folder, {});
  const typeNames = new CodecPrinter(requireTsProto, set.file, choices).typeNames();
  const { model } = buildModel({
    files: set.file,
    own: new Map(files.map((file) => [file.name, file.path])),
    typeNames,
    lock: lockOf(folder),
    lockFile: "routes.lock.json",
    choices: { ...choices, json: false },
    sha256Hex,
  });
  const registry = createFileRegistry(set);
  const load = (output: string): Promise<Record<string, unknown>> => importGenerated(join(folder, "expected"), output);
  const messageOf = async (type: DescMessage | undefined): Promise<ScenarioMessage | undefined> => {
    const name = typeNames.get(`.${type?.typeName}`);
    if (type === undefined || name === undefined || type.typeName === "google.protobuf.Empty") {
      return undefined;
    }
    const codec = (await load(`${name.module}.ts`))[name.name] as ScenarioMessage["codec"];
    return { type, codec };
  };
  const services: ScenarioService[] = [];
  const remotes: ScenarioRemote[] = [];
  for (const { proto, server, serverOutput = "", client, clientOutput } of model.services) {
    const declared = registry.getFile(proto)?.services ?? [];
    const serverModule = server === undefined ? {} : await load(serverOutput);
    const clientModule = clientOutput === undefined ? {} : await load(clientOutput);
    // No client has a service between nodes.
    const ofClients = server?.services.filter(({ isRemote }) => !isRemote) ?? [];
    for (const service of server?.services ?? []) {
      const ofClient = client?.services[ofClients.indexOf(service)];
      const [one, all] = service.callers;
      const callers = service.isRemote ? one : ofClient;
      const types = declared.find(({ typeName }) => typeName === service.protoName)?.methods;
      const methods = await Promise.all(
        service.methods.map(async (method, index): Promise<ScenarioMethod> => {
          const { input, output } = types?.[index] ?? {};
          return {
            route: method.route,
            serverName: method.localName,
            clientName: callers?.methods[index]?.localName ?? "",
            isNotify: method.isNotify,
            request: await messageOf(input),
            response: await messageOf(output),
          };
        }),
      );
      const [name, stub] = [service.protoName, serverModule[service.exportedName]];
      if (service.isRemote) {
        const [callsOne, callsAll] = [serverModule[one?.exportedName ?? ""], serverModule[all?.exportedName ?? ""]];
        remotes.push({ name, remote: stub, client: callsOne, all: callsAll, methods });
      } else {
        const proxy = clientModule[ofClient?.exportedName ?? ""];
        services.push({ name, isPush: service.isPush, server: stub, client: proxy, methods });
      }
    }
  }
  const { dictionary } = await load("routes.ts");
  return { services, remotes, dictionary: dictionary as RouteDictionary };
}

function lockOf(folder: string): RoutesLock {
  const text = readIfThere(folder, "proto/routes.lock.json");
  return text === undefined ? emptyLock : parseRoutesLock(text, "routes.lock.json");
}

/** Imports a generated file; where the folder of generated files is does not matter. */
function importGenerated(folder: string, output: string): Promise<Record<string, unknown>> {
  const [path] = listFiles(folder)
    .filter((candidate) => candidate.endsWith(`/${output}`))
    .sort((a, b) => a.length - b.length);
  if (path === undefined) {
    throw new Error(`${output} was not generated`);
  }
  return import(/* @vite-ignore */ join(folder, path));
}
