// A hot file: every byte that leaves waits here until the end of the turn.

import { ByteBuffer } from "../base/byte-buffer.js";
import { mostOfLosable } from "../base/losable.js";
import type { SharedBytes } from "../base/shared-bytes.js";
import type { EndOfTurn, Turn } from "../base/turn.js";
import { KeyedPackets } from "./keyed-packets.js";

/** What became of a write. */
export const WriteOutcome = {
  /** The operating system has all of it: the buffer may be used again. */
  taken: 0,
  /** Some of it waits in memory, in the buffer that was handed over; more may be written. */
  held: 1,
  /** As `held`, and more is to be written only after {@link Outbox.drained}. */
  blocked: 2,
} as const;

/** What became of a write. */
export type WriteOutcome = (typeof WriteOutcome)[keyof typeof WriteOutcome];

/** Which limit of an outbox: an option of the server. */
export type OutboxLimit = "maxOutboxBytes" | "maxOutboxMessages";

/** Writes what an {@link Outbox} holds to what carries the connection. */
export interface OutboxWriter {
  /** Writes the buffer's bytes in one go; the buffer's headroom is there for a frame header. */
  write(buffer: ByteBuffer): WriteOutcome;
  /** Writes some of what many write. Absent, or undefined is returned: they are copied into a buffer. */
  writeShared?(bytes: SharedBytes, start: number, end: number): WriteOutcome | undefined;
  /** How many bytes were written and wait in memory, because the other side does not take them. */
  readonly queuedBytes: number;
  /** The outbox would hold more than `most` of what `limit` bounds: the connection is to be closed. Called once at most. */
  overflowed(waiting: number, most: number, limit: OutboxLimit): void;
}

/** Whom an {@link Outbox} tells what becomes of it: the connection. */
export interface OutboxOwner {
  /** The other side takes again what is written, after it did not. */
  outboxDrained(): void;
}

/**
 * What waits to be written to one connection. Packets are encoded straight into its buffer; at the end of the turn all
 * of them are written at once. While the other side does not take what was written, packets gather here, up to `maxBytes`
 * and `maxMessages`.
 */
export class Outbox implements EndOfTurn {
  /** Who is told; undefined for nobody. */
  owner: OutboxOwner | undefined;
  readonly #writer: OutboxWriter;
  readonly #turn: Turn;
  readonly #maxBytes: number;
  readonly #maxMessages: number;
  readonly #buffer: ByteBuffer;
  #state: WriteOutcome = WriteOutcome.taken;
  #scheduled = false;
  #closed = false;
  /** How many packets wait here. */
  #messages = 0;
  /** How many were written since the other side had taken everything. */
  #writtenMessages = 0;
  /** What waits of bytes that others send too; the buffer is empty then. */
  #shared: SharedBytes | undefined;
  #sharedStart = 0;
  #sharedEnd = 0;
  /** While it is blocked: packets of which only the newest of a key waits. */
  #keyed: KeyedPackets | undefined;

  /**
   * @param maxBytes the most bytes that may wait
   * @param headroom how many bytes the writer wants free before the first packet
   * @param maxMessages the most packets that may wait
   */
  constructor(
    writer: OutboxWriter,
    turn: Turn,
    maxBytes: number,
    headroom: number,
    maxMessages: number = Number.POSITIVE_INFINITY,
  ) {
    this.#writer = writer;
    this.#turn = turn;
    this.#maxBytes = maxBytes;
    this.#maxMessages = maxMessages;
    this.#buffer = new ByteBuffer(headroom);
  }

  /** How many bytes wait, here and behind the last write. */
  get waitingBytes(): number {
    const behind = this.#state === WriteOutcome.taken ? 0 : this.#writer.queuedBytes + (this.#keyed?.bytes ?? 0);
    return this.#buffer.length + this.#sharedEnd - this.#sharedStart + behind;
  }

  /** How many packets wait, here and behind the last write. One that is taken in part counts until all that was written is taken. */
  get waitingMessages(): number {
    const isTaken = this.#state === WriteOutcome.taken || this.#writer.queuedBytes === 0;
    return this.#messages + (isTaken ? 0 : this.#writtenMessages);
  }

  /** Whether the other side does not take what was written: what comes now waits here. */
  get blocked(): boolean {
    return this.#state === WriteOutcome.blocked;
  }

  /** Whether it takes nothing more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The buffer to encode packets into, each followed by {@link commit} in the same go. To take one back, set `end` to what it was. */
  get buffer(): ByteBuffer {
    const buffer = this.#buffer;
    if (buffer.bytes.length === 0) {
      buffer.bytes = this.#turn.spares.take() ?? buffer.bytes;
    }
    if (this.#shared !== undefined) {
      this.#unshare(this.#shared);
    }
    return buffer;
  }

  /**
   * What was encoded into the buffer is to be sent: one packet.
   *
   * @returns false when that was too much, and the connection is being closed, or when it is closed already
   */
  commit(): boolean {
    if (this.#closed) {
      this.#forget();
      return false;
    }
    this.#messages++;
    if (!this.#isWithinLimits()) {
      return false;
    }
    if (!this.#scheduled && this.#state !== WriteOutcome.blocked) {
      this.#scheduled = true;
      this.#turn.atEnd(this);
    }
    return true;
  }

  /**
   * As {@link commit}, for a packet that may be lost: it is taken back where it would fill the outbox beyond three quarters. The last
   * quarter is for what must arrive.
   *
   * @param start the buffer's end before it was encoded
   * @returns whether it is to be sent
   */
  commitOrDrop(start: number): boolean {
    const { end } = this.#buffer;
    const wasEmpty = this.waitingBytes === end - start;
    const isTooMuch =
      this.waitingBytes > this.#maxBytes * mostOfLosable ||
      this.waitingMessages + 1 > this.#maxMessages * mostOfLosable;
    if (isTooMuch && !wasEmpty) {
      this.#buffer.end = start;
      return false;
    }
    return this.commit();
  }

  /**
   * Takes a whole packet while it is {@link blocked}; an older one of the same key that waits is forgotten. The bytes may be shared, and are
   * not written to.
   */
  conflate(key: string, packet: Uint8Array): "queued" | "replaced" | "closed" {
    if (this.#closed) {
      return "closed";
    }
    if (this.#shared !== undefined) {
      this.#unshare(this.#shared);
    }
    this.#keyed ??= new KeyedPackets();
    const replaced = this.#keyed.put(key, packet, this.#buffer.end);
    if (!replaced) {
      this.#messages++;
    }
    return !this.#isWithinLimits() ? "closed" : replaced ? "replaced" : "queued";
  }

  /**
   * Sends a packet that lies among bytes which others send too. It is not copied, as long as nothing else comes between it and what was sent of
   * the same bytes before.
   *
   * @returns as {@link commit} does
   */
  share(bytes: SharedBytes, start: number, end: number): boolean {
    if (this.#shared === bytes && this.#sharedEnd === start) {
      this.#sharedEnd = end;
    } else if (this.#shared === undefined && this.#buffer.length === 0 && this.#keyed === undefined) {
      this.#shared = bytes;
      this.#sharedStart = start;
      this.#sharedEnd = end;
    } else {
      this.buffer.append(bytes.view(start, end));
    }
    return this.commit();
  }

  /** Copies a packet that is encoded already to the end, and commits it. */
  send(packet: Uint8Array): boolean {
    this.buffer.append(packet);
    return this.commit();
  }

  /** Writes what gathered in the turn. */
  endOfTurn(): void {
    this.#scheduled = false;
    if (this.#state !== WriteOutcome.blocked) {
      this.#write();
    }
  }

  /** The other side has taken what was written. */
  drained(): void {
    const wasBlocked = this.blocked;
    this.#state = WriteOutcome.taken;
    this.#write();
    if (wasBlocked && !this.blocked && !this.#closed) {
      this.owner?.outboxDrained();
    }
  }

  /** Writes what waits, whether or not what was written before is taken, and takes nothing more. */
  finish(): void {
    this.#write();
    this.discard();
  }

  /** Drops what waits, and takes nothing more. */
  discard(): void {
    this.#closed = true;
    this.#messages = 0;
    this.#keyed = undefined;
    this.#forget();
  }

  #forget(): void {
    this.#buffer.release();
    this.#forgetShared();
  }

  /** Copies what is shared: something else comes behind it. */
  #unshare(shared: SharedBytes): void {
    this.#buffer.append(shared.view(this.#sharedStart, this.#sharedEnd));
    this.#forgetShared();
  }

  #forgetShared(): void {
    this.#shared = undefined;
    this.#sharedStart = 0;
    this.#sharedEnd = 0;
  }

  /** Whether what waits is not too much; if it is, everything is dropped and the writer told. */
  #isWithinLimits(): boolean {
    const bytes = this.waitingBytes;
    const isTooMuch = bytes > this.#maxBytes;
    // What was written may have been taken meanwhile: that is looked at only when it matters.
    const areTooMany =
      this.#messages + this.#writtenMessages > this.#maxMessages && this.waitingMessages > this.#maxMessages;
    if (!isTooMuch && !areTooMany) {
      return true;
    }
    const messages = this.waitingMessages;
    this.discard();
    if (isTooMuch) {
      this.#writer.overflowed(bytes, this.#maxBytes, "maxOutboxBytes");
    } else {
      this.#writer.overflowed(messages, this.#maxMessages, "maxOutboxMessages");
    }
    return false;
  }

  #write(): void {
    const keyed = this.#keyed;
    const shared = this.#shared;
    if ((this.#buffer.length === 0 && keyed === undefined && shared === undefined) || this.#closed) {
      return;
    }
    if (this.#writtenMessages > 0 && (this.#state === WriteOutcome.taken || this.#writer.queuedBytes === 0)) {
      this.#writtenMessages = 0;
    }
    this.#keyed = undefined;
    this.#state =
      shared === undefined
        ? this.#writer.write(keyed === undefined ? this.#buffer : keyed.mergedWith(this.#buffer))
        : this.#writeShared(shared);
    const isTaken = this.#state === WriteOutcome.taken;
    this.#writtenMessages = isTaken ? 0 : this.#writtenMessages + this.#messages;
    this.#messages = 0;
    if ((isTaken || keyed !== undefined) && this.#buffer.bytes.length <= keptBytes) {
      this.#turn.spares.give(this.#buffer.bytes);
    }
    this.#forget();
  }

  #writeShared(shared: SharedBytes): WriteOutcome {
    const outcome = this.#writer.writeShared?.(shared, this.#sharedStart, this.#sharedEnd);
    return outcome ?? this.#writer.write(this.buffer);
  }
}

/** An array that grew larger than this is let go of after it is written. */
const keptBytes = 16 * 1024;
