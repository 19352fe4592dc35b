/**
 * Bytes from annotated hex: pairs of hex digits, text in single quotes (as UTF-8), and notes from # to the end of the line.
 * Anything else is refused, so a slip in a vector cannot pass as bytes.
 */
export function hex(source: string): Uint8Array {
  const bytes: number[] = [];
  let rest = source;
  while (rest !== "") {
    const [token = "", pair, text] = /^(?:([0-9a-f]{2})|'([^']*)'|#.*|\s+)/i.exec(rest) ?? [];
    if (token === "") {
      throw new Error(`not annotated hex: ${rest}`);
    }
    if (pair !== undefined) {
      bytes.push(Number.parseInt(pair, 16));
    } else if (text !== undefined) {
      for (const byte of new TextEncoder().encode(text)) {
        bytes.push(byte);
      }
    }
    rest = rest.slice(token.length);
  }
  return Uint8Array.from(bytes);
}

/** Bytes as hex digits, to compare and to show. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** The bytes of several arrays, one after another. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
