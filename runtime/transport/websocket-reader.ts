// A hot file: every byte that a WebSocket's client sends passes here. No closure a frame, and no view but its payload's.

/*
 * The frame that is read here (RFC 6455, 5.2): whole, binary, masked, with no more than 16 bits of length, and all of it
 * in one chunk of the socket. ws reads every other.
 *
 *     +--------+------------------+- - - - - - - +-----------+---- - -
 *     |  0x82  |  0x80 | length   | 2 bytes (BE) |  mask: 4  |  payload, masked
 *     +--------+------------------+- - - - - - - +-----------+---- - -
 *                0–125 · 126: 2 bytes
 */

import type { Socket } from "node:net";
import { copyOfRead, readShared, type SharedSocket } from "./shared-read.js";
import { unmask } from "./websocket-mask.js";

/** Takes the payloads that a {@link WebSocketReader} reads. */
export interface PayloadReceiver {
  /**
   * One whole message.
   *
   * @param start where in the array it begins
   * @param end where it ends
   * @param lent whether the array is written again after the call
   */
  receive(bytes: Uint8Array, start: number, end: number, lent: boolean): void;
}

/** A socket that knows who reads it: the listener below is shared by all sockets. */
interface ReadSocket extends SharedSocket {
  nanowireReader?: WebSocketReader;
}

/** What ws does with a chunk: the listener that it put on the socket. */
type ChunkListener = (this: Socket, chunk: Buffer) => void;

/** Where in a frame that ws reads a chunk ended. */
const Part = { first: 0, second: 1, length: 2, payload: 3 } as const;
type Part = (typeof Part)[keyof typeof Part];

/**
 * Stands between a socket and ws. Plain messages are read here, where they lie in the chunk; everything else goes to ws, unchanged and in
 * order: control frames, fragments, and what is cut. At every moment ws has had each byte that came, but for whole messages. So it can take
 * over at any frame, and does for good where the connection comes to its end: at a close frame, a text, at whatever is wrong.
 *
 * ws is to be without extensions, and to tell messages in the call that brings their last byte (`allowSynchronousEvents`): one that it told
 * later would be overtaken. Should it not do so, it gets everything from then on.
 */
export class WebSocketReader {
  readonly #socket: Socket;
  readonly #ws: ChunkListener;
  readonly #receiver: PayloadReceiver;
  readonly #maxBytes: number;
  /** Whether the socket is read here. If not, ws reads all that comes, or nobody does. */
  #over = false;
  /** Whether ws has got a part of a message that it has not told. */
  #owed = false;
  /** The part of ws's frame that comes next; `first` when none is under way. */
  #part: Part = Part.first;
  #firstByte = 0;
  /** How many bytes of ws's frame's length are to come. */
  #lengthBytes = 0;
  /** Its length, as far as it is known; then how much of its mask and payload is to come. */
  #left = 0;

  private constructor(socket: ReadSocket, ws: ChunkListener, receiver: PayloadReceiver, maxBytes: number) {
    this.#socket = socket;
    this.#ws = ws;
    this.#receiver = receiver;
    this.#maxBytes = maxBytes;
    socket.nanowireReader = this;
    socket.off("data", ws);
    socket.nanowireRead = onRead;
    readShared(socket);
    socket.on("data", onData);
  }

  /**
   * Begins to read a socket on which ws has just begun, before the first chunk. Undefined where somebody besides ws listens to it: what
   * that may do to the chunks is not known, and ws reads everything.
   *
   * @param maxBytes the greatest length of a message
   */
  static on(socket: Socket, receiver: PayloadReceiver, maxBytes: number): WebSocketReader | undefined {
    const [ws, ...others] = socket.listeners("data");
    return ws === undefined || others.length > 0
      ? undefined
      : new WebSocketReader(socket, ws as ChunkListener, receiver, maxBytes);
  }

  /**
   * A chunk of the socket.
   *
   * @param length how many of the array's bytes it has
   * @param lent whether the array is written again
   */
  read(chunk: Uint8Array, length: number, lent: boolean): void {
    if (this.#over) {
      // What comes is not told to those who listen to the socket, as ws does by now: it is told here.
      if (this.#socket.listeners("data").includes(this.#ws)) {
        this.#handOver(chunk, 0, length, lent);
      }
      return;
    }
    /** What comes before has been handed on, to the receiver or to ws. */
    let done = 0;
    let at = 0;
    while (at < length && !this.#over) {
      const end = this.#owed || this.#part !== Part.first ? -1 : endOfPlain(chunk, at, length, this.#maxBytes);
      if (end < 0) {
        at = this.#follow(chunk, at, length);
        if (this.#part === Part.first && !this.#over && isLastOfMessage(this.#firstByte)) {
          this.#handOver(chunk, done, at, lent);
          done = at;
          if (this.#owed) {
            // ws has got all of a message and not told it: something is wrong with it.
            this.#letGo();
          }
        }
      } else if (done < at) {
        this.#handOver(chunk, done, at, lent);
        done = at;
      } else {
        const start = at + (chunk[at + 1] === twoBytesOfLength ? 8 : 6);
        unmask(chunk, start, end);
        done = end;
        at = end;
        this.#receiver.receive(chunk, start, end, lent);
      }
    }
    if (done < length) {
      this.#handOver(chunk, done, length, lent);
    }
  }

  /** ws has told a message: nothing is owed any more. */
  told(): void {
    this.#owed = false;
  }

  /** ws has refused what it read, and reads nothing more. Nor does anybody. */
  stop(): void {
    this.#over = true;
    this.#socket.off("data", onData);
  }

  /** ws reads everything from now on, and what is left of the chunk that is being read. */
  #letGo(): void {
    if (!this.#over) {
      this.#over = true;
      this.#socket.on("data", this.#ws);
      this.#socket.off("data", onData);
    }
  }

  /** ws keeps what it gets, until a frame is whole. */
  #handOver(chunk: Uint8Array, start: number, end: number, lent: boolean): void {
    const kept = lent
      ? copyOfRead(chunk, start, end)
      : Buffer.from(chunk.buffer, chunk.byteOffset + start, end - start);
    this.#ws.call(this.#socket, kept);
  }

  /** Goes along a frame that ws reads. Returns where it ends, or the chunk does. */
  #follow(chunk: Uint8Array, at: number, length: number): number {
    let next = at;
    if (this.#part === Part.first) {
      this.#firstByte = chunk[next++] as number;
      this.#part = Part.second;
    }
    if (this.#part === Part.second && next < length) {
      this.#begin(chunk[next++] as number);
    }
    if (this.#part === Part.length) {
      for (; this.#lengthBytes > 0 && next < length; this.#lengthBytes--) {
        this.#left = this.#left * 256 + (chunk[next++] as number);
      }
      if (this.#lengthBytes === 0) {
        this.#left += maskBytes;
        this.#part = Part.payload;
      }
    }
    if (this.#part === Part.payload) {
      const step = Math.min(this.#left, length - next);
      this.#left -= step;
      next += step;
      if (this.#left === 0) {
        this.#part = Part.first;
      }
    }
    return next;
  }

  /** Judges a frame by its first two bytes. */
  #begin(second: number): void {
    const first = this.#firstByte;
    const short = second & 0x7f;
    const isMasked = second >= 0x80;
    const isBeginning = first === wholeBinary || first === firstFragment;
    const isInPlace = this.#owed ? first === nextFragment || first === lastFragment : isBeginning;
    if (!isMasked || !(isControl(first) ? short < 126 : isInPlace)) {
      this.#letGo();
    }
    this.#owed ||= isBeginning;
    this.#lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    this.#left = this.#lengthBytes === 0 ? short : 0;
    this.#part = Part.length;
  }
}

/** Where the frame at `at` ends, if it is whole, not too long, and there is nothing special about it; else -1. */
function endOfPlain(chunk: Uint8Array, at: number, length: number, maxBytes: number): number {
  const there = length - at;
  if (there < 6 || chunk[at] !== wholeBinary) {
    return -1;
  }
  const second = chunk[at + 1] as number;
  let header = 6;
  let payload = second - 0x80;
  if (second === twoBytesOfLength && there >= 8) {
    header = 8;
    payload = ((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number);
  } else if (payload < 0 || payload >= 126) {
    return -1;
  }
  return payload > maxBytes || header + payload > there ? -1 : at + header + payload;
}

/** First bytes of frames: FIN, no extension's bits, opcode. */
const wholeBinary = 0x82;
const firstFragment = 0x02;
const nextFragment = 0x00;
const lastFragment = 0x80;

/** A message's only frame, or its last. */
function isLastOfMessage(first: number): boolean {
  return first === wholeBinary || first === lastFragment;
}

/** A ping, or a pong. */
function isControl(first: number): boolean {
  return first === 0x89 || first === 0x8a;
}

/** The second byte of a masked frame that tells its length in two more. */
const twoBytesOfLength = 0xfe;

const maskBytes = 4;

function onRead(this: ReadSocket, bytes: Uint8Array, count: number): void {
  this.nanowireReader?.read(bytes, count, true);
}

function onData(this: ReadSocket, chunk: Buffer): void {
  this.nanowireReader?.read(chunk, chunk.length, false);
}
