import type { JsonMessage } from "./json-message.js";
import {
  checkDepth,
  emptyJsonObject,
  found,
  isJsonObject,
  type JsonScalar,
  type JsonType,
  mismatch,
} from "./json-type.js";

/** Seconds, and billionths of one, as google.protobuf.Timestamp and google.protobuf.Duration have them. */
interface SecondsAndNanos<S> {
  seconds: S;
  nanos: number;
}

/** A google.protobuf.Struct in TypeScript. */
type StructObject = { [key: string]: unknown };

/** What a google.protobuf.Value holds, when it stands for itself. */
interface ValueMessage {
  kind:
    | { $case: "nullValue"; value: 0 }
    | { $case: "numberValue"; value: number }
    | { $case: "stringValue"; value: string }
    | { $case: "boolValue"; value: boolean }
    | { $case: "structValue"; value: StructObject | undefined }
    | { $case: "listValue"; value: unknown[] | undefined }
    | undefined;
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const durationForm = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970. */
const timestampRange = [-62_135_596_800, 253_402_300_799] as const;
const maxDurationSeconds = 315_576_000_000;
const nanosASecond = 1_000_000_000;

/** A google.protobuf.Timestamp that is a Date: to the millisecond, what is finer is cut off. */
export const timestamp: JsonType<Date> = {
  read: (json) => {
    const { seconds, nanos } = parseTimestamp(json);
    return new Date(seconds * 1_000 + Math.floor(nanos / 1_000_000));
  },
  write: (value) => {
    const seconds = Math.floor(value.getTime() / 1_000);
    return formatTimestamp(seconds, (value.getTime() - seconds * 1_000) * 1_000_000);
  },
};

/** A google.protobuf.Struct that is an object. */
export const struct: JsonType<StructObject> = {
  read: (json, depth) => {
    if (!isJsonObject(json)) {
      throw mismatch("an object", json);
    }
    checkValue(json, depth);
    return json;
  },
  write: (value) => value,
};

/** A google.protobuf.Value that is what it holds. */
export const value: JsonType<unknown> = {
  takesNull: true,
  read: (json, depth) => {
    checkValue(json, depth);
    return json;
  },
  write: (held) => held,
};

/** A google.protobuf.ListValue that is a list. */
export const listValue: JsonType<unknown[]> = {
  read: (json, depth) => {
    if (!Array.isArray(json)) {
      throw mismatch("a list", json);
    }
    checkValue(json, depth);
    return json;
  },
  write: (items) => items,
};

/** A google.protobuf.FieldMask that is a list of paths: in JSON one text, with commas, in lowerCamelCase. */
export const fieldMask: JsonType<string[]> = {
  read: (json) => {
    if (typeof json !== "string" || json.includes("_")) {
      throw mismatch("a list of paths in lowerCamelCase", json);
    }
    return json === ""
      ? []
      : json.split(",").map((path) => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  },
  write: (paths) => {
    const unsayable = paths.find((path) => /[A-Z,]|_(?![a-z])/.test(path));
    if (unsayable !== undefined) {
      throw new Error(`the path ${JSON.stringify(unsayable)} of a field mask cannot be said in JSON`);
    }
    return paths.map((path) => path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())).join(",");
  },
};

/** The enum google.protobuf.NullValue: JSON's null. */
export const nullValue: JsonScalar<0> = {
  takesNull: true,
  zero: () => 0,
  isZero: () => true,
  read: (json) => {
    if (json !== null && json !== "NULL_VALUE" && json !== 0) {
      throw mismatch("null", json);
    }
    return 0;
  },
  write: () => null,
};

/** google.protobuf.Timestamp as a message of its own. */
export function timestampMessage<S>(seconds: JsonScalar<S>): JsonMessage<SecondsAndNanos<S>> {
  return codec({
    read: (json, depth) => {
      const parsed = parseTimestamp(json);
      return { seconds: seconds.read(parsed.seconds, depth), nanos: parsed.nanos };
    },
    write: (time) => formatTimestamp(Number(time.seconds), time.nanos),
  });
}

/** google.protobuf.Duration. */
export function durationMessage<S>(seconds: JsonScalar<S>): JsonMessage<SecondsAndNanos<S>> {
  return codec({
    read: (json, depth) => {
      const [, sign, whole, fraction] = (typeof json === "string" ? durationForm.exec(json) : null) ?? [];
      if (whole === undefined || Number(whole) > maxDurationSeconds) {
        throw mismatch('a duration, as in "1.5s"', json);
      }
      const factor = sign === "-" ? -1 : 1;
      return { seconds: seconds.read(factor * Number(whole) + 0, depth), nanos: factor * nanosOf(fraction) + 0 };
    },
    write: (duration) => {
      const whole = Number(duration.seconds);
      const { nanos } = duration;
      if (Math.abs(whole) > maxDurationSeconds || Math.abs(nanos) >= nanosASecond || whole * nanos < 0) {
        throw new Error(`a duration of ${whole} seconds and ${nanos} nanoseconds cannot be said in JSON`);
      }
      return `${whole < 0 || nanos < 0 ? "-" : ""}${Math.abs(whole)}${formatNanos(Math.abs(nanos))}s`;
    },
  });
}

/** google.protobuf.Int64Value and its like, as messages of their own. */
export function wrapperMessage<T>(type: JsonScalar<T>): JsonMessage<{ value: T }> {
  return codec({
    read: (json, depth) => ({ value: type.read(json, depth) }),
    write: (wrapper) => type.write(wrapper.value),
  });
}

/** google.protobuf.FieldMask as a message of its own. */
export const fieldMaskMessage: JsonMessage<{ paths: string[] }> = codec({
  read: (json, depth) => ({ paths: fieldMask.read(json, depth) }),
  write: ({ paths }) => fieldMask.write(paths),
});

/** google.protobuf.Struct as a message of its own. */
export const structMessage: JsonMessage<{ fields: Map<string, unknown> }> = codec({
  read: (json, depth) => ({ fields: new Map(Object.entries(struct.read(json, depth))) }),
  write: ({ fields }) => {
    const json = emptyJsonObject();
    for (const [key, held] of fields) {
      json[key] = held;
    }
    return json;
  },
});

/** google.protobuf.ListValue as a message of its own. */
export const listValueMessage: JsonMessage<{ values: unknown[] }> = codec({
  read: (json, depth) => ({ values: listValue.read(json, depth) }),
  write: ({ values }) => values,
});

/** google.protobuf.Value as a message of its own. */
export const valueMessage: JsonMessage<ValueMessage> = codec({
  read: (json, depth) => {
    checkValue(json, depth);
    return { kind: kindOf(json) };
  },
  write: ({ kind }) => {
    if (kind === undefined) {
      throw new Error("a google.protobuf.Value with nothing in it cannot be said in JSON");
    }
    return kind.$case === "nullValue" ? null : kind.value;
  },
});

function codec<T>(type: JsonType<T>): JsonMessage<T> {
  return { ...type, fromJSON: (json) => type.read(json, 0), toJSON: (held) => type.write(held) };
}

function kindOf(json: unknown): ValueMessage["kind"] {
  switch (typeof json) {
    case "number":
      return { $case: "numberValue", value: json };
    case "string":
      return { $case: "stringValue", value: json };
    case "boolean":
      return { $case: "boolValue", value: json };
    default:
      if (Array.isArray(json)) {
        return { $case: "listValue", value: json };
      }
      return isJsonObject(json) ? { $case: "structValue", value: json } : { $case: "nullValue", value: 0 };
  }
}

/** Any JSON is a value, but not one that is nested too deep for whoever reads it next. */
function checkValue(json: unknown, depth: number): void {
  checkDepth(depth);
  if (typeof json === "object" && json !== null) {
    for (const [key, inner] of Object.entries(json)) {
      try {
        checkValue(inner, depth + 1);
      } catch (error) {
        throw found(error, key);
      }
    }
  }
}

function parseTimestamp(json: unknown): { readonly seconds: number; readonly nanos: number } {
  const [, time, fraction, zone] = (typeof json === "string" ? rfc3339.exec(json) : null) ?? [];
  const seconds = Date.parse(`${time}${zone}`) / 1_000;
  if (!(seconds >= timestampRange[0] && seconds <= timestampRange[1])) {
    throw mismatch('a time, as in "2026-01-31T12:00:00Z"', json);
  }
  return { seconds, nanos: nanosOf(fraction) };
}

function formatTimestamp(seconds: number, nanos: number): string {
  if (!(seconds >= timestampRange[0] && seconds <= timestampRange[1] && nanos >= 0 && nanos < nanosASecond)) {
    throw new Error(`a time of ${seconds} seconds and ${nanos} nanoseconds cannot be said in JSON`);
  }
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}${formatNanos(nanos)}Z`;
}

function nanosOf(fraction: string | undefined): number {
  return Number((fraction ?? "").padEnd(9, "0"));
}

/** With 0, 3, 6 or 9 digits, as protobuf has it. */
function formatNanos(nanos: number): string {
  const digits = String(nanos)
    .padStart(9, "0")
    .replace(/(?:000){1,3}$/, "");
  return digits === "" ? "" : `.${digits}`;
}
