import { dictVersion } from "../generated/routes.js";

/*
 * Packets and messages as PROTOCOL.md, 1 and 2 draw them, written here a second time: what is measured does not make
 * its own questions and does not judge its own answers.
 */

/** The first packet of a client that was generated: it has the dictionary already. */
export function handshakePacket(): Uint8Array {
  const sys = { type: "nanowire", version: "1.0.0", serializer: "protobuf", dictVersion };
  return packet(1, new TextEncoder().encode(JSON.stringify({ sys })));
}

/** The packet that ends the handshake. */
export function ackPacket(): Uint8Array {
  return packet(2, new Uint8Array(0));
}

/** A sign of life. */
export function heartbeatPacket(): Uint8Array {
  return packet(3, new Uint8Array(0));
}

/** A data packet with a request whose route is a code. The id is 1 to 127: one byte. */
export function requestPacket(id: number, code: number, payload: Uint8Array): Uint8Array {
  return packet(4, Uint8Array.of(0x01, id, code >>> 8, code & 0xff, ...payload));
}

/** The same with the route's name. */
export function namedRequestPacket(id: number, route: string, payload: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(route);
  return packet(4, Uint8Array.of(0x00, id, name.length, ...name, ...payload));
}

/** A data packet with the response to a request. */
export function responsePacket(id: number, payload: Uint8Array): Uint8Array {
  return packet(4, Uint8Array.of(0x04, id, ...payload));
}

/** A data packet with a notify whose route is a code. */
export function notifyPacket(code: number, payload: Uint8Array): Uint8Array {
  return packet(4, Uint8Array.of(0x03, code >>> 8, code & 0xff, ...payload));
}

/** A data packet with a push whose route is a code. */
export function pushPacket(code: number, payload: Uint8Array): Uint8Array {
  return packet(4, Uint8Array.of(0x07, code >>> 8, code & 0xff, ...payload));
}

function packet(type: number, body: Uint8Array): Uint8Array {
  return Uint8Array.of(type, body.length >>> 16, (body.length >>> 8) & 0xff, body.length & 0xff, ...body);
}
