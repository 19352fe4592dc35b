import { unzipSync } from "node:zlib";
import { NanowireError } from "../base/error.js";

/**
 * Inflates a payload that a client compressed (message flag G): pitaya's is a zlib stream, pomelo's a gzip stream.
 *
 * @throws NanowireError `invalid_payload` when it is no such stream, or would be longer than `maxBytes`
 */
export function inflate(payload: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return unzipSync(payload, { maxOutputLength: maxBytes });
  } catch (error) {
    throw new NanowireError(
      "invalid_payload",
      `the compressed payload is no zlib stream, or longer than maxInflatedBytes ${maxBytes}`,
      { cause: error },
    );
  }
}
