import type { JsonCodec } from "../codec.js";
import {
  checkDepth,
  emptyJsonObject,
  found,
  isJsonObject,
  JsonMismatch,
  type JsonScalar,
  type JsonType,
  mismatch,
} from "./json-type.js";

/**
 * Reads and writes messages of one type.
 *
 * @typeParam T the message
 */
export interface JsonMessage<T> extends JsonType<T>, JsonCodec<T> {}

/**
 * Reads and writes values of one enum. A value that it does not name is a number, here and there.
 *
 * @typeParam E the enum
 */
export type JsonEnum<E> = JsonScalar<E>;

/** What a field is called in JSON; where its name in the .proto is another one, that too, by which it is also read. */
export type JsonName = string | readonly [json: string, proto: string];

/**
 * A property of a message.
 *
 * @typeParam V what the property holds
 */
export interface JsonField<V> {
  /** Takes the property out of a message's JSON. */
  read(json: Readonly<Record<string, unknown>>, depth: number): V;
  /** Puts the property into a message's JSON, unless it holds its default. */
  write(value: V, json: Record<string, unknown>, messageName: string): void;
}

/** Every property of a message; not the fields that it kept without knowing them, for which JSON has no names. */
export type JsonFields<T> = {
  readonly [P in keyof T as P extends "_unknownFields" ? never : P]-?: JsonField<T[P]>;
};

/**
 * A field of a oneof.
 *
 * @typeParam V what it holds when it is chosen
 */
export interface JsonMember<V> {
  /** The field's name in JSON. */
  readonly jsonName: string;
  /** The field's name in the .proto, which is read too. */
  readonly protoName: string;
  /** How its value is written and read. */
  readonly type: JsonType<V>;
}

/** The fields of a oneof, by their `$case`. */
export type JsonMembers<O> = {
  readonly [C in CaseOf<O>]: JsonMember<ValueOf<O, C>>;
};
type CaseOf<O> = NonNullable<O> extends { readonly $case: infer C extends string } ? C : never;
type ValueOf<O, C> = Extract<O, { readonly $case: C }> extends { readonly value: infer V } ? V : never;
type OneOf = { readonly $case: string; readonly value: unknown } | undefined;

/**
 * A message.
 *
 * @param name its full name: `chat.v1.JoinRequest`
 * @param fields called once, when the first message is read or written: messages may lead to each other
 */
export function message<T extends object>(name: string, fields: () => JsonFields<T>): JsonMessage<T> {
  let entries: readonly (readonly [property: string, field: JsonField<unknown>])[] | undefined;
  const properties = (): NonNullable<typeof entries> => {
    entries ??= Object.entries<JsonField<unknown>>(fields());
    return entries;
  };
  const read = (json: unknown, depth: number): T => {
    if (!isJsonObject(json)) {
      throw mismatch("an object", json);
    }
    checkDepth(depth);
    const values: Record<string, unknown> = {};
    for (const [property, field] of properties()) {
      values[property] = field.read(json, depth + 1);
    }
    return values as T;
  };
  const write = (value: T): unknown => {
    const json = emptyJsonObject();
    const values = value as Readonly<Record<string, unknown>>;
    for (const [property, field] of properties()) {
      field.write(values[property], json, name);
    }
    return json;
  };
  return { read, write, fromJSON: (json) => read(json, 0), toJSON: write };
}

/**
 * An enum.
 *
 * @param name its full name: `chat.v1.Color`
 * @param values what each value is called in the .proto; of names for one number the first is written
 */
export function enumeration<E extends number>(
  name: string,
  values: readonly (readonly [name: string, number: E])[],
): JsonEnum<E> {
  const numbers = new Map(values);
  const names = new Map([...values].reverse().map(([valueName, number]) => [number, valueName]));
  return {
    // Only an enum that begins with 0 has fields that need not be there.
    zero: () => 0 as E,
    isZero: (value) => value === 0,
    read: (json) => {
      const value = typeof json === "string" ? numbers.get(json) : json;
      if (typeof value !== "number" || !isInt32(value)) {
        throw mismatch(`a value of ${name}`, json);
      }
      return value as E;
    },
    write: (value) => names.get(value) ?? value,
  };
}

/** A field that holds its default when it is not there. */
export function field<V>(name: JsonName, type: JsonScalar<V>): JsonField<V> {
  const { jsonName, take } = named(name, type);
  return {
    read: (json, depth) => {
      const value = take(json);
      return value === undefined ? type.zero() : readNamed(jsonName, type, value, depth);
    },
    write: (value, json) => {
      if (!type.isZero(value)) {
        json[jsonName] = type.write(value);
      }
    },
  };
}

/** A field that may be absent. */
export function optional<V>(name: JsonName, type: JsonType<V>): JsonField<V | undefined> {
  const { jsonName, take } = named(name, type);
  return {
    read: (json, depth) => {
      const value = take(json);
      return value === undefined ? undefined : readNamed(jsonName, type, value, depth);
    },
    write: (value, json) => {
      if (value !== undefined) {
        json[jsonName] = type.write(value);
      }
    },
  };
}

/** A required field of proto2: may be absent when it is read, and not when it is written. */
export function required<V>(name: JsonName, type: JsonType<V>): JsonField<V | undefined> {
  const { read, write } = optional(name, type);
  return {
    read,
    write: (value, json, messageName) => {
      if (value === undefined) {
        throw new Error(`the required field ${messageName}.${protoNameOf(name)} is not set`);
      }
      write(value, json, messageName);
    },
  };
}

/** A repeated field. */
export function list<V>(name: JsonName, type: JsonType<V>): JsonField<V[]> {
  const { jsonName, take } = named(name);
  return {
    read: (json, depth) => {
      const items = take(json) ?? [];
      try {
        if (!Array.isArray(items)) {
          throw mismatch("a list", items);
        }
        return items.map((item: unknown, index) => readNamed(index, type, item, depth));
      } catch (error) {
        throw found(error, jsonName);
      }
    },
    write: (values, json) => {
      if (values.length > 0) {
        json[jsonName] = values.map((value) => type.write(value));
      }
    },
  };
}

/** A map. */
export function map<K, V>(name: JsonName, keyType: JsonScalar<K>, type: JsonType<V>): JsonField<Map<K, V>> {
  const { jsonName, take } = named(name);
  return {
    read: (json, depth) => {
      const entries = take(json) ?? {};
      try {
        if (!isJsonObject(entries)) {
          throw mismatch("an object", entries);
        }
        return new Map(
          Object.entries(entries).map(([key, value]) => [readKey(keyType, key), readNamed(key, type, value, depth)]),
        );
      } catch (error) {
        throw found(error, jsonName);
      }
    },
    write: (values, json) => {
      if (values.size > 0) {
        const entries = emptyJsonObject();
        for (const [key, value] of values) {
          entries[String(key)] = type.write(value);
        }
        json[jsonName] = entries;
      }
    },
  };
}

/** A field of a oneof. */
export function member<V>(name: JsonName, type: JsonType<V>): JsonMember<V> {
  return { jsonName: jsonNameOf(name), protoName: protoNameOf(name), type };
}

/** A oneof: at most one of its fields is there. */
export function oneOf<O extends OneOf>(members: JsonMembers<O>): JsonField<O | undefined> {
  const cases = Object.entries<JsonMember<unknown>>(members).map(([$case, { jsonName, protoName, type }]) => ({
    $case,
    type,
    ...named([jsonName, protoName], type),
  }));
  const byName = new Map(cases.map((each) => [each.$case, each]));
  return {
    read: (json, depth) => {
      let chosen: { readonly $case: string; readonly value: unknown } | undefined;
      for (const { $case, type, jsonName, take } of cases) {
        const value = take(json);
        if (value === undefined) {
          continue;
        }
        if (chosen !== undefined) {
          const other = byName.get(chosen.$case)?.jsonName;
          throw new JsonMismatch(`${other} is there as well, and only one of them can be`).in(jsonName);
        }
        chosen = { $case, value: readNamed(jsonName, type, value, depth) };
      }
      return chosen as O | undefined;
    },
    write: (value, json) => {
      const chosen = value === undefined ? undefined : byName.get(value.$case);
      if (chosen !== undefined && value?.value !== undefined) {
        json[chosen.jsonName] = chosen.type.write(value.value);
      }
    },
  };
}

function jsonNameOf(name: JsonName): string {
  return typeof name === "string" ? name : name[0];
}

function protoNameOf(name: JsonName): string {
  return typeof name === "string" ? name : name[1];
}

/** How a field is found in the JSON of its message: by its own name there, or else by that in the .proto; null is none. */
export function named(
  name: JsonName,
  type?: { readonly takesNull?: true },
): { readonly jsonName: string; readonly take: (json: Readonly<Record<string, unknown>>) => unknown } {
  const jsonName = jsonNameOf(name);
  const protoName = protoNameOf(name);
  const takesNull = type?.takesNull === true;
  return {
    jsonName,
    take: (json) => {
      const key = Object.hasOwn(json, jsonName) ? jsonName : protoName;
      const value = Object.hasOwn(json, key) ? json[key] : undefined;
      return value === null && !takesNull ? undefined : value;
    },
  };
}

function readNamed<V>(name: string | number, type: JsonType<V>, json: unknown, depth: number): V {
  try {
    return type.read(json, depth);
  } catch (error) {
    throw found(error, name);
  }
}

function readKey<K>(type: JsonScalar<K>, key: string): K {
  try {
    return type.readKey === undefined ? type.read(key, 0) : type.readKey(key);
  } catch (error) {
    throw found(error, key);
  }
}

function isInt32(value: number): boolean {
  return (value | 0) === value;
}
