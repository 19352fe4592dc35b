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

/** Mends protobuf codecs. */
export function mendCodecs(text: string, required: readonly RequiredProperty[]): string {
  const mended = throughOurWire(knowMasks(keepNegativeZero(keepProtoKey(countNanosUp(keepUnknownFields(text))))));
  return dropUnusableAliases(requireOnEncode(mended, required));
}

/**
 * A message that knows all of its fields has no object for the others. What is kept is what others can read: a group that
 * another one ends, and a field of the number 0, are refused, as protobuf's own implementation refuses them.
 */
function keepUnknownFields(text: string): string {
  if (!text.includes("message._unknownFields")) {
    return text;
  }
  return text.replace(/^(\s*return \{.*?),?_unknownFields: \{\} \};$/gm, "$1 };").replace(
    /const buf = reader\.skip\(tag & 7\);\s*const list = message\._unknownFields!\[tag\];\s*if \(list === undefined \) \{[^}]*\} else \{[^}]*\}/g,
    `if (tag >>> 3 === 0) {
          throw new globalThis.Error("a field of the number 0");
        }
        const bytes = reader.skip(tag & 7, tag >>> 3);
        ((message._unknownFields ??= {})[tag] ??= []).push(bytes);`,
  );
}

/**
 * Codecs write and read through the package's own classes, a third as large in a browser. They know more than those that
 * ts-proto names: the writer refuses what 64 bits do not hold, in words of its own, whatever type the number
 * has in TypeScript, so that no codec needs to ask; the reader counts how deep messages are inside each other.
 */
function throughOurWire(text: string): string {
  return callNumbers(text)
    .replace(
      /if \(\s*BigInt\.asU?[iI]ntN\(64, ([^\n]+)\) !== \1\s*\) \{\s*throw new globalThis\.Error\(\s*['"][^\n]*['"],?\s*\);?\s*\}\s*/g,
      "",
    )
    .replace(
      /const previousRecursionDepth = \(reader as any\)\.__tsProtoDecodeDepth \?\? 0;.*?try \{\s*const end = length === undefined \? reader\.len : reader\.pos \+ length;/gs,
      "const end = reader.enter(length);",
    )
    .replace(
      /return message;\s*\} finally \{\s*\(reader as any\)\.__tsProtoDecodeDepth = previousRecursionDepth;\s*\}/g,
      "reader.leave();\n      return message;",
    );
}

/** A method of ts-proto's reader or writer that is a function of ours. */
const numberMethod = "(int32|sint32|int64|uint64|sint64|fixed32|sfixed32|fixed64|sfixed64|float|double|bool)";
const numberRead = new RegExp(String.raw`\breader\s*\.${numberMethod}\(\)`, "g");
const numberWrite = new RegExp(String.raw`\b(writer(?:\s*\.uint32\(\d+\))?)\s*\.${numberMethod}\((?!\))`, "g");

/** Whether what stands at a place of a text is a name by itself, and not in a line of a comment, which may say anything. */
function isCode(text: string, offset: number): boolean {
  const line = text.slice(text.lastIndexOf("\n", offset) + 1, offset);
  return !/[\w$.]$|^[ \t]*(?:\/\*|\*|\/\/)/.test(line);
}

/** Numbers but for uint32 are read and written by functions, of which a bundler keeps what the codecs of a page call. */
function callNumbers(text: string): string {
  /** The functions that are called, and what each is called here: a message may have its name, but none has a `$`. */
  const called = new Map<string, string>();
  const call = (verb: string, type: string): string => {
    const name = `${verb}${type[0]?.toUpperCase()}${type.slice(1)}`;
    const known = called.get(name);
    if (known !== undefined) {
      return known;
    }
    const local = new RegExp(String.raw`\b${name}\b`).test(text) ? `$${name}` : name;
    called.set(name, local);
    return local;
  };
  const calling = text
    .replace(numberRead, (method, type: string, offset: number, whole: string) =>
      isCode(whole, offset) ? `${call("read", type)}(reader)` : method,
    )
    .replace(numberWrite, (method, writer: string, type: string, offset: number, whole: string) =>
      isCode(whole, offset) ? `${call("write", type)}(${writer}, ` : method,
    );
  return calling.replace(/(?<=^import \{[^}\n]*?) *\} from (['"])@bufbuild\/protobuf\/wire\1/m, (_, quote: string) => {
    const imports = [...called].map(([name, local]) => (name === local ? name : `${name} as ${local}`)).sort();
    return `${imports.map((name) => `, ${name}`).join("")} } from ${quote}nanowire/wire${quote}`;
  });
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

/** The paths of a google.protobuf.FieldMask in a oneof are there when its `$case` is, which their type does not tell. */
function knowMasks(text: string): string {
  return text.replace(/\b(FieldMask\w*\.wrap\(message(?:\.[\w$]+|\["[^"\n]*"\])\.value)\)/g, "$1!)");
}

/** As proto2 has it, a message that lacks a required field is not sent: nobody else would read it. */
function requireOnEncode(text: string, required: readonly RequiredProperty[]): string {
  let mended = text;
  for (const { type, property, protoName } of required) {
    const name = escapeName(type);
    const begin = new RegExp(
      String.raw`export const ${name}: MessageFns\w*<${name}> = \{\s*encode\(\s*message: ${name},\s*writer: (\w+) = new \1\(\),\s*\): \1 \{`,
    ).exec(mended);
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
