import { jsonOf, type Serializer } from "../../runtime/protocol/serializer.js";

/**
 * A serializer of a test's own, small and unlike the others: the parts of a JSON value in a row, each one byte for its kind (`{ [ " +`),
 * one for its length, and its text or its parts. It says `~` for what it does not know.
 */
export const taggedSerializer: Serializer = {
  name: "tagged",
  usesJson: true,
  encode: (codec, message) => Uint8Array.from(write(jsonOf(codec).toJSON(message))),
  decode: (codec, payload) => jsonOf(codec).fromJSON(new Reader(payload).whole()),
};

function write(value: unknown): number[] {
  if (typeof value === "string") {
    const text = [...new TextEncoder().encode(value)];
    return [0x22, text.length, ...text];
  }
  if (typeof value === "number") {
    const text = [...new TextEncoder().encode(String(value))];
    return [0x2b, text.length, ...text];
  }
  if (Array.isArray(value)) {
    return [0x5b, value.length, ...value.flatMap(write)];
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    return [0x7b, entries.length, ...entries.flatMap(([key, field]) => [...write(key), ...write(field)])];
  }
  return [0x7e, 0];
}

class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  whole(): unknown {
    const value = this.#value();
    if (this.#offset !== this.#bytes.length) {
      throw new TypeError("there is more than a value");
    }
    return value;
  }

  #value(): unknown {
    const kind = this.#bytes[this.#offset++];
    const length = this.#bytes[this.#offset++];
    if (kind === undefined || length === undefined) {
      throw new TypeError("a value is cut off");
    }
    switch (kind) {
      case 0x22:
        return this.#text(length);
      case 0x2b:
        return Number(this.#text(length));
      case 0x5b:
        return Array.from({ length }, () => this.#value());
      case 0x7b:
        return Object.fromEntries(Array.from({ length }, () => [this.#value(), this.#value()]));
      default:
        return undefined;
    }
  }

  #text(length: number): string {
    const end = this.#offset + length;
    if (end > this.#bytes.length) {
      throw new TypeError("a text is cut off");
    }
    const text = new TextDecoder().decode(this.#bytes.subarray(this.#offset, end));
    this.#offset = end;
    return text;
  }
}
