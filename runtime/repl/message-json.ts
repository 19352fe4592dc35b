import { type DescMessage, fromBinary, fromJsonString, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { NanowireError } from "../base/error.js";
import { assertNames } from "./assert-names.js";
import { emptyType, type ProtocolBook } from "./protocol-book.js";
import { showJson, showJsonText } from "./show-json.js";

/** What a payload is: the type of its message, and what it is written in. */
export interface PayloadForm {
  readonly book: ProtocolBook;
  /** The name of its type; undefined when it is not known. */
  readonly type: string | undefined;
  /** What a handshake agreed upon: `protobuf`, `json`. */
  readonly serializer: string;
}

/**
 * Makes a payload of what was written: JSON, or bytes as `0x0a03616461`, which go as they are. Where JSON is spoken it is looked at, and sent as it
 * was written.
 *
 * @param text empty for a message without fields
 * @throws NanowireError `invalid_payload`
 */
export function encodeJsonPayload(route: string, text: string, { book, type, serializer }: PayloadForm): Uint8Array {
  if (text.startsWith("0x")) {
    return bytesOf(text);
  }
  const isJson = serializer === "json";
  if (type === undefined) {
    if (isJson) {
      parse(route, text || "{}");
      return utf8.encode(text || "{}");
    }
    if (text === "") {
      return new Uint8Array();
    }
    throw new NanowireError(
      "invalid_payload",
      `the types of ${route} are not known, and the server speaks ${serializer}: declare them, begin with --proto or --descriptors, speak JSON with --serializer json, or write bytes, as 0x0a03616461`,
    );
  }
  const message = messageOf(book, type);
  const json = text || "{}";
  assertNames(message, parse(route, json), route);
  try {
    const value = fromJsonString(message, json, { registry: book.registry });
    return isJson ? utf8.encode(json) : toBinary(message, value);
  } catch (cause) {
    throw new NanowireError("invalid_payload", `the message for ${route} is no ${type}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * What came, as lines: JSON as it came, protobuf as JSON with every field that has no presence, or, where its type is not known, as bytes.
 *
 * @throws NanowireError `invalid_response` when it is no message of its type
 */
export function showPayload(payload: Uint8Array, form: PayloadForm, width: number): readonly string[] {
  const { book, type, serializer } = form;
  if (serializer === "json") {
    return payload.length === 0 ? ["{}"] : showJsonText(new TextDecoder().decode(payload), width);
  }
  if (type === undefined) {
    return [payload.length === 0 ? "no bytes" : hexOf(payload)];
  }
  const message = messageOf(book, type);
  try {
    const value = toJson(message, fromBinary(message, payload), {
      registry: book.registry,
      alwaysEmitImplicit: true,
    });
    return showJson(value, width);
  } catch (cause) {
    const what = `${payload.length} bytes are no ${type}: ${reasonOf(cause)}: ${hexOf(payload)}`;
    throw new NanowireError("invalid_response", what, { cause });
  }
}

function messageOf(book: ProtocolBook, type: string): DescMessage {
  return type === emptyType ? EmptySchema : book.message(type);
}

function parse(route: string, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new NanowireError("invalid_payload", `the message for ${route} is no JSON: ${reasonOf(cause)}`, { cause });
  }
}

function bytesOf(text: string): Uint8Array {
  if (!/^0x(?:[0-9a-f]{2})*$/i.test(text)) {
    throw new NanowireError("invalid_payload", `${text} are no bytes: write two hexadecimal digits for each`);
  }
  return Uint8Array.from(Buffer.from(text.slice(2), "hex"));
}

function hexOf(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, mostBytesShown)).toString("hex");
  return bytes.length <= mostBytesShown ? `0x${shown}` : `0x${shown}… (${bytes.length} bytes)`;
}

/** What a library says, without its own name for it. */
function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

const mostBytesShown = 256;
const utf8 = new TextEncoder();
