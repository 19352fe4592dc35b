import { NanowireError } from "../base/error.js";
import { bytes } from "../protocol/json/json-scalars.js";
import type { SessionData } from "./session.js";

/** What has changed in the data of a session. */
interface DataChanges {
  /** The keys that have another value now, and their values, each in JSON of {@link encodeValue}. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** The keys that are gone. */
  readonly gone?: readonly string[];
}

/** A key of a session's data, as it was when it was last looked at. */
interface Kept {
  /** The value in JSON; undefined: it is gone. */
  text: string | undefined;
  /** When it changed. */
  version: number;
  /** Who changed it: another node need not be told what it has told us. */
  from: unknown;
}

/**
 * Finds what has changed in the data of a session, for nodes that know what it was before. What is no JSON (functions, instances of classes, what holds
 * itself) stays on its node.
 */
export class SessionChanges {
  readonly #kept = new Map<string, Kept>();
  #version = 0;

  /** How often something has changed. */
  get version(): number {
    return this.#version;
  }

  /** Looks what the program has changed since the last look. */
  look(data: Partial<SessionData>): void {
    for (const [key, kept] of this.#kept) {
      if (kept.text !== undefined && !Object.hasOwn(data, key)) {
        this.#note(key, undefined, undefined);
      }
    }
    for (const [key, value] of Object.entries(data)) {
      const text = encodeValue(value);
      if (text !== undefined && this.#kept.get(key)?.text !== text) {
        this.#note(key, text, undefined);
      }
    }
  }

  /**
   * What has changed since a version, in JSON; undefined when nothing has.
   *
   * @param to who is to be told: what came from there is left out
   */
  since(version: number, to: unknown): string | undefined {
    if (version === this.#version) {
      return undefined;
    }
    const set: string[] = [];
    const gone: string[] = [];
    for (const [key, { text, version: changed, from }] of this.#kept) {
      if (changed > version && from !== to) {
        if (text === undefined) {
          gone.push(key);
        } else {
          set.push(`${JSON.stringify(key)}:${text}`);
        }
      }
    }
    const parts = [
      ...(set.length === 0 ? [] : [`"set":{${set.join(",")}}`]),
      ...(gone.length === 0 ? [] : [`"gone":${JSON.stringify(gone)}`]),
    ];
    return parts.length === 0 ? undefined : `{${parts.join(",")}}`;
  }

  /**
   * Takes over what another node has changed.
   *
   * @throws NanowireError `invalid_message` when it is none; nothing is taken over then
   */
  apply(changes: string, data: Partial<SessionData>, from: unknown): void {
    const target = data as Record<string, unknown>;
    const { set, gone } = readChanges(changes);
    for (const { key, value, text } of set) {
      // No setter of the prototype's is called, whatever the key.
      Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
      this.#note(key, text, from);
    }
    for (const key of gone) {
      delete target[key];
      this.#note(key, undefined, from);
    }
  }

  #note(key: string, text: string | undefined, from: unknown): void {
    this.#kept.set(key, { text, version: ++this.#version, from });
  }
}

/** What another node says has changed. The error tells nothing of it: a session's data may be secret, and errors are logged. */
function readChanges(changes: string): {
  readonly set: readonly { readonly key: string; readonly value: unknown; readonly text: string }[];
  readonly gone: readonly string[];
} {
  try {
    const { set = {}, gone = [] } = JSON.parse(changes) as DataChanges;
    return {
      set: Object.entries(set).map(([key, value]) => ({ key, value: revive(value), text: JSON.stringify(value) })),
      gone: (gone as readonly unknown[]).map(String),
    };
  } catch {
    throw new NanowireError("invalid_message", `${changes.length} characters are no change of a session's data`);
  }
}

/**
 * A value in JSON; undefined for one that is none. What JSON lacks is an object with one key that begins with `$`: `{"$bigint":"1"}`, `{"$date":"…"}`, `{"$bytes":"…"}`, in
 * base64; an object that looks like one of these is `{"$object":{…}}`.
 */
export function encodeValue(value: unknown): string | undefined {
  try {
    return JSON.stringify(plain(value, 0));
  } catch {
    return undefined;
  }
}

/** The value that {@link encodeValue} has encoded. */
export function decodeValue(text: string): unknown {
  return revive(JSON.parse(text));
}

function plain(value: unknown, depth: number): unknown {
  if (depth > mostDepth) {
    throw new TypeError("too deep");
  }
  switch (typeof value) {
    case "bigint":
      return { $bigint: String(value) };
    case "number":
      // JSON has no infinity.
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : String(value) };
    case "object":
      return value === null ? null : plainObject(value, depth);
    case "string":
    case "boolean":
      return value;
    default:
      throw new TypeError(`a ${typeof value} is no JSON`);
  }
}

function plainObject(value: object, depth: number): unknown {
  if (Array.isArray(value)) {
    return Array.from(value, (item) => plain(item, depth + 1));
  }
  if (value instanceof Date) {
    return { $date: value.toISOString() };
  }
  if (value instanceof Uint8Array) {
    return { $bytes: bytes.write(value) };
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError("an instance of a class is no JSON");
  }
  const entries = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => [key, plain(part, depth + 1)] as const);
  const copy = Object.fromEntries(entries);
  return entries.length === 1 && (entries[0]?.[0] ?? "").startsWith("$") ? { $object: copy } : copy;
}

function revive(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(revive);
  }
  const entries = Object.entries(value);
  const [key, part] = entries.length === 1 ? (entries[0] as [string, unknown]) : ["", undefined];
  switch (key) {
    case "$bigint":
      return BigInt(part as string);
    case "$number":
      return Number(part);
    case "$date":
      return new Date(part as string);
    case "$bytes":
      return bytes.read(part, 0);
    case "$object":
      return reviveEntries(Object.entries(part as object));
    default:
      return reviveEntries(entries);
  }
}

function reviveEntries(entries: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(entries.map(([key, part]) => [key, revive(part)]));
}

/** No data is nested more deeply: what is, holds itself. */
const mostDepth = 64;
