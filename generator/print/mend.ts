import { isUsableTypeName } from "../model/names.js";

/**
 * What ts-proto writes and is not right, made right in its text. Each is one pattern that stands in the text of the pinned
 * version; a test for each says what goes wrong without it.
 */

/** A property that a message must have to be encoded. */
export interface RequiredProperty {
  /** The exported name of the message. */
  readonly type: string;
  readonly property: string;
  /** `chat.v1.JoinRequest.name`. */
  readonly protoName: string;
}

/** A 64-bit property that is a string or a number: `[jstype = JS_STRING]`. */
export interface JsTypedProperty {
  readonly property: string;
  /** The field's number. */
  readonly number: number;
  /** The field's type, as descriptor.proto numbers it. */
  readonly type: number;
}

/** A member of a oneof that is one of Google's wrappers (`google.protobuf.Int64Value`). */
export interface WrappedMember {
  readonly oneof: string;
  readonly property: string;
}

/** The fields of a file of which something is mended. */
export interface MendedFields {
  readonly required: readonly RequiredProperty[];
  readonly jsTyped: readonly JsTypedProperty[];
  readonly wrapped: readonly WrappedMember[];
  /** The properties of oneofs that are a google.protobuf.Value. */
  readonly values: readonly string[];
}

/** Types of descriptor.proto with eight bytes on the wire; the other 64-bit types are varints. */
const eightBytes: ReadonlySet<number> = new Set([6, 16]);

/** Mends protobuf codecs. */
export function mendCodecs(text: string, { required, jsTyped }: MendedFields): string {
  const mended = keepNegativeZero(keepProtoKey(countNanosUp(text)));
  return dropUnusableAliases(requireOnEncode(writeJsTyped(mended, jsTyped), required));
}

/** Mends JSON codecs. */
export function mendJsonCodecs(text: string, { required, wrapped, values }: MendedFields): string {
  const written = writeProtoKey(keepUnknownEnumValues(countNanosUp(nameJsonFiles(text))));
  const mended = readOwnOnly(readNull(readBooleanKeys(written), values));
  return dropUnusableAliases(requireToJson(knowWrapped(mended, wrapped), required));
}

/** What is imported from `room.codec.js` is in `room.json.js`. */
function nameJsonFiles(text: string): string {
  return text.replace(/^(import [^'"\n]* from (['"])[^'"\n]*)\.codec((?:\.[jt]s)?)\2;$/gm, "$1.json$3$2;");
}

/** Minus zero is not the default of a float or a double: it has a bit that zero has not. */
function keepNegativeZero(text: string): string {
  return text.replace(
    /if \(\s*(message(?:\.[\w$]+|\["[^"\n]*"\])) !== 0\s*\)(?=\s*\{\s*writer\.uint32\(\d+\)\.(?:double|float)\()/g,
    (_, value: string) => `if (${value} !== 0 || globalThis.Object.is(${value}, -0))`,
  );
}

/** The nanoseconds of a google.protobuf.Timestamp count up from its seconds, also before 1970. */
function countNanosUp(text: string): string {
  return text
    .replace("Math.trunc(date.getTime() / 1_000)", "Math.floor(date.getTime() / 1_000)")
    .replace("(date.getTime() % 1_000) * 1_000_000", "(((date.getTime() % 1_000) + 1_000) % 1_000) * 1_000_000");
}

/** Whether a value fits is asked as if it were a bigint, in lists, oneofs and optional fields. The writer takes any, and asks again. */
function writeJsTyped(text: string, jsTyped: readonly JsTypedProperty[]): string {
  return jsTyped.reduce((mended, { property, number, type }) => {
    const tag = ((number << 3) | (eightBytes.has(type) ? 1 : 0)) >>> 0;
    const check = String.raw`if \(BigInt\.asU?[iI]ntN\(64, ([^()\n]+?)!?\) !== \1!?\) \{\s*throw new globalThis\.Error\('[^\n]*`;
    const single = new RegExp(String.raw`${check}\s*\}\s*(?=writer\.uint32\(${tag}\)\.)`, "g");
    const packed = new RegExp(String.raw`${check} array field ${escapeName(property)} of type [^\n]*\s*\}`, "g");
    return mended.replace(single, "").replace(packed, "");
  }, text);
}

/** As proto2 has it, a message that lacks a required field is not sent: nobody else would read it. */
function requireOnEncode(text: string, required: readonly RequiredProperty[]): string {
  return insertChecks(
    text,
    required,
    (type) =>
      new RegExp(
        String.raw`export const ${escapeName(type)}: MessageFns\w*<${escapeName(type)}> = \{\s*encode\(\s*message: ${escapeName(type)},\s*writer: (\w+) = new \1\(\),\s*\): \1 \{`,
      ),
  );
}

function requireToJson(text: string, required: readonly RequiredProperty[]): string {
  return insertChecks(
    text,
    required,
    (type) => new RegExp(String.raw`\btoJSON\(\s*message: ${escapeName(type)}\s*\): unknown \{`),
  );
}

function insertChecks(text: string, required: readonly RequiredProperty[], beginOf: (type: string) => RegExp): string {
  let mended = text;
  for (const { type, property, protoName } of required) {
    const begin = beginOf(type).exec(mended);
    if (begin === null) {
      throw new Error(`the encoder of ${type} was not found in the text of its codec`);
    }
    const end = begin.index + begin[0].length;
    const check = `
    if (message[${JSON.stringify(property)}] === undefined) {
      throw new globalThis.Error(${JSON.stringify(`the required field ${protoName} is not set`)});
    }`;
    mended = mended.slice(0, end) + check + mended.slice(end);
  }
  return mended;
}

/** A value that this version of the enum does not name is a number in JSON, as protobuf says, and not an error. */
function keepUnknownEnumValues(text: string): string {
  return text
    .replace(
      /(ToJSON\(object: [\w$]+\)): string \{(\s*switch \(object\) \{(?:\s*(?:case|return) [^\n]*)*\s*default:\s*)throw new globalThis\.Error\("Unrecognized enum value " \+ object \+ [^\n]*\);/g,
      "$1: string | number {$2return object;",
    )
    .replace(
      /(default:\s*)(throw new globalThis\.Error\("Unrecognized enum value " \+ object \+ [^\n]*\);)/g,
      "$1if (globalThis.Number.isInteger(object)) { return object; }\n$2",
    );
}

/** A key called `__proto__` of a google.protobuf.Struct is a key like any other. */
function keepProtoKey(text: string): string {
  return text.replace(
    "object[key] = message.fields.get(key);",
    () => `const value = message.fields.get(key);
        if (key === "__proto__") {
          globalThis.Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
        } else {
          object[key] = value;
        }`,
  );
}

/** And so is one of a map. */
function writeProtoKey(text: string): string {
  return text.replace(/^(\s*obj(?:\.[\w$]+|\["[^"\n]*"\]) = )\{\};/gm, "$1globalThis.Object.create(null);");
}

/** The keys of a `map<bool, …>` are the texts "true" and "false". */
function readBooleanKeys(text: string): string {
  return text.replaceAll("acc.set(globalThis.Boolean(key),", 'acc.set(key === "true",');
}

/** A google.protobuf.Value may be null, which is not the same as none. */
function readNull(text: string, values: readonly string[]): string {
  const own = (_: string, access: string): string => `globalThis.Object.hasOwn(object, ${propertyOf(access)})`;
  const single = text.replace(/isSet\(object\?(\.[\w$]+|\.\["[^"\n]*"\])\)(?=\s*\? object)/g, own);
  return values.reduce((mended, property) => {
    const member = new RegExp(
      String.raw`isSet\(object(\.[\w$]+|\["[^"\n]*"\])\)(?=\s*\?\s*\{\s*\$case: '${escapeName(property)}', value: object\1\s*\})`,
      "g",
    );
    return mended.replace(member, own);
  }, single);
}

/** A field called `constructor` is set when the JSON has one, not because every object has one. */
function readOwnOnly(text: string): string {
  return text.replace(/is(?:Set|Object)\(object\??\.([\w$]+)\)/g, (check, name: string) =>
    name in Object.prototype ? `(globalThis.Object.hasOwn(object, "${name}") && ${check})` : check,
  );
}

/** `.name` → `"name"`, `["1"]` → `"1"`. */
function propertyOf(access: string): string {
  return access.endsWith("]") ? access.replace(/^\.?\[(.*)\]$/, "$1") : JSON.stringify(access.slice(1));
}

/**
 * A wrapper is read with `Number(…)`, which may be a message of the user's own; and where it is one of a oneof, its value is
 * there when its `$case` is, which its type does not tell.
 */
function knowWrapped(text: string, wrapped: readonly WrappedMember[]): string {
  const global = text.replace(
    /(?<=[ (])(?=(?:Number|Boolean|String)\((?:object[.[]|e\)|value\)|key\)))/g,
    "globalThis.",
  );
  return wrapped.reduce((mended, { oneof, property }) => {
    const place = String.raw`message(?:\.${escapeName(oneof)}|\["${escapeName(oneof)}"\])`;
    const assignment = new RegExp(
      String.raw`(${place}\?\.\$case === '${escapeName(property)}'\) \{\s*[^\n]*?${place}\.value)(?!!)`,
      "g",
    );
    return mended.replace(assignment, "$1!");
  }, global);
}

/** A value called `string` or `delete` is a property like any other, but no type can be called so. */
function dropUnusableAliases(text: string): string {
  return text.replace(/^[ \t]*export type ([\w$]+) = typeof [\w$]+\.\1;?[ \t]*\n/gm, (line, name: string) =>
    // After `export type`, `as` is taken for the word of a list of exports.
    isUsableTypeName(name) && name !== "as" ? line : "",
  );
}

function escapeName(name: string): string {
  return name.replaceAll("$", "\\$");
}
