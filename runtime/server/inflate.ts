import { unzipSync } from "node:zlib";
import { NanowireError } from "../base/error.js";

/**
 * Inflates a payload that a client compressed (message flag G): pitaya's is a zlib stream, pomelo's a gzip stream.
 *
 * @param tooLong the error when it would be longer than `maxBytes`, where that is another one
 * @throws NanowireError `invalid_payload` when it is no such stream, or would be longer than `maxBytes`
 */
export function inflate(payload: Uint8Array, maxBytes: number, tooLong?: () => NanowireError): Uint8Array {
  try {
    return unzipSync(payload, { maxOutputLength: maxBytes });
  } catch (error) {
    if (tooLong !== undefined && (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLong();
    }
    throw new NanowireError(
      "invalid_payload",
      `the compressed payload is no zlib stream, or longer than maxInflatedBytes ${maxBytes}`,
      { cause: error },
    );
  }
}
