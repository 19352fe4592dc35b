import type { Redaction } from "./codec.js";
import { JsonMismatch } from "./json/index.js";

/** A codec, as far as it matters here. */
interface Told {
  readonly redaction?: Redaction;
}

/**
 * An error that came while a message was encoded, as others may be told of it. Those of codecs name the value that did not fit: of a message with
 * fields marked `debug_redact` nothing is told but that.
 */
export function toldEncodeError(codec: Told, error: unknown): unknown {
  return codec.redaction === undefined
    ? error
    : new Error("a message with fields marked debug_redact could not be encoded: what is wrong with it is not told");
}

/** What a client may know of why its payload is no message, as the end of a sentence; of one with fields marked `debug_redact` only in which field it was. */
export function toldDecodeError(codec: Told, error: unknown): { readonly where: string; readonly cause?: unknown } {
  if (!(error instanceof JsonMismatch)) {
    return codec.redaction === undefined ? { where: "", cause: error } : { where: "" };
  }
  if (codec.redaction === undefined) {
    return { where: `: ${error.message}`, cause: error };
  }
  return { where: error.field === "" ? "" : `: ${error.field} is not as it should be` };
}
