import { NanowireError } from "./error.js";

/**
 * What an option may be where it is given: of a type, an array, an object (which a function is, too), what is looked at elsewhere
 * (`checked`), or a text that no error shows (`secret`).
 */
export type OptionKind = "boolean" | "string" | "secret" | "function" | "array" | "object" | "checked";

/** The names of all options, of each type of a union. */
type NamesOf<T> = T extends unknown ? keyof T & string : never;

/**
 * Refuses what is no object of options, a name that none of them has, and a value of another kind. The types say the same; a program in
 * JavaScript has none, and neither has one that puts its options together elsewhere: a slip in a name would leave a default in its place without
 * a word.
 *
 * @param what whose options they are, for the error: `ws`; empty where that is plain
 * @param kinds every option's name, and its kind. One that is undefined is not given
 * @throws NanowireError `invalid_option`
 */
export function assertOptions<T extends object>(
  what: string,
  options: T,
  kinds: Readonly<Record<NamesOf<T>, OptionKind>>,
): void {
  const given: unknown = options;
  const prefix = what === "" ? "" : `${what}.`;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    const whose = what === "" ? "" : ` of ${what}`;
    throw new NanowireError("invalid_option", `the options${whose} are ${nameOf(given)}, not an object`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(kinds, name)) {
      const known = Object.keys(kinds).join(", ");
      throw new NanowireError("invalid_option", `there is no option ${prefix}${name}; there are ${known}`);
    }
    const kind = kinds[name as NamesOf<T>];
    if (value !== undefined && !isOf(kind, value)) {
      throw new NanowireError(
        "invalid_option",
        `${prefix}${name} ${kind === "secret" ? `of type ${typeof value}` : nameOf(value)} is not ${called[kind]}`,
      );
    }
  }
}

/**
 * Refuses what cannot be called: it would fail each time that it is to be.
 *
 * @param name what it is, for the error: `task`
 * @throws NanowireError `invalid_option`
 */
export function assertFunction(name: string, value: unknown): void {
  if (typeof value !== "function") {
    throw new NanowireError("invalid_option", `${name} ${nameOf(value)} is not a function`);
  }
}

/**
 * Refuses what lacks a method that is asked of it.
 *
 * @param name what it is, for the error: `logger`
 * @throws NanowireError `invalid_option`
 */
export function assertMethods<T extends object>(name: string, value: T, methods: readonly (keyof T & string)[]): void {
  for (const method of methods) {
    if (typeof Object(value)[method] !== "function") {
      throw new NanowireError("invalid_option", `${name} ${nameOf(value)} lacks the method ${method}`);
    }
  }
}

function isOf(kind: OptionKind, value: unknown): boolean {
  switch (kind) {
    case "checked":
      return true;
    case "array":
      return Array.isArray(value);
    case "object":
      return Object(value) === value;
    case "secret":
      return typeof value === "string";
    default:
      return typeof value === kind;
  }
}

/** What an error shows of a value; whatever it is, showing it does not throw. */
function nameOf(value: unknown): string {
  return Object(value) === value ? (Array.isArray(value) ? "an array" : `of type ${typeof value}`) : String(value);
}

const called: Readonly<Record<OptionKind, string>> = {
  boolean: "true or false",
  string: "a string",
  secret: "a string",
  function: "a function",
  array: "an array",
  object: "an object",
  checked: "",
};
