// What the transports that rest on a node:net socket share.

import type { Socket } from "node:net";
import { NanowireError } from "../base/error.js";
import { type OutboxLimit, WriteOutcome } from "./outbox.js";

/** How long a client has, after we said the last, to take it and to hang up. */
export const lingerMs = 2_000;

/** Writes bytes to a socket, and tells whether they left at once: then, and only then, their array may be written again. */
export function writeOut(socket: Socket, bytes: Uint8Array): WriteOutcome {
  const flowing = socket.write(bytes);
  if (socket.writableLength === 0) {
    return WriteOutcome.taken;
  }
  return flowing ? WriteOutcome.held : WriteOutcome.blocked;
}

/**
 * Says the last and waits for the other side to hang up, reading on into nothing: a socket that is closed with bytes
 * unread is reset, and the other side may then lose what we said. A client that stays is cut off.
 */
export function endSocket(socket: Socket): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(timer));
}

/** The other side's address, without its port; an IPv4 address in its own form also on a socket that takes both. */
export function peerAddress(socket: Socket): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}

/** The error of an outbox that is full. */
export function outboxOverflow(waiting: number, most: number, limit: OutboxLimit): NanowireError {
  const what = limit === "maxOutboxBytes" ? "bytes" : "messages";
  return new NanowireError("outbox_overflow", `${waiting} ${what} wait, more than ${limit} ${most}`);
}
