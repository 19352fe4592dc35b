/** A TextDecoder, as far as it matters here. */
export interface Utf8Decoder {
  decode(bytes: Uint8Array): string;
}

/** Puts U+FFFD in the place of what is not UTF-8. */
export const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Throws at what is not UTF-8. */
export const strictUtf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
