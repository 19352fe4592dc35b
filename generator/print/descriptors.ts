import { clone, create, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ProtocolMethod, ProtocolModel, ProtocolService } from "../model/protocol.js";
import { compareText } from "../model/routes-lock.js";

/** The version of the file's own format: it is raised when a tool that reads the old one would read the new one wrong. */
const formatVersion = 1;

/** The beginning of every such file: what bears it is the generator's, to overwrite. */
export const descriptorsMark = '{\n  "nanowire": "descriptors",\n';

/**
 * Prints what a tool needs to encode and decode every message without generated code: the routes, and the descriptors of
 * all files that the given ones need (a google.protobuf.FileDescriptorSet, imports first, options in it, places and
 * comments left out).
 *
 * @param own the names of the project's files
 */
export function printDescriptors(
  protocol: ProtocolModel,
  descriptors: readonly FileDescriptorProto[],
  own: Iterable<string>,
): string {
  const set = create(FileDescriptorSetSchema, { file: withImports(descriptors, own).map(withoutSource) });
  const file = {
    nanowire: "descriptors",
    version: formatVersion,
    dictVersion: protocol.dictVersion,
    services: protocol.services.map(serviceEntry),
    routes: routeEntries(protocol.services.filter(({ kind }) => kind !== "REMOTE")),
    remoteRoutes: routeEntries(protocol.services.filter(({ kind }) => kind === "REMOTE")),
    descriptorSet: base64Encode(toBinary(FileDescriptorSetSchema, set)),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function serviceEntry({ name, kind, direction, deprecated, comment }: ProtocolService): object {
  return { name, kind, direction, deprecated, comment: comment.join("\n") };
}

function routeEntries(services: readonly ProtocolService[]): object[] {
  return services
    .flatMap((service) => service.methods.map((method) => routeEntry(service, method)))
    .sort((a, b) => compareText(a.route, b.route));
}

function routeEntry(
  service: ProtocolService,
  method: ProtocolMethod,
): Readonly<Record<string, unknown>> & { readonly route: string } {
  const { name, comment, place: _, ...told } = method;
  const { route, code, kind, direction, ...rest } = told;
  return { route, code, kind, direction, service: service.name, method: name, ...rest, comment: comment.join("\n") };
}

/** The given files and all that they import, imports first, in an order that does not hang on the input's. */
function withImports(descriptors: readonly FileDescriptorProto[], own: Iterable<string>): FileDescriptorProto[] {
  const byName = new Map(descriptors.map((file) => [file.name, file]));
  const reached = new Set<FileDescriptorProto>();
  const visit = (name: string): void => {
    const file = byName.get(name);
    if (file !== undefined && !reached.has(file)) {
      for (const imported of file.dependency) {
        visit(imported);
      }
      reached.add(file);
    }
  };
  for (const name of [...own].sort(compareText)) {
    visit(name);
  }
  return [...reached];
}

function withoutSource(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  delete copy.sourceCodeInfo;
  return copy;
}
