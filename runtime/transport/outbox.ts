// A hot file: every byte that leaves waits here until the end of the turn.

import { ByteBuffer } from "../base/byte-buffer.js";
import type { EndOfTurn, Turn } from "../base/turn.js";

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

/** Writes what an {@link Outbox} holds to what carries the connection. */
export interface OutboxWriter {
  /** Writes the buffer's bytes in one go; the buffer's headroom is there for a frame header. */
  write(buffer: ByteBuffer): WriteOutcome;
  /** How many bytes were written and wait in memory, because the other side does not take them. */
  readonly queuedBytes: number;
  /** The outbox would hold more than `maxBytes`: the connection is to be closed. Called once at most. */
  overflowed(waitingBytes: number, maxBytes: number): void;
}

/**
 * What waits to be written to one connection. Packets are encoded straight into its buffer; at the end of the turn all
 * of them are written at once. While the other side does not take what was written, packets gather here, up to `maxBytes`.
 */
export class Outbox implements EndOfTurn {
  readonly #writer: OutboxWriter;
  readonly #turn: Turn;
  readonly #maxBytes: number;
  readonly #buffer: ByteBuffer;
  #state: WriteOutcome = WriteOutcome.taken;
  #scheduled = false;
  #closed = false;

  /**
   * @param maxBytes the most bytes that may wait
   * @param headroom how many bytes the writer wants free before the first packet
   */
  constructor(writer: OutboxWriter, turn: Turn, maxBytes: number, headroom: number) {
    this.#writer = writer;
    this.#turn = turn;
    this.#maxBytes = maxBytes;
    this.#buffer = new ByteBuffer(headroom);
  }

  /** How many bytes wait, here and behind the last write. */
  get waitingBytes(): number {
    return this.#buffer.length + (this.#state === WriteOutcome.taken ? 0 : this.#writer.queuedBytes);
  }

  /** The buffer to encode packets into; {@link commit} is called after it, in the same go. */
  get buffer(): ByteBuffer {
    return this.#buffer;
  }

  /**
   * What was encoded into the buffer is to be sent.
   *
   * @returns false when that was too much, and the connection is being closed, or when it is closed already
   */
  commit(): boolean {
    if (this.#closed) {
      this.#buffer.release();
      return false;
    }
    const waiting = this.waitingBytes;
    if (waiting > this.#maxBytes) {
      this.discard();
      this.#writer.overflowed(waiting, this.#maxBytes);
      return false;
    }
    if (!this.#scheduled && this.#state !== WriteOutcome.blocked) {
      this.#scheduled = true;
      this.#turn.atEnd(this);
    }
    return true;
  }

  /** Copies packets that are encoded already to the end, and commits them. */
  send(packets: Uint8Array): boolean {
    this.#buffer.append(packets);
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
    this.#state = WriteOutcome.taken;
    this.#write();
  }

  /** Writes what waits, whether or not what was written before is taken, and takes nothing more. */
  finish(): void {
    this.#write();
    this.discard();
  }

  /** Drops what waits, and takes nothing more. */
  discard(): void {
    this.#closed = true;
    this.#buffer.release();
  }

  #write(): void {
    if (this.#buffer.length === 0 || this.#closed) {
      return;
    }
    this.#state = this.#writer.write(this.#buffer);
    if (this.#state === WriteOutcome.taken && this.#buffer.bytes.length <= keptBytes) {
      this.#buffer.clear();
    } else {
      this.#buffer.release();
    }
  }
}

/** A buffer that grew larger than this is let go of after it is written: an idle connection keeps little. */
const keptBytes = 16 * 1024;
