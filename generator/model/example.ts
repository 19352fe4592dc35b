import { type DescEnum, type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";

/** How deep messages are filled. */
const maxDepth = 4;
/** How many fields an example fills in all, required ones not counted: it is there to be read. */
const maxFields = 60;
/** How many fields a message inside another one fills. */
const maxInnerFields = 8;

/** What a field whose name has one of these words holds: the first and, where it is repeated, the second. */
const texts: readonly [words: string, first: string, second: string][] = [
  ["email mail", "ada@example.com", "grace@example.com"],
  ["name nick nickname user username uid player author sender from to member members owner winner", "ada", "grace"],
  ["text message body content comment", "hello", "good-bye"],
  ["title subject", "A title", "Another title"],
  ["url uri link", "https://example.com/", "https://example.com/2"],
  ["room channel lobby group", "lobby", "garden"],
  ["id key", "id-1", "id-2"],
  ["token secret password", "t0k3n", "t0k3n-2"],
  ["locale language lang", "en", "nb"],
  ["country", "NO", "SE"],
  ["version", "1.0.0", "1.1.0"],
  ["date day", "2026-01-02", "2026-01-03"],
  ["reason", "because", "therefore"],
  ["color colour", "#336699", "#996633"],
];
const numbers: readonly [words: string, value: number][] = [
  ["at timestamp", 1_767_323_045_000],
  ["ms millis milliseconds", 1500],
  ["seconds secs sec", 30],
  ["port", 3250],
  ["year", 2026],
  ["age", 36],
  ["level", 7],
  ["score points", 1200],
  ["count size total amount number", 3],
  ["percent", 50],
  ["lat latitude", 59.91],
  ["lon lng longitude", 10.75],
  ["x", 12],
  ["y", 34],
  ["z", 56],
];

/** Google's own types that have a JSON of their own. */
const wellKnown: Readonly<Record<string, JsonValue>> = {
  "google.protobuf.Timestamp": "2026-01-02T03:04:05Z",
  "google.protobuf.Duration": "1.500s",
  "google.protobuf.FieldMask": "name",
  "google.protobuf.Struct": { key: "value" },
  "google.protobuf.Value": "value",
  "google.protobuf.ListValue": ["value"],
  // Of what type it would be, nobody knows.
  "google.protobuf.Any": {},
};

/**
 * An example of a message, as protobuf's JSON. It is made of the names and types of the fields alone: the same today and
 * tomorrow. Of a oneof the first field is filled; what leads back to a message that is being filled is left out.
 */
export function exampleJson(message: DescMessage): JsonValue {
  return exampleMessage(message, { budget: maxFields, open: [] });
}

interface Filling {
  budget: number;
  /** The messages that are being filled, from the outside in. */
  readonly open: string[];
}

function exampleMessage(message: DescMessage, filling: Filling): JsonValue {
  const known = wellKnown[message.typeName];
  if (known !== undefined) {
    return known;
  }
  const wrapped = isWrapper(message) ? message.fields[0] : undefined;
  if (wrapped?.scalar !== undefined) {
    return exampleScalar(wrapped.scalar, wrapped, 0);
  }
  filling.open.push(message.typeName);
  const most = filling.open.length === 1 ? Number.POSITIVE_INFINITY : maxInnerFields;
  const entries: [string, JsonValue][] = [];
  for (const field of message.fields) {
    const isRequired = field.presence === requiredPresence;
    const isFirst = field.oneof === undefined || field.oneof.fields[0] === field;
    if (!isRequired && (!isFirst || filling.budget <= 0 || entries.length >= most || !mayFill(field, filling))) {
      continue;
    }
    filling.budget--;
    entries.push([field.jsonName, exampleField(field, filling)]);
  }
  filling.open.pop();
  // Not by assignment: a field may be called __proto__.
  return Object.fromEntries(entries);
}

/** google.protobuf.FeatureSet.FieldPresence.LEGACY_REQUIRED. */
const requiredPresence = 3;

function mayFill(field: DescField, { open }: Filling): boolean {
  const { message } = field;
  return message === undefined || (open.length < maxDepth && !open.includes(message.typeName));
}

function exampleField(field: DescField, filling: Filling): JsonValue {
  switch (field.fieldKind) {
    case "scalar":
      return exampleScalar(field.scalar, field, 0);
    case "enum":
      return exampleEnum(field.enum);
    case "message":
      return exampleMessage(field.message, filling);
    case "list":
      return field.listKind === "scalar"
        ? [exampleScalar(field.scalar, field, 0), exampleScalar(field.scalar, field, 1)]
        : [field.listKind === "enum" ? exampleEnum(field.enum) : exampleMessage(field.message, filling)];
    case "map": {
      const key = exampleKey(field.mapKey);
      switch (field.mapKind) {
        case "scalar":
          return { [key]: exampleScalar(field.scalar, field, 0) };
        case "enum":
          return { [key]: exampleEnum(field.enum) };
        default:
          return { [key]: exampleMessage(field.message, filling) };
      }
    }
  }
}

function exampleKey(type: ScalarType): string {
  return type === ScalarType.STRING ? "key" : type === ScalarType.BOOL ? "true" : "1";
}

function exampleEnum(type: DescEnum): JsonValue {
  if (type.typeName === "google.protobuf.NullValue") {
    return null;
  }
  return (type.values.find(({ number }) => number !== 0) ?? type.values[0])?.name ?? 0;
}

function exampleScalar(type: ScalarType, field: DescField, index: 0 | 1): JsonValue {
  const words = field.name.toLowerCase().split("_");
  switch (type) {
    case ScalarType.STRING: {
      const found = texts.find(([known]) => hasWord(known, words));
      return found === undefined ? words.join(" ").trim() + (index === 0 ? "" : " 2") : (found[1 + index] ?? "");
    }
    case ScalarType.BYTES:
      return index === 0 ? "AQIDBA==" : "BQYHCA==";
    case ScalarType.BOOL:
      return true;
    default:
      return exampleNumber(type, field, words, index);
  }
}

function exampleNumber(type: ScalarType, field: DescField, words: readonly string[], index: number): JsonValue {
  const value = (numbers.find(([known]) => hasWord(known, words))?.[1] ?? field.number) + index;
  switch (type) {
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      // A value that 32 bits hold, so that it reads the same on both sides.
      return Math.fround(Number.isInteger(value) ? value + 0.5 : Math.round(value * 4) / 4);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return String(Math.trunc(value));
    default:
      return Math.trunc(value > maxInt32 ? value / 1000 : value);
  }
}

const maxInt32 = 2_147_483_647;

function hasWord(known: string, words: readonly string[]): boolean {
  const all = known.split(" ");
  return words.some((word) => all.includes(word));
}

function isWrapper({ typeName }: DescMessage): boolean {
  return /^google\.protobuf\.(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value$/.test(typeName);
}
