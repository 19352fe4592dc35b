import { create, type DescField, type DescMessage, type DescOneof, type Message, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { FieldOptions_JSType } from "@bufbuild/protobuf/wkt";
import fc, { type GeneratorValue } from "fast-check";

const deepest = 3;
const texts = ["", "a", "__proto__", "constructor", "héllo 漢字 🎉", "*/ \u0024{x} `\u2028\u0000", "x".repeat(300)];
const doubles = [0, -0, 1, -1.5, 1e308, -5e-324, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const floats = [0, -0, 0.5, 3.4028234663852886e38, -1.401298464324817e-45, Number.NaN, Number.POSITIVE_INFINITY];
const signed = [0, 1, -1, 127, 128, 2147483647, -2147483648];
const unsigned = [0, 1, 127, 128, 16384, 2147483648, 4294967295];
const longs = [0n, 1n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const safeLongs = [0n, 1n, -1n, 2n ** 53n - 1n, -(2n ** 53n) + 1n];
const unsignedSafeLongs = [0n, 1n, 2n ** 53n - 1n];
const unsignedLongs = [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n];

/** What a random message may hold. */
export interface MessageSettings {
  /** Whether fields of open enums may hold values that the enum does not name. */
  readonly unknownEnumValues: boolean;
  /** Whether 64-bit integers are at most 2^53 - 1, as a number holds them. */
  readonly safeIntegers?: boolean;
  /** Whether floats may be minus zero, which JSON cannot say. */
  readonly minusZero: boolean;
}

/** A random message of a type: zeroes, extremes, unset fields, lists and maps, some levels deep. */
export function randomMessage(type: DescMessage, settings: MessageSettings): fc.Arbitrary<Message> {
  return fc.gen().map((g) => {
    const message = new MessageFiller(g, settings).fill(type, 0).message;
    return message;
  });
}

class MessageFiller {
  readonly #g: GeneratorValue;
  readonly #settings: MessageSettings;

  constructor(g: GeneratorValue, settings: MessageSettings) {
    this.#g = g;
    this.#settings = settings;
  }

  fill(type: DescMessage, depth: number): ReflectMessage {
    const message = reflect(type, create(type));
    switch (type.typeName) {
      case "google.protobuf.Timestamp":
        this.#timestamp(message);
        return message;
      case "google.protobuf.Duration":
        this.#duration(message);
        return message;
      case "google.protobuf.FieldMask":
        this.#fieldMask(message);
        return message;
      default:
    }
    for (const member of type.members) {
      if (member.kind === "oneof") {
        this.#oneof(message, member, depth);
      } else if (member.presence === requiredPresence || this.#int(0, 2) > 0) {
        this.#field(message, member, depth);
      }
    }
    return message;
  }

  #int(min: number, max: number): number {
    return this.#g(fc.integer, { min, max });
  }

  #pick<T>(values: readonly T[]): T {
    const value = values[this.#int(0, values.length - 1)];
    if (value === undefined) {
      throw new Error("nothing to pick from");
    }
    return value;
  }

  /** Dates have milliseconds, from the year 1 to the year 9999. */
  #timestamp(message: ReflectMessage): void {
    const [seconds, nanos] = message.desc.fields;
    if (seconds !== undefined && nanos !== undefined) {
      message.set(seconds, this.#pick([0n, -1n, 1n, 1_700_000_000n, -62_135_596_800n, 253_402_300_799n]));
      message.set(nanos, this.#pick([0, 1_000_000, 999_000_000, 250_000_000]));
    }
  }

  /** Seconds and nanoseconds have one sign. */
  #duration(message: ReflectMessage): void {
    const [seconds, nanos] = message.desc.fields;
    if (seconds !== undefined && nanos !== undefined) {
      const sign = this.#pick([1, -1]);
      message.set(seconds, BigInt(sign) * this.#pick([0n, 1n, 90n, 315_576_000_000n]));
      message.set(nanos, sign * this.#pick([0, 1, 1_000, 500_000_000, 999_999_999]) + 0);
    }
  }

  /** Paths that JSON can say. */
  #fieldMask(message: ReflectMessage): void {
    const [paths] = message.desc.fields;
    if (paths?.fieldKind === "list") {
      for (let count = this.#int(0, 3); count > 0; count--) {
        message.get(paths).add(this.#pick(["a", "user.display_name", "a_b.c_d", "x1.y"]));
      }
    }
  }

  #oneof(message: ReflectMessage, oneof: DescOneof, depth: number): void {
    // A google.protobuf.Value without a kind is no value.
    const mayBeUnset = oneof.parent.typeName !== "google.protobuf.Value";
    const fields = oneof.fields.filter((field) => field.fieldKind !== "message" || depth < deepest);
    const index = this.#int(mayBeUnset ? -1 : 0, fields.length - 1);
    const field = fields[index];
    if (field !== undefined) {
      this.#field(message, field, depth);
    }
  }

  #field(message: ReflectMessage, field: DescField, depth: number): void {
    switch (field.fieldKind) {
      case "list": {
        const list = message.get(field);
        const count = field.listKind === "message" && depth >= deepest ? 0 : this.#int(0, 3);
        for (let index = 0; index < count; index++) {
          list.add(this.#value(field, depth));
        }
        return;
      }
      case "map": {
        const map = message.get(field);
        const count = field.mapKind === "message" && depth >= deepest ? 0 : this.#int(0, 3);
        for (let index = 0; index < count; index++) {
          map.set(this.#scalar(field.mapKey), this.#value(field, depth));
        }
        return;
      }
      case "message":
        if (depth < deepest) {
          message.set(field, this.fill(field.message, depth + 1));
        }
        return;
      default:
        message.set(field, this.#value(field, depth));
    }
  }

  #value(field: DescField, depth: number): unknown {
    if (field.message !== undefined) {
      return this.fill(field.message, depth + 1);
    }
    if (field.enum !== undefined) {
      const known = field.enum.values.map(({ number }) => number);
      const isOpen = field.enum.open && field.enum.typeName !== "google.protobuf.NullValue";
      return this.#pick(isOpen && this.#settings.unknownEnumValues ? [...known, 77, -77] : known);
    }
    // JSON has no word for a google.protobuf.Value that is NaN or infinite.
    if (field.parent?.typeName === "google.protobuf.Value" && field.scalar === ScalarType.DOUBLE) {
      return this.#pick([0, 1, -1.5, 1e300]);
    }
    const isNumber = field.proto.options?.jstype === FieldOptions_JSType.JS_NUMBER;
    const value = this.#scalar(field.scalar ?? ScalarType.BOOL, isNumber);
    return Object.is(value, -0) && !this.#settings.minusZero ? 0 : value;
  }

  #scalar(type: ScalarType, isNumber = false): unknown {
    const isSafe = isNumber || this.#settings.safeIntegers === true;
    switch (type) {
      case ScalarType.DOUBLE:
        return this.#pick(doubles);
      case ScalarType.FLOAT:
        return this.#pick(floats);
      case ScalarType.INT32:
      case ScalarType.SINT32:
      case ScalarType.SFIXED32:
        return this.#pick(signed);
      case ScalarType.UINT32:
      case ScalarType.FIXED32:
        return this.#pick(unsigned);
      case ScalarType.INT64:
      case ScalarType.SINT64:
      case ScalarType.SFIXED64:
        return this.#pick(isSafe ? safeLongs : longs);
      case ScalarType.UINT64:
      case ScalarType.FIXED64:
        return this.#pick(isSafe ? unsignedSafeLongs : unsignedLongs);
      case ScalarType.BOOL:
        return this.#pick([true, false]);
      case ScalarType.STRING:
        return this.#pick(texts);
      case ScalarType.BYTES:
        return Uint8Array.from({ length: this.#pick([0, 1, 2, 3, 300]) }, (_, index) => (index * 37 + 255) % 256);
    }
  }
}

/** `FeatureSet.FieldPresence.LEGACY_REQUIRED`. */
const requiredPresence = 3;
