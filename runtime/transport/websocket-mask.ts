// A hot file: it touches every byte that arrives over WebSocket. No view of a short payload.

/**
 * Takes the mask off a payload, where it lies (RFC 6455, 5.3).
 *
 * @param start where the payload begins, right behind the mask's four bytes
 */
export function unmask(bytes: Uint8Array, start: number, end: number): void {
  if (isLittleEndian && end - start >= leastForWords) {
    // A word lies where its address is a multiple of four: a few bytes go before the words, and a few behind.
    const from = start + (-(bytes.byteOffset + start) & 3);
    const to = end - ((end - from) & 3);
    unmaskBytes(bytes, start, start, from);
    unmaskWords(bytes, start, from, to);
    unmaskBytes(bytes, start, to, end);
    return;
  }
  const first = bytes[start - 4] as number;
  const second = bytes[start - 3] as number;
  const third = bytes[start - 2] as number;
  const fourth = bytes[start - 1] as number;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    (bytes[at] as number) ^= first;
    (bytes[at + 1] as number) ^= second;
    (bytes[at + 2] as number) ^= third;
    (bytes[at + 3] as number) ^= fourth;
  }
  unmaskBytes(bytes, start, at, end);
}

/** Takes the mask off some bytes of the payload that begins at `start`. */
function unmaskBytes(bytes: Uint8Array, start: number, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    (bytes[at] as number) ^= bytes[start - 4 + ((at - start) & 3)] as number;
  }
}

/** The same of whole words, the first of which lies at an address that is one. */
function unmaskWords(bytes: Uint8Array, start: number, from: number, to: number): void {
  let mask = 0;
  for (let index = 3; index >= 0; index--) {
    mask = (mask << 8) | (bytes[start - 4 + ((from - start + index) & 3)] as number);
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + from, (to - from) >>> 2);
  for (let index = 0; index < words.length; index++) {
    (words[index] as number) ^= mask;
  }
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** From so many bytes on, words are worth the view of them that they need. */
const leastForWords = 256;
