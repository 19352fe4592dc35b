/**
 * A text as one part of a subject, or of a key: letters, digits, `-` and `_` stay as they are, and all else is `=` with two hexadecimal digits for each byte of
 * its UTF-8.
 */
export function toToken(text: string): string {
  return plain.test(text)
    ? text
    : [...new TextEncoder().encode(text)]
        .map((byte) => {
          const letter = String.fromCharCode(byte);
          return plain.test(letter) ? letter : `=${byte.toString(16).padStart(2, "0")}`;
        })
        .join("");
}

/** The text that a part of a subject stands for; undefined where it stands for none. */
export function fromToken(token: string): string | undefined {
  if (token === "" || plain.test(token)) {
    return token || undefined;
  }
  try {
    const text = decodeURIComponent(token.replaceAll("=", "%"));
    return toToken(text) === token ? text : undefined;
  } catch {
    return undefined;
  }
}

const plain = /^[\w-]+$/;
