// Fixed numbers of the client, in a module that imports nothing: a bundler then writes them where they are used.

/** The longest time that a timer takes, in milliseconds. */
export const maxTimeoutMs = 2_147_483_647;

/** A link that held for as long was no failure. */
export const steadyMs = 5_000;

/** A buffer that grew larger than this is sent as it is, and not kept. */
export const keptBytes = 16_384;

export const maxRequestId = 0x7fffffff;

/** What a waiting packet costs besides its body, about: empty ones are bounded, too. */
export const waitingPacketBytes = 64;

/** The most bytes that may wait: twice the largest packet that there can be. */
export const mostWaitingBytes = 32 * 1024 * 1024;

/** RFC 6455, 7.4.1. */
export const normalClosure = 1000;

/** The other side gave no code (RFC 6455, 7.4.1). */
export const noCode = 1005;
