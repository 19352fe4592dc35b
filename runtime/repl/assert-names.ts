import type { DescEnum, DescField, DescMessage, JsonValue } from "@bufbuild/protobuf";
import { NanowireError } from "../base/error.js";
import { noSuchName } from "../base/known-names.js";

/**
 * Refuses names that a message does not have, of fields and of an enum's values, and tells which were meant.
 *
 * @param where where the message stands, for the error: `Room.Join`, `Room.Join cards[1]`
 * @throws NanowireError `invalid_payload`
 */
export function assertNames(message: DescMessage, value: JsonValue, where: string): void {
  // Google's own are no objects of their fields: a Timestamp is a text.
  if (!isObject(value) || message.typeName.startsWith("google.protobuf.")) {
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    const field = fieldNamed(message, name);
    if (field !== undefined) {
      assertNamesIn(field, inner, `${where}${where.includes(" ") ? "." : " "}${name}`);
    } else if (!name.startsWith("[")) {
      const known = message.fields.map(({ jsonName }) => jsonName);
      const what = noSuchName(`field ${name} in ${message.typeName}`, name, known);
      throw new NanowireError("invalid_payload", `${where}: ${what}`);
    }
  }
}

/** The field of that name, as JSON may call it; an extension is called `[name]`, and is none of these. */
export function fieldNamed({ fields }: DescMessage, name: string): DescField | undefined {
  return fields.find((field) => field.jsonName === name || field.name === name);
}

function assertNamesIn(field: DescField, value: JsonValue, where: string): void {
  if (field.fieldKind === "list" && Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      assertNamesOf(field, item, `${where}[${index}]`);
    }
  } else if (field.fieldKind === "map" && isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      assertNamesOf(field, item, `${where}[${JSON.stringify(key)}]`);
    }
  } else {
    assertNamesOf(field, value, where);
  }
}

/** @param value the field's value, or an item of it */
function assertNamesOf({ message, enum: type }: DescField, value: JsonValue, where: string): void {
  if (message !== undefined) {
    assertNames(message, value, where);
  } else if (type !== undefined && typeof value === "string" && !valueNames(type).includes(value)) {
    const what = noSuchName(`value ${value} in ${type.typeName}`, value, valueNames(type));
    throw new NanowireError("invalid_payload", `${where}: ${what}`);
  }
}

/** What JSON calls the values of an enum. */
export function valueNames({ values }: DescEnum): readonly string[] {
  return values.map(({ name }) => name);
}

/** Whether it is an object of members, and no list. */
export function isObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
