import type { DescField, DescMessage, JsonValue } from "@bufbuild/protobuf";
import { fieldNamed, isObject } from "../repl/assert-names.js";
import type { ProtocolBook } from "../repl/protocol-book.js";
import { isUnset } from "./is-unset.js";

/** What stands in the place of a secret. */
export const redactedText = "[redacted]";

/**
 * A message's JSON without the fields that their .proto marks `debug_redact`.
 *
 * @param redacted takes the paths of those that were set
 * @param path where the message stands: `payload`
 */
export function withoutSecrets(
  message: DescMessage,
  value: JsonValue,
  book: ProtocolBook,
  redacted: string[],
  path: string,
): JsonValue {
  if (!isObject(value)) {
    return value;
  }
  const type = value["@type"];
  const packed =
    message.typeName === "google.protobuf.Any" && typeof type === "string"
      ? book.registry.getMessage(type.slice(type.lastIndexOf("/") + 1))
      : message;
  if (packed === undefined) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const field = fieldNamed(packed, name);
      const at = `${path}.${name}`;
      return [name, field === undefined ? inner : withoutSecretsOf(field, inner, book, redacted, at)];
    }),
  );
}

function withoutSecretsOf(
  field: DescField,
  value: JsonValue,
  book: ProtocolBook,
  redacted: string[],
  path: string,
): JsonValue {
  if (field.proto.options?.debugRedact === true) {
    if (isUnset(value)) {
      return value;
    }
    redacted.push(path);
    return redactedText;
  }
  const { message } = field;
  if (message === undefined) {
    return value;
  }
  if (field.fieldKind === "list" && Array.isArray(value)) {
    return value.map((item, index) => withoutSecrets(message, item, book, redacted, `${path}[${index}]`));
  }
  if (field.fieldKind === "map" && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        withoutSecrets(message, item, book, redacted, `${path}[${JSON.stringify(key)}]`),
      ]),
    );
  }
  return withoutSecrets(message, value, book, redacted, path);
}
