/** A value as JSON in UTF-8. */
export function encodeJson(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify(value));
}

/** Everybody's: it keeps nothing between calls. */
export const utf8 = new TextEncoder();
