// Constants of the reader and the writer, in a module that imports nothing: a bundler then writes them where they are used.

/** A varint has 10 bytes of 7 bits at the most. */
export const varintBits = 70;

/** What is thrown of a longer one. */
export const endlessVarint = "invalid varint";

export const deepestGroup = 100;

export const deepestMessage = 100;

/** What a character of a text may become. */
export const mostUtf8Bytes = 3;

export const mostUint32Bytes = 5;

export const mostVarintBytes = 10;

/** Typed arrays of up to 64 bytes lie in the heap of V8, and cost a tenth of larger ones. */
export const smallestBytes = 64;
