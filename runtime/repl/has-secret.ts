import type { DescMessage } from "@bufbuild/protobuf";
import { fieldNamed } from "./assert-names.js";
import type { ProtocolBook } from "./protocol-book.js";
import { firstWord } from "./split-line.js";

/** Whether a message that was written has a field whose .proto marks it `debug_redact`: a password is not to lie in a file. */
export function hasSecret(routeAndJson: string, book: ProtocolBook): boolean {
  const [route, json] = firstWord(routeAndJson);
  const type = book.find(route)?.request;
  const message = type === undefined ? undefined : book.registry.getMessage(type);
  if (message === undefined) {
    return false;
  }
  try {
    return holds(message, JSON.parse(json || "{}"));
  } catch {
    // With a slip in it nobody knows what it holds.
    return marks(message, new Set());
  }
}

function holds(message: DescMessage, value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  return Object.entries(value).some(([name, inner]) => {
    const field = fieldNamed(message, name);
    return (
      field?.proto.options?.debugRedact === true ||
      (field?.message !== undefined && partsOf(field.fieldKind, inner).some((part) => holds(field.message, part)))
    );
  });
}

function partsOf(kind: string, value: unknown): readonly unknown[] {
  return kind === "list" || kind === "map" ? Object.values(Object(value)) : [value];
}

/** Whether a type has such a field, however deep. */
function marks(message: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(message)) {
    return false;
  }
  seen.add(message);
  return message.fields.some(
    (field) => field.proto.options?.debugRedact === true || (field.message !== undefined && marks(field.message, seen)),
  );
}
