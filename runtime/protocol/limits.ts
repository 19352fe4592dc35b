// Fixed numbers of the protocol, in a module that imports nothing: a bundler then writes them where they are used.

/** The bytes before a packet's body. */
export const packetHeaderBytes = 4;

/** The greatest length that a packet's header can tell: 16 MiB less one byte. */
export const maxBodyBytes = 0xffffff;

/** The greatest code of a route. Codes start at 1: JavaScript clients test a code's truth (PROTOCOL.md, 3). */
export const maxRouteCode = 0xffff;

/** The greatest length of a route, in bytes of UTF-8: its length travels in one byte (PROTOCOL.md, 2). */
export const maxRouteBytes = 0xff;

/** The code of a handshake that is taken. */
export const handshakeOk = 200;

/** The code of a handshake that is refused (pitaya's). */
export const handshakeRefused = 400;

/** How deep the JSON of a handshake may be nested. */
export const maxHandshakeDepth = 32;

/** The longest time that a system message can tell: a day. */
export const longestComeBackMs = 86_400_000;
