import { randomBytes } from "node:crypto";
import { Question } from "../../generated/bench/v1/soak.js";
import { ackPacket, handshakePacket, namedRequestPacket } from "../../load/packets.js";
import type { Manners } from "./rude-client.js";

/** Asks for much, and reads nothing: what it is to get waits at the server. */
export const slow: Manners = {
  awayMs: 1_000,
  begin(socket) {
    socket.pause();
    socket.write(handshakePacket());
    socket.write(ackPacket());
    socket.write(namedRequestPacket(1, "Soak.Watch", new Uint8Array(0)));
    const question = Question.encode({ number: 0, answerBytes: 64 * 1_024, waitMs: 0 }).finish();
    let id = 2;
    const timer = setInterval(() => {
      id = id === 127 ? 2 : id + 1;
      socket.write(namedRequestPacket(id, "Soak.Ask", question));
    }, 200);
    return () => clearInterval(timer);
  },
};

/** Sends bytes of any kind, some of them nearly right. */
export const garbage: Manners = {
  awayMs: 300,
  begin(socket) {
    socket.resume();
    const isFriendly = Math.random() < 0.5;
    if (isFriendly) {
      socket.write(handshakePacket());
      socket.write(ackPacket());
    }
    const timer = setInterval(() => socket.write(isFriendly ? nearlyRight() : noise()), 100);
    return () => clearInterval(timer);
  },
};

/** Half-open: stops in the middle of a packet, or after the handshake, and says nothing more, not even that it is there. */
export const silent: Manners = {
  awayMs: 500,
  begin(socket) {
    socket.resume();
    const begun = Buffer.concat([handshakePacket(), ackPacket(), namedRequestPacket(1, "Soak.Ask", randomBytes(8))]);
    socket.write(begun.subarray(0, Math.floor(Math.random() * (begun.length + 1))));
    return () => {};
  },
};

/** Bytes of any kind. */
function noise(): Buffer {
  return randomBytes(1 + Math.floor(Math.random() * 2_000));
}

/** A request with one of its bytes changed. */
function nearlyRight(): Uint8Array {
  const question = Question.encode({ number: 7, answerBytes: 16, waitMs: 0 }).finish();
  const packet = namedRequestPacket(1 + Math.floor(Math.random() * 127), "Soak.Ask", question);
  packet[Math.floor(Math.random() * packet.length)] = Math.floor(Math.random() * 256);
  return packet;
}
