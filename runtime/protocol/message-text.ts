import type { MessageCodec, Redaction } from "./codec.js";

/** The greatest length of a message's text, in UTF-16 units, but for the sign that it was cut. */
export const maxTextLength = 1_024;

const mostStringLength = 200;
const mostDepth = 100;
const hidden = "[redacted]";
const cutSign = "…";

/**
 * A message as a line of a log shows it: `{name: "ada", password: [redacted], avatar: <812 bytes>}`. Fields that the .proto marks
 * `debug_redact` are never in it, wherever they stand; bytes are counted only. It is never longer than {@link maxTextLength}, and no more of
 * the message is looked at than fits.
 */
export function messageText<T>(codec: MessageCodec<T>, message: T): string {
  const text = new Text();
  try {
    text.value(message ?? {}, codec.redaction, 0);
  } catch {
    // A codec that somebody wrote by hand may decode anything: what throws when it is read, too.
    return "(a message that cannot be shown)";
  }
  return text.toString();
}

/** A text that stops when it is long enough. */
class Text {
  #text = "";

  get #full(): boolean {
    return this.#text.length >= maxTextLength;
  }

  /** @param redaction of the message that the value is, or of each that it holds */
  value(value: unknown, redaction: Redaction | undefined, depth: number): void {
    if (typeof value === "string") {
      this.#add(quoted(value));
    } else if (typeof value !== "object" || value === null) {
      this.#add(typeof value === "function" ? "a function" : String(value));
    } else if (depth > mostDepth) {
      this.#add(cutSign);
    } else if (value instanceof Uint8Array) {
      this.#add(`<${value.length} bytes>`);
    } else if (value instanceof Date) {
      this.#add(Number.isNaN(value.getTime()) ? "no time" : value.toISOString());
    } else if (Array.isArray(value)) {
      this.#list("[", value, "]", (item) => this.value(item, redaction, depth + 1));
    } else if (value instanceof Map) {
      this.#list("{", value, "}", ([key, item]) => {
        this.#add(`${typeof key === "string" ? quoted(key) : String(key)}: `);
        this.value(item, redaction, depth + 1);
      });
    } else {
      this.#list("{", Object.entries(value).filter(isShown), "}", ([name, item]) => {
        this.#field(name, item, redaction, depth);
      });
    }
  }

  /** A field of a message; of a oneof, the one that is set. */
  #field(name: string, value: unknown, redaction: Redaction | undefined, depth: number): void {
    this.#add(`${name}: `);
    const isOneof = isCase(value);
    const said = isOneof ? value.$case : name;
    const rule = redaction !== undefined && Object.hasOwn(redaction, said) ? redaction[said] : undefined;
    if (isOneof) {
      this.#add(`{${said}: `);
    }
    if (rule === true) {
      this.#add(hidden);
    } else {
      this.value(isOneof ? value.value : value, rule?.(), depth + 1);
    }
    if (isOneof) {
      this.#add("}");
    }
  }

  #list<T>(open: string, items: Iterable<T>, close: string, item: (item: T) => void): void {
    this.#add(open);
    let separator = "";
    for (const one of items) {
      if (this.#full) {
        break;
      }
      this.#add(separator);
      separator = ", ";
      item(one);
    }
    this.#add(close);
  }

  #add(piece: string): void {
    if (!this.#full) {
      this.#text += piece;
    }
  }

  toString(): string {
    return this.#full ? `${this.#text.slice(0, maxTextLength)}${cutSign}` : this.#text;
  }
}

/** What a generated codec makes of a oneof: which of its fields is set, and to what. */
function isCase(value: unknown): value is { readonly $case: string; readonly value: unknown } {
  return typeof value === "object" && value !== null && "$case" in value && typeof value.$case === "string";
}

/** Fields that the .proto does not know are kept as they came: whether they are secret nobody can tell. */
function isShown([name, value]: readonly [string, unknown]): boolean {
  return value !== undefined && name !== "_unknownFields";
}

function quoted(text: string): string {
  return text.length <= mostStringLength
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, mostStringLength))}${cutSign}`;
}
