import { deflateSync } from "node:zlib";
import type { Compress } from "../session/push-form.js";

/** Makes a zlib stream of some bytes; undefined where it would be no shorter. */
export function deflate(bytes: Uint8Array): Uint8Array | undefined {
  const deflated = deflateSync(bytes);
  return deflated.length < bytes.length ? deflated : undefined;
}

/**
 * What compresses payloads.
 *
 * @param fromBytes shorter ones are left as they are; 0: all are
 */
export function payloadCompressor(fromBytes: number): Compress | undefined {
  return fromBytes === 0 ? undefined : (payload) => (payload.length < fromBytes ? undefined : deflate(payload));
}
