import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";

/** Google's own types that have a JSON of their own. */
const wellKnown: Readonly<Record<string, JsonObject>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]+)?s$" },
  "google.protobuf.FieldMask": { type: "string" },
  "google.protobuf.Struct": { type: "object" },
  "google.protobuf.Value": {},
  "google.protobuf.ListValue": { type: "array" },
  "google.protobuf.Empty": { type: "object", maxProperties: 0 },
  "google.protobuf.Any": { type: "object", properties: { "@type": { type: "string" } } },
};

/** The beginning of a reference to a message's or enum's schema in the same document. */
const schemas = "#/components/schemas/";

/** The JSON Schema (draft 7) of a message's JSON, of its fields alone; others are referred to. */
export function messageSchema(message: DescMessage, describe: (field: DescField) => JsonObject): JsonObject {
  const known = ownJson(message);
  if (known !== undefined) {
    return known;
  }
  const required = message.fields
    .filter(({ presence }) => presence === requiredPresence)
    .map((field) => field.jsonName);
  const properties = message.fields.map((field): [string, JsonValue] => [
    field.jsonName,
    withNotes(fieldSchema(field), describe(field)),
  ]);
  return {
    type: "object",
    // Not by assignment: a field may be called __proto__.
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
  };
}

/** The JSON Schema of an enum's JSON: the names. A value without a name is a number. */
export function enumSchema(type: DescEnum): JsonObject {
  return type.typeName === "google.protobuf.NullValue"
    ? { type: "null" }
    : { anyOf: [{ type: "string", enum: type.values.map(({ name }) => name) }, int32] };
}

/** Whether a schema of its own stands in the document, and is referred to. */
export function hasOwnSchema({ typeName }: DescMessage | DescEnum): boolean {
  return !typeName.startsWith("google.protobuf.");
}

/** google.protobuf.FeatureSet.FieldPresence.LEGACY_REQUIRED. */
const requiredPresence = 3;
const int32: JsonObject = { type: "integer", minimum: -2_147_483_648, maximum: 2_147_483_647 };
const uint32: JsonObject = { type: "integer", minimum: 0, maximum: 4_294_967_295 };
/** As JSON a 64-bit number is a string, or a number where the project chose that. Both are understood. */
const int64: JsonObject = { type: ["string", "integer"], pattern: "^-?[0-9]+$" };
const uint64: JsonObject = { type: ["string", "integer"], pattern: "^[0-9]+$" };
const float: JsonObject = { anyOf: [{ type: "number" }, { type: "string", enum: ["NaN", "Infinity", "-Infinity"] }] };

const scalars: Readonly<Record<ScalarType, JsonObject>> = {
  [ScalarType.DOUBLE]: float,
  [ScalarType.FLOAT]: float,
  [ScalarType.INT64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.INT32]: int32,
  [ScalarType.FIXED64]: uint64,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
  [ScalarType.UINT32]: uint32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.SINT32]: int32,
  [ScalarType.SINT64]: int64,
};

/** Draft 7 does not look at what stands beside a `$ref`. */
function withNotes(schema: JsonObject, notes: JsonObject): JsonObject {
  return Object.keys(notes).length > 0 && "$ref" in schema ? { allOf: [schema], ...notes } : { ...schema, ...notes };
}

function fieldSchema(field: DescField): JsonObject {
  switch (field.fieldKind) {
    case "list":
      return { type: "array", items: valueSchema(field) };
    case "map":
      return { type: "object", additionalProperties: valueSchema(field) };
    default:
      return valueSchema(field);
  }
}

/** What a field, an item of a list or a value of a map holds. */
function valueSchema({ scalar, enum: enumType, message }: DescField): JsonObject {
  if (scalar !== undefined) {
    return scalars[scalar];
  }
  const type = enumType ?? message;
  if (type === undefined || hasOwnSchema(type)) {
    return type === undefined ? {} : { $ref: `${schemas}${type.typeName}` };
  }
  return type.kind === "enum" ? enumSchema(type) : messageSchema(type, () => ({}));
}

function ownJson({ typeName, fields }: DescMessage): JsonObject | undefined {
  const [value] = fields;
  const isWrapper = /^google\.protobuf\.(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value$/.test(typeName);
  return isWrapper && value?.scalar !== undefined ? scalars[value.scalar] : wellKnown[typeName];
}
