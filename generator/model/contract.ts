import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { GeneratorError, type Problem } from "../error.js";
import type { Contract } from "./breaking.js";
import { ownProtoFile } from "./messages.js";
import { OptionReader } from "./options.js";
import { assignCodes, compareText, emptyLock, parseRoutesLock, type RoutesLock } from "./routes-lock.js";
import { checkRoutes, readServices, type ServiceDeclaration } from "./services.js";
import { SourceIndex } from "./source.js";

/**
 * Reads what a tree of .proto files promises.
 *
 * @param files every compiled file
 * @param own the files of the user's own, by name, and their paths
 * @param age of the old one, what cannot be generated does not matter, and only codes that are written are known; the new one must
 * be one that can be generated, and has the codes that it would be generated with
 * @throws GeneratorError with everything that is wrong with a new tree, or with a lock
 */
export function readContract(
  files: readonly FileDescriptorProto[],
  own: ReadonlyMap<string, string>,
  lockText: string | undefined,
  lockFile: string,
  age: "old" | "new",
): Contract {
  const problems: Problem[] = [];
  const reader = new OptionReader(files);
  const services = [...files]
    .filter(({ name }) => name !== ownProtoFile && own.has(name))
    .sort((a, b) => compareText(a.name, b.name))
    .flatMap((descriptor) => {
      const source = new SourceIndex(descriptor, own.get(descriptor.name) ?? descriptor.name);
      return readServices({ descriptor, source }, reader, problems);
    });
  const written = lockText === undefined ? emptyLock : parseRoutesLock(lockText, lockFile);
  if (age === "old") {
    return { services, lock: lockText === undefined ? explicitCodes(services) : written, lockFile };
  }
  checkRoutes(services, problems);
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  // Nodes call each other by names: the lock is of the calls of clients.
  const ofClients = services.filter(({ kind }) => kind !== "REMOTE");
  const declared = ofClients.flatMap(({ methods }) =>
    methods.map(({ route, explicitCode, codePlace, was }) => ({ route, explicitCode, place: codePlace, was })),
  );
  return { services, lock: assignCodes(declared, written, lockFile), lockFile };
}

/** Without a lock, the codes that stand in the .proto files. */
function explicitCodes(services: readonly ServiceDeclaration[]): RoutesLock {
  const routes = services.flatMap(({ methods }) =>
    methods.flatMap(({ route, explicitCode }): [string, number][] =>
      explicitCode === undefined ? [] : [[route, explicitCode]],
    ),
  );
  return { ...emptyLock, routes: new Map(routes) };
}
