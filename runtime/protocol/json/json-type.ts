/**
 * Reads and writes values of one type of protobuf as JSON (https://protobuf.dev/programming-guides/json/).
 *
 * @typeParam T the type in TypeScript
 */
export interface JsonType<T> {
  /** Whether JSON's `null` is a value, and not the same as an absent field. */
  readonly takesNull?: true;
  /**
   * Makes a value of parsed JSON.
   *
   * @param depth how many messages, lists and objects this one is in
   * @throws JsonMismatch when it is none
   */
  read(json: unknown, depth: number): T;
  /** Makes a value for JSON.stringify. */
  write(value: T): unknown;
}

/**
 * A type with a default: what a field holds that is not there.
 *
 * @typeParam T the type in TypeScript
 */
export interface JsonScalar<T> extends JsonType<T> {
  /** What a field is that was not set. */
  zero(): T;
  /** Whether a value is that: such a field is left out. */
  isZero(value: T): boolean;
  /** Reads the key of a map, which in JSON is a text. Default: as a value. */
  readKey?(text: string): T;
}

/** Messages in messages: as many as protobuf's own implementations take. */
export const maxJsonDepth = 100;

const shownCharacters = 40;

/** JSON that is no value of its type: where, and why. */
export class JsonMismatch extends Error {
  /** What tells it from other errors where classes are not shared. */
  override readonly name = "JsonMismatch";
  readonly #reason: string;
  #path = "";

  /** @param reason what was expected, and what was there instead */
  constructor(reason: string) {
    super(reason);
    this.#reason = reason;
  }

  /** The field of the outermost message that it was found in; empty while that is not known. */
  get field(): string {
    return /^[^.[]*/.exec(this.#path)?.[0] ?? "";
  }

  /** Says in what it was found: a field's name, a place in a list, a key. */
  in(step: string | number): this {
    const { length } = this.#path;
    const separator = length === 0 || this.#path.startsWith("[") ? "" : ".";
    this.#path = `${typeof step === "number" ? `[${step}]` : step}${separator}${this.#path}`;
    this.message = `${this.#path}: ${this.#reason}`;
    return this;
  }
}

/** Adds to an error where it was found. */
export function found(error: unknown, step: string | number): unknown {
  return error instanceof JsonMismatch ? error.in(step) : error;
}

/** What was expected and what was there instead. */
export function mismatch(expected: string, json: unknown): JsonMismatch {
  return new JsonMismatch(`${expected} was expected, not ${shown(json)}`);
}

/** @throws JsonMismatch when messages, lists and objects are nested too deep */
export function checkDepth(depth: number): void {
  if (depth > maxJsonDepth) {
    throw new JsonMismatch(`nested deeper than ${maxJsonDepth}`);
  }
}

/** Whether a JSON value is an object, and neither a list nor null. */
export function isJsonObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** An object that takes every key, `__proto__` too, as its own. */
export function emptyJsonObject(): Record<string, unknown> {
  return Object.create(null);
}

function shown(json: unknown): string {
  if (isJsonObject(json)) {
    return "an object";
  }
  if (Array.isArray(json)) {
    return "a list";
  }
  const text = typeof json === "bigint" ? String(json) : (JSON.stringify(json) ?? String(json));
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
}
