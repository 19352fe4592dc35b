import { unzip, unzipSync } from "node:zlib";
import type { Awaitable } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";

/**
 * Inflates a payload that a client compressed (message flag G): pitaya's is a zlib stream, pomelo's a gzip stream. A long one is inflated beside
 * the event loop: a thousand bytes may become a million, and a client may send many.
 *
 * @param tooLong the error when it would be longer than `maxBytes`, where that is another one
 * @throws NanowireError `invalid_payload` when it is no such stream, or would be longer than `maxBytes`; or rejects with it
 */
export function inflate(payload: Uint8Array, maxBytes: number, tooLong?: () => NanowireError): Awaitable<Uint8Array> {
  try {
    return unzipSync(payload, { maxOutputLength: Math.min(maxBytes, mostAtOnce) });
  } catch (error) {
    if (maxBytes > mostAtOnce && isTooLong(error)) {
      return inflateBeside(payload, maxBytes, tooLong);
    }
    throw failureOf(error, maxBytes, tooLong);
  }
}

/**
 * Inflates a payload for a look, at once.
 *
 * @throws NanowireError `invalid_payload` as {@link inflate}, and for one that is too long to be inflated at once
 */
export function inflateAtOnce(payload: Uint8Array, maxBytes: number): Uint8Array {
  const most = Math.min(maxBytes, mostAtOnce);
  try {
    return unzipSync(payload, { maxOutputLength: most });
  } catch (error) {
    throw failureOf(error, most);
  }
}

function inflateBeside(payload: Uint8Array, maxBytes: number, tooLong?: () => NanowireError): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    unzip(payload, { maxOutputLength: maxBytes }, (error, inflated) => {
      if (error === null) {
        resolve(inflated);
      } else {
        reject(failureOf(error, maxBytes, tooLong));
      }
    });
  });
}

function failureOf(error: unknown, maxBytes: number, tooLong?: () => NanowireError): NanowireError {
  if (tooLong !== undefined && isTooLong(error)) {
    return tooLong();
  }
  const message = `the compressed payload is no zlib stream, or longer than maxInflatedBytes ${maxBytes}`;
  return new NanowireError("invalid_payload", message, { cause: error });
}

function isTooLong(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
}

/** So many bytes are inflated in less time than it takes to have it done beside the event loop. */
const mostAtOnce = 65_536;
