// A hot file: bytes that arrive are read here, without an array a read.

import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** Reads a socket: all that its listener is told by. */
export interface SharedSocket extends Socket {
  /**
   * Takes what was read.
   *
   * @param bytes an array that the next read, of any socket, writes again
   * @param count how many of its first bytes were read
   */
  nanowireRead?(bytes: Uint8Array, count: number): void;
}

/** What Node keeps in a socket. */
interface Inside {
  readonly _handle?: { useUserBuffer?(bytes: Uint8Array): void } | null;
  [slot: symbol]: unknown;
}

/**
 * Reads a socket into one array that all sockets share, and calls its `nanowireRead`. An array for each read, and the stream that hands it on, cost more
 * than to read, handle and answer a small message.
 *
 * Node has this by `onread` of `net.connect`, but no public way to ask for it for a socket that was accepted. What is asked here is asked only where
 * everything is found as it is known to be. Where it is not, and where somebody else listens to the socket's "data" or TLS stands on it, it is read as ever.
 *
 * What was read before, and what comes while the socket is paused, goes through the stream as ever and comes as "data", in its place.
 */
export function readShared(socket: SharedSocket): void {
  const inside = socket as unknown as Inside;
  const { _handle: handle } = inside;
  if (
    bufferSlot !== undefined &&
    listenerSlot !== undefined &&
    inside[bufferSlot] === null &&
    inside[listenerSlot] === null &&
    typeof handle?.useUserBuffer === "function" &&
    !(socket instanceof TLSSocket) &&
    socket.listenerCount("data") === 0
  ) {
    try {
      handle.useUserBuffer(shared);
    } catch {
      // Others than Node have it by name alone.
      return;
    }
    inside[bufferSlot] = shared;
    inside[listenerSlot] = onRead;
    // With `onread` a pause leaves everything to the network, the client's end too, and whoever goes on takes more, however much waits: the stream takes a
    // little, as ever.
    socket.pause = Duplex.prototype.pause as Socket["pause"];
    socket.resume = Duplex.prototype.resume as Socket["resume"];
    socket.read = Duplex.prototype.read;
  }
}

/** A copy of what was read, for who keeps it. Not of Node's pool: one byte of that would keep eight thousand, and a client sends byte by byte. */
export function copyOfRead(bytes: Uint8Array, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/** @returns whether to read on */
function onRead(this: SharedSocket, count: number, bytes: Uint8Array): boolean {
  if (this.readableFlowing !== true || this.readableLength > 0) {
    return this.push(copyOfRead(bytes, 0, count));
  }
  this.nanowireRead?.(bytes, count);
  return true;
}

/** Where a socket keeps the array that it is to read into, and whom it tells of it. */
const slots = Object.getOwnPropertySymbols(new Socket());
const bufferSlot = slots.find(({ description }) => description === "kBuffer");
const listenerSlot = slots.find(({ description }) => description === "kBufferCb");

/** As much as Node reads at once. What is in it has been looked at before anything else can happen. */
const shared = new Uint8Array(64 * 1024);
