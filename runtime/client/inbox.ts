// A hot file: every byte that a client receives passes it. The usual way, with nothing compressed, is synchronous.

import { NanowireError } from "../base/error.js";
import { PacketDecoder, type PacketSink } from "../protocol/packet-decoder.js";
import type { PacketType } from "../protocol/packet-type.js";
import * as packetType from "../protocol/packet-type.js";
import type { ClientReceiver } from "../transport/client-socket.js";
import { inflate } from "./inflate.js";
import { mostWaitingBytes, waitingPacketBytes } from "./limits.js";

/** What an {@link Inbox} tells. What one of these throws is told to `failed`. */
export interface InboxHandler {
  /** Something came, whatever it is. */
  heard(): void;
  heartbeat(): void;
  /** A packet, no heartbeat. Its body are the bytes from `start` to `end`; they may be kept. */
  packet(type: PacketType, bytes: Uint8Array, start: number, end: number): void;
  /** The stream cannot be read on. */
  failed(error: unknown): void;
  /** The socket is gone, and all that came before was handled. */
  lost(error: NanowireError | undefined): void;
}

/**
 * Makes packets of the bytes that a socket delivers, and hands them on one after another. A packet whose handling has to
 * wait (for something to be inflated, say) makes those behind it wait, all but heartbeats. Nothing is ever thrown at the socket.
 */
export class Inbox implements ClientReceiver, PacketSink {
  readonly #handler: InboxHandler;
  readonly #decoder: PacketDecoder;
  readonly #maxPacketBytes: number;
  #stopped = false;
  /** Whether packets are being handled: what a socket delivers meanwhile, because it is sent to, comes after them. */
  #handling = false;
  #chunks: Uint8Array[] = [];
  /** Whether a packet's handling is not over: the packets that come meanwhile wait. */
  #held = false;
  #waiting: WaitingPacket[] = [];
  #waitingBytes = 0;
  /** The socket's end, when it waits for what came before. */
  #end: { readonly error: NanowireError | undefined } | undefined;

  constructor(handler: InboxHandler, maxPacketBytes: number) {
    this.#handler = handler;
    this.#decoder = new PacketDecoder(maxPacketBytes);
    this.#maxPacketBytes = maxPacketBytes;
  }

  receive(bytes: Uint8Array): void {
    if (this.#handling) {
      this.#chunks.push(bytes);
    } else if (!this.#stopped) {
      this.#handler.heard();
      this.#run(bytes);
    }
  }

  closed(error: NanowireError | undefined): void {
    this.#end = { error };
    this.#tellEnd();
  }

  /** The server may send system messages from here on. */
  takeSystem(): void {
    this.#decoder.limit(this.#maxPacketBytes, "maxPacketBytes", packetType.system);
  }

  /** Hands nothing more on, and drops what waits. */
  stop(): void {
    this.#stopped = true;
    this.#chunks = [];
    this.#waiting = [];
  }

  /**
   * Inflates something for the packet that is being handled. The packets behind it wait until `then` has taken the
   * bytes, at most `maxPacketBytes`, or `failed` the error.
   */
  inflate(bytes: Uint8Array, then: (inflated: Uint8Array) => void, failed: (error: unknown) => void): void {
    this.#held = true;
    inflate(bytes, this.#maxPacketBytes).then(
      (inflated) => this.#goOn(() => then(inflated)),
      (error: unknown) => this.#goOn(() => failed(error)),
    );
  }

  /** Goes on with the packet that is being handled when `until` is resolved; it never rejects. Those behind it wait. */
  hold(until: Promise<void>, then: () => void): void {
    this.#held = true;
    until.then(() => this.#goOn(then));
  }

  packet(type: PacketType, bytes: Uint8Array, start: number, end: number): boolean {
    if (type === packetType.heartbeat) {
      this.#handler.heartbeat();
    } else if (this.#held) {
      this.#wait(type, bytes.slice(start, end));
    } else {
      this.#handler.packet(type, bytes, start, end);
    }
    return !this.#stopped;
  }

  /** Handles what has come: first what had to wait, if anything had, and what is behind it. */
  #run(bytes?: Uint8Array, handle?: () => void): void {
    this.#handling = true;
    try {
      if (handle !== undefined) {
        handle();
        this.#handleWaiting();
      }
      for (let chunk = bytes ?? this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
        this.#decoder.decode(chunk, this);
      }
    } catch (error) {
      this.#handler.failed(error);
    } finally {
      this.#handling = false;
    }
    this.#tellEnd();
  }

  #wait(type: PacketType, body: Uint8Array): void {
    this.#waitingBytes += body.length + waitingPacketBytes;
    if (this.#waitingBytes > mostWaitingBytes) {
      const message = `${this.#waitingBytes} bytes wait for the packet before them, more than ${mostWaitingBytes}`;
      throw new NanowireError("inbox_overflow", message);
    }
    this.#waiting.push({ type, body });
  }

  /** What was waited for has come. */
  #goOn(handle: () => void): void {
    this.#held = false;
    if (!this.#stopped) {
      this.#run(undefined, handle);
    }
  }

  #handleWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    let next = 0;
    while (next < waiting.length && !this.#held && !this.#stopped) {
      const { type, body } = waiting[next++] as WaitingPacket;
      this.#waitingBytes -= body.length + waitingPacketBytes;
      this.#handler.packet(type, body, 0, body.length);
    }
    if (!this.#stopped) {
      this.#waiting = waiting.slice(next);
    }
  }

  #tellEnd(): void {
    if (this.#end !== undefined && !this.#handling && !this.#held && !this.#stopped) {
      this.#handler.lost(this.#end.error);
    }
  }
}

interface WaitingPacket {
  readonly type: PacketType;
  readonly body: Uint8Array;
}
