import type { Choices } from "../model/choices.js";

/** What of a google.protobuf.DescriptorProto, as ts-proto decodes it, is looked at. */
export interface CheckedMessage {
  /** Absent for an enum. */
  readonly field?: readonly Field[];
  readonly nestedType?: readonly (CheckedMessage & { readonly name: string })[];
  readonly options?: { readonly mapEntry: boolean } | undefined;
}

interface Field {
  readonly name: string;
  readonly jsonName: string;
  readonly label: number;
  readonly type: number;
  readonly typeName: string;
  readonly options?: { readonly jstype: number } | undefined;
}

/** Numbers of descriptor.proto: int64, uint64, fixed64, sfixed64, sint64. */
const longTypes: ReadonlySet<number> = new Set([3, 4, 6, 16, 18]);
const labelRepeated = 3;
const jsNumber = 2;
const jsString = 1;
const longWrappers: ReadonlySet<string> = new Set([".google.protobuf.Int64Value", ".google.protobuf.UInt64Value"]);

const number = "(?:globalThis\\.)?Number";
const safeInteger = `
function safeInteger(value: unknown): number {
  const number = globalThis.Number(value);
  if (!globalThis.Number.isSafeInteger(number)) {
    throw new globalThis.RangeError(\`\${globalThis.String(value)} is not an integer from -(2^53 - 1) to 2^53 - 1\`);
  }
  return number;
}
`;

/**
 * Makes JSON codecs refuse a 64-bit integer that a number cannot hold exactly. ts-proto's protobuf codecs do; its JSON codecs
 * read the text of 2^53 + 1 as 2^53 and say nothing.
 *
 * @param text a file of JSON codecs as ts-proto prints it
 * @param messages the file's messages by the names of their codecs
 * @throws Error when the text is not what ts-proto is known to print: better than to let one through
 */
export function checkIntegersOfJson(
  text: string,
  messages: ReadonlyMap<string, CheckedMessage>,
  int64: Choices["int64"],
): string {
  let isChanged = false;
  const checked = text.replace(
    /fromJSON\(object: any\): (\w+) \{[\s\S]*?\n\s*toJSON\(/g,
    (reader: string, name: string): string => {
      const message = messages.get(name);
      let changed = reader;
      for (const field of message?.field ?? []) {
        for (const pattern of message === undefined ? [] : patternsOf(message, field, int64)) {
          const before = changed;
          changed = changed.replace(pattern, "$<start>safeInteger($<end>");
          if (changed === before) {
            throw new Error(`the JSON codec of ${name}.${field.name} is not printed as nanowire knows it`);
          }
          isChanged = true;
        }
      }
      return changed;
    },
  );
  return isChanged ? checked + safeInteger : text;
}

/** What is found in a reader for each way in which it makes a number of a field's 64 bits. */
function patternsOf(message: CheckedMessage, field: Field, int64: Choices["int64"]): RegExp[] {
  const accessor = `(?:${[...new Set([field.jsonName, field.name])].map(accessorPattern).join("|")})`;
  const entry = message.nestedType?.find(
    (nested) => nested.options?.mapEntry === true && field.typeName.endsWith(`.${nested.name}`),
  );
  if (entry !== undefined && field.label === labelRepeated) {
    const start = `(?<start>entries\\(${accessor}\\)(?:(?!acc\\.set)[\\s\\S])*acc\\.set\\(`;
    const [key, value] = entry.field ?? [];
    return [
      ...(isNumber(key, int64) ? [new RegExp(`${start})${number}\\((?<end>key\\))`, "g")] : []),
      ...(isNumber(value, int64) ? [new RegExp(`${start}[^;]*, )${number}\\((?<end>value\\))`, "g")] : []),
    ];
  }
  if (!isNumber(field, int64)) {
    return [];
  }
  return field.label === labelRepeated
    ? [new RegExp(`(?<start>${accessor}\\.map\\(\\(e: any\\) => )${number}\\((?<end>e\\))`, "g")]
    : [new RegExp(`(?<start>)${number}\\((?<end>${accessor}\\))`, "g")];
}

/** Whether a field has 64 bits and is a number all the same. */
function isNumber(field: Field | undefined, int64: Choices["int64"]): boolean {
  if (field === undefined || !(longTypes.has(field.type) || longWrappers.has(field.typeName))) {
    return false;
  }
  const jsType = field.options?.jstype;
  return jsType === jsNumber || (int64 === "number" && jsType !== jsString);
}

/** How a property of the parsed JSON is written, as a pattern: `object.a` or `object["a-b"]`. */
function accessorPattern(name: string): string {
  const accessor = /^[a-zA-Z_$][\w$]*$/.test(name) ? `object.${name}` : `object[${JSON.stringify(name)}]`;
  return accessor.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
