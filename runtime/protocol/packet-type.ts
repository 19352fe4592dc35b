// What a packet is (PROTOCOL.md, 1). Numbers by themselves, not members of an object: a bundler writes them where they are used.

/** The first packet of each side; its body is JSON. */
export const handshake = 1 as const;

/** The client has taken the handshake; data may flow. Empty. */
export const handshakeAck = 2 as const;

/** A sign of life. Empty. */
export const heartbeat = 3 as const;

/** One message. */
export const data = 4 as const;

/** The server tells the client to go; its body is JSON, `{"reason": …}`. */
export const kick = 5 as const;

/** A system message (system.ts), between sides that know them; JSON. No client of nano, pomelo or pitaya is ever sent one. */
export const system = 6 as const;

/** One of these. */
export type PacketType =
  | typeof handshake
  | typeof handshakeAck
  | typeof heartbeat
  | typeof data
  | typeof kick
  | typeof system;
