import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Place } from "../error.js";
import { walkTypes } from "./messages.js";
import type { ServiceDeclaration } from "./services.js";

/** How a message travels: from clients to the server, back, or from the server on its own. */
export type Use = "request" | "response" | "push";

/**
 * How each message and enum travels, those inside others too.
 *
 * @param files every compiled file
 * @returns by full name with a dot before it; a type that no service leads to is not there
 */
export function usesOfTypes(
  files: readonly FileDescriptorProto[],
  services: readonly ServiceDeclaration[],
): Map<string, Set<Use>> {
  const fields = new Map<string, readonly string[]>();
  for (const file of files) {
    walkTypes(file, (names, type) => {
      const referred = "field" in type ? type.field.map(({ typeName }) => typeName).filter((name) => name !== "") : [];
      fields.set(fullName(file, names), referred);
    });
  }
  const uses = new Map<string, Set<Use>>();
  const spread = (type: string | undefined, use: Use): void => {
    const open = type === undefined ? [] : [type];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const known = uses.get(name) ?? new Set<Use>();
      if (!known.has(use)) {
        uses.set(name, known.add(use));
        open.push(...(fields.get(name) ?? []));
      }
    }
  };
  for (const { kind, methods } of services) {
    for (const { request, response } of methods) {
      spread(request, kind === "PUSH" ? "push" : "request");
      spread(kind === "PUSH" ? undefined : response, "response");
    }
  }
  return uses;
}

/** The full name of the innermost message or enum that stands at a place, with a dot before it; undefined when there is none. */
export function typeAt(file: FileDescriptorProto, { line, column }: Omit<Place, "file">): string | undefined {
  const spans = new Map(file.sourceCodeInfo?.location.map(({ path, span }) => [path.join("."), span]));
  let innermost: string | undefined;
  // A nested type comes after the one that it is in.
  walkTypes(file, (names, _, path) => {
    const [startLine = 0, startColumn = 0, third = 0, fourth] = spans.get(path.join(".")) ?? [];
    const [endLine, endColumn] = fourth === undefined ? [startLine, third] : [third, fourth];
    const isAfterStart = line - 1 > startLine || (line - 1 === startLine && column - 1 >= startColumn);
    const isBeforeEnd = line - 1 < endLine || (line - 1 === endLine && column - 1 < endColumn);
    if (isAfterStart && isBeforeEnd) {
      innermost = fullName(file, names);
    }
  });
  return innermost;
}

function fullName(file: FileDescriptorProto, names: readonly string[]): string {
  return `${file.package === "" ? "" : `.${file.package}`}.${names.join(".")}`;
}
