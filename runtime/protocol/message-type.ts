// What a message is (PROTOCOL.md, 2). Numbers by themselves, not members of an object: a bundler writes them where they are used.

/** From a client; answered exactly once. */
export const request = 0 as const;

/** From a client; never answered. */
export const notify = 1 as const;

/** The answer to a request. */
export const response = 2 as const;

/** From the server, by itself. */
export const push = 3 as const;

/** One of these. */
export type MessageType = typeof request | typeof notify | typeof response | typeof push;
