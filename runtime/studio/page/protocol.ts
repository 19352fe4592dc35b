import { type DescMessage, fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { DescribedRoute } from "../../protocol/descriptors-file.js";
import { decodeErrorProtobuf } from "../../protocol/error-payload.js";
import { emptyType, ProtocolBook } from "../../repl/protocol-book.js";
import type { FeedMessage } from "../answers.js";

/** What a payload is, as far as it can be told. */
export type Shown =
  | { readonly kind: "json"; readonly value: JsonValue }
  | { readonly kind: "bytes"; readonly text: string; readonly why: string }
  | { readonly kind: "nothing"; readonly why: string };

/** What the server speaks: decodes what is told of messages, and makes what is sent. */
export class Protocol {
  #book = new ProtocolBook();

  /** @param descriptors undefined: there are none */
  learn(descriptors: object | undefined): void {
    this.#book = descriptors === undefined ? new ProtocolBook() : ProtocolBook.read(descriptors);
  }

  get routes(): readonly DescribedRoute[] {
    return this.#book.routes;
  }

  find(route: string): DescribedRoute | undefined {
    return this.#book.find(route);
  }

  get book(): ProtocolBook {
    return this.#book;
  }

  /** The type of that name; undefined where it is not known. */
  typeOf(name: string): DescMessage | undefined {
    return name === emptyType ? EmptySchema : this.#book.registry.getMessage(name);
  }

  /** What a message that was watched holds. */
  show({ route, kind, payload = "", withheld, serializer, compressed, code, bytes }: FeedMessage): Shown {
    if (withheld !== undefined) {
      return { kind: "nothing", why: whyWithheld[withheld] };
    }
    if (bytes === 0) {
      return { kind: "nothing", why: kind === "failure" ? "nothing was sent" : "no bytes" };
    }
    if (compressed) {
      return { kind: "nothing", why: "compressed: open it to see more" };
    }
    const bytesOf = bytesOfBase64(payload);
    const isError = kind === "response" && code !== "";
    return isError && serializer === "protobuf"
      ? showError(bytesOf)
      : this.showBytes(bytesOf, isError ? "" : this.#typeName(route, kind), serializer);
  }

  /** As {@link show}, of one that is compressed, too. */
  async showWhole(message: FeedMessage): Promise<Shown> {
    if (!message.compressed || message.payload === undefined) {
      return this.show(message);
    }
    const { route, kind, serializer, payload } = message;
    try {
      const inflated = await inflate(bytesOfBase64(payload));
      return this.showBytes(inflated, this.#typeName(route, kind), serializer);
    } catch {
      return { kind: "bytes", text: hexOf(bytesOfBase64(payload)), why: "it cannot be inflated" };
    }
  }

  showBytes(bytes: Uint8Array, typeName: string, serializer: string): Shown {
    if (serializer === "json") {
      try {
        return { kind: "json", value: JSON.parse(new TextDecoder().decode(bytes)) as JsonValue };
      } catch {
        return { kind: "bytes", text: hexOf(bytes), why: "it is no JSON" };
      }
    }
    const type = this.typeOf(typeName);
    if (type === undefined) {
      return {
        kind: "bytes",
        text: hexOf(bytes),
        why: typeName === "" ? "the type is not known" : `${typeName} is not known`,
      };
    }
    try {
      const value = fromBinary(type, bytes);
      return { kind: "json", value: toJson(type, value, { registry: this.#book.registry, alwaysEmitImplicit: true }) };
    } catch (error) {
      return {
        kind: "bytes",
        text: hexOf(bytes),
        why: `it is no ${typeName}: ${error instanceof Error ? error.message : error}`,
      };
    }
  }

  /** @throws Error that says what is wrong with it */
  encode(type: DescMessage, value: JsonValue): Uint8Array {
    return toBinary(type, fromJson(type, value, { registry: this.#book.registry }));
  }

  #typeName(route: string, kind: FeedMessage["kind"]): string {
    const known = this.#book.find(route);
    return (kind === "response" ? known?.response : known?.request) ?? "";
  }
}

function showError(payload: Uint8Array): Shown {
  const { code, message, details } = decodeErrorProtobuf(payload);
  return { kind: "json", value: { code, message, ...(Object.keys(details).length === 0 ? {} : { details }) } };
}

/** The bytes of hexadecimal digits, in twos; spaces do not matter. @throws Error */
export function bytesOfHex(text: string): Uint8Array {
  const digits = text.replace(/^0x|\s+/gi, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) {
    throw new Error("write bytes as two hexadecimal digits each");
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** The bytes, as many as one likes to look at, as hexadecimal digits in rows of sixteen. */
export function hexOf(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, mostHex)].map((byte) => byte.toString(16).padStart(2, "0"));
  const rows = Array.from({ length: Math.ceil(shown.length / 16) }, (_, row) =>
    shown.slice(row * 16, row * 16 + 16).join(" "),
  );
  return rows.join("\n") + (bytes.length > mostHex ? `\n… ${bytes.length - mostHex} bytes more` : "");
}

function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** What a client compressed may be large: no more is looked at than a page can show. */
async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const reader = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done || value === undefined) {
      break;
    }
    length += value.length;
    if (length > mostInflated) {
      throw new Error("it is too long");
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

const whyWithheld = {
  secret: "not shown: its type has secret fields, or is not known to the server",
  size: "not shown: it is longer than what was asked for",
  off: "not shown: payloads are off",
} as const;

const mostHex = 4_096;
const mostInflated = 4_194_304;
