import { fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { emptyType, type ProtocolBook } from "../repl/protocol-book.js";
import type { LinePayload } from "./capture-line.js";
import { withoutSecrets } from "./without-secrets.js";

/** What a payload is. */
export interface PayloadType {
  readonly book: ProtocolBook;
  /** The name of its type; undefined where it is not known. */
  readonly type: string | undefined;
  /** `protobuf` or `json`. */
  readonly serializer: string;
  /** Whether fields that are marked secret are told. */
  readonly showsSecrets: boolean;
}

/** A payload as a line tells it, and what is wrong with it. */
export interface ReadPayload {
  readonly said: LinePayload;
  /** Why it could not be decoded; undefined where it was. */
  readonly fault?: string;
}

/** Decodes a payload: as JSON where its type is known, or it is JSON by itself, else as bytes. */
export function readLinePayload(
  payload: Uint8Array,
  { book, type, serializer, showsSecrets }: PayloadType,
): ReadPayload {
  const message = type === emptyType ? EmptySchema : type === undefined ? undefined : book.registry.getMessage(type);
  if (serializer !== "json" && message === undefined) {
    return { said: { bytes: hexOf(payload) } };
  }
  try {
    const value =
      serializer === "json"
        ? ((payload.length === 0 ? {} : JSON.parse(strictUtf8.decode(payload))) as JsonValue)
        : toJson(message as NonNullable<typeof message>, fromBinary(message as NonNullable<typeof message>, payload), {
            registry: book.registry,
            alwaysEmitImplicit: true,
          });
    const redacted: string[] = [];
    const told =
      showsSecrets || message === undefined ? value : withoutSecrets(message, value, book, redacted, "payload");
    // What is nested too deep to be written is told as bytes.
    JSON.stringify(told);
    return { said: { payload: told, ...(redacted.length === 0 ? {} : { redacted }) } };
  } catch (error) {
    const what = type ?? "JSON";
    const reason = serializer === "json" ? "" : `: ${error instanceof Error ? error.message : error}`;
    return { said: { bytes: hexOf(payload) }, fault: `${payload.length} bytes are no ${what}${reason}` };
  }
}

function hexOf(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
