import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { JsonMismatch, type JsonScalar, mismatch } from "./json-type.js";

const maxFloat = 3.4028234663852886e38;
/** The next number that a float has room for would be this one: halfway to it, rounding goes there. */
const floatOverflow = 3.4028235677973366e38;
const decimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** As many characters as 64 bits need, with a sign. */
const longestLong = 20;
const wholeNumber = /^-?(?:0|[1-9]\d*)$/;

/** `double`. NaN and the infinities are texts. */
export const double: JsonScalar<number> = floating(Number.MAX_VALUE, "a number");

/** `float`: as double, held to the range of one. */
export const float: JsonScalar<number> = floating(maxFloat, "a float");

/** `int32`, `sint32`, `sfixed32`. */
export const int32: JsonScalar<number> = integer(-(2 ** 31), 2 ** 31 - 1);

/** `uint32`, `fixed32`. */
export const uint32: JsonScalar<number> = integer(0, 2 ** 32 - 1);

const signed = longRange(-(2n ** 63n), 2n ** 63n - 1n);
const unsigned = longRange(0n, 2n ** 64n - 1n);

/** `int64`, `sint64`, `sfixed64` as a bigint. In JSON a text; a number is read too, when it is safe. */
export const int64: JsonScalar<bigint> = long(signed, (value) => value, 0n);
/** `int64`, `sint64`, `sfixed64` as a string. */
export const int64AsString: JsonScalar<string> = long(signed, String, "0");
/** `int64`, `sint64`, `sfixed64` as a number, also in JSON: one that is not safe is refused. */
export const int64AsNumber: JsonScalar<number> = long(signed, safeNumber, 0);
/** `uint64`, `fixed64` as a bigint. */
export const uint64: JsonScalar<bigint> = long(unsigned, (value) => value, 0n);
/** `uint64`, `fixed64` as a string. */
export const uint64AsString: JsonScalar<string> = long(unsigned, String, "0");
/** `uint64`, `fixed64` as a number, also in JSON: one that is not safe is refused. */
export const uint64AsNumber: JsonScalar<number> = long(unsigned, safeNumber, 0);

/** `bool`. */
export const bool: JsonScalar<boolean> = {
  zero: () => false,
  isZero: (value) => !value,
  read: (json) => {
    if (typeof json !== "boolean") {
      throw mismatch("true or false", json);
    }
    return json;
  },
  readKey: (text) => {
    if (text !== "true" && text !== "false") {
      throw mismatch("true or false", text);
    }
    return text === "true";
  },
  write: (value) => value,
};

/** `string`. */
export const string: JsonScalar<string> = {
  zero: () => "",
  isZero: (value) => value === "",
  read: (json) => {
    if (typeof json !== "string") {
      throw mismatch("a text", json);
    }
    return json;
  },
  write: (value) => value,
};

/** `bytes`: base64, in either alphabet, padded or not; written in the standard one, padded. */
export const bytes: JsonScalar<Uint8Array> = {
  zero: () => new Uint8Array(0),
  isZero: (value) => value.length === 0,
  read: (json) => {
    if (typeof json !== "string") {
      throw mismatch("base64", json);
    }
    try {
      return base64Decode(json);
    } catch {
      throw mismatch("base64", json);
    }
  },
  write: (value) => base64Encode(value),
};

function floating(max: number, expected: string): JsonScalar<number> {
  return {
    zero: () => 0,
    isZero: (value) => value === 0,
    read: (json) => {
      if (json === "NaN" || json === "Infinity" || json === "-Infinity") {
        return Number(json);
      }
      const value = typeof json === "string" && decimal.test(json) ? Number(json) : json;
      if (typeof value !== "number" || Math.abs(value) > (max === maxFloat ? floatOverflow : max)) {
        throw mismatch(expected, json);
      }
      return value;
    },
    write: (value) => (Number.isFinite(value) ? value : String(value)),
  };
}

function integer(min: number, max: number): JsonScalar<number> {
  return {
    zero: () => 0,
    isZero: (value) => value === 0,
    read: (json) => {
      const value = typeof json === "string" && decimal.test(json) ? Number(json) : json;
      if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
        throw mismatch(`an integer from ${min} to ${max}`, json);
      }
      // Minus zero is no integer of protobuf's.
      return value + 0;
    },
    write: (value) => value,
  };
}

/** @returns reads an integer of 64 bits */
function longRange(min: bigint, max: bigint): (json: unknown) => bigint {
  return (json) => {
    const value = bigintOf(json);
    if (value === undefined || value < min || value > max) {
      throw mismatch(`an integer from ${min} to ${max}`, json);
    }
    return value;
  };
}

/** A number above 2^53 is refused: JSON.parse has rounded it. */
function bigintOf(json: unknown): bigint | undefined {
  if (typeof json === "string" && json.length <= longestLong && wholeNumber.test(json)) {
    return BigInt(json);
  }
  // 1e3 and 1.0 are integers too.
  const value = typeof json === "string" && decimal.test(json) ? Number(json) : json;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

function long<T extends bigint | string | number>(
  readLong: (json: unknown) => bigint,
  fromBigint: (value: bigint) => T,
  zero: T,
): JsonScalar<T> {
  return {
    zero: () => zero,
    isZero: (value) => value === zero,
    read: (json) => fromBigint(readLong(json)),
    write: (value) => (typeof value === "number" ? value : String(value)),
  };
}

function safeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new JsonMismatch(`${value} is not an integer from -(2^53 - 1) to 2^53 - 1`);
  }
  return number;
}
