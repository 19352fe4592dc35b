import { parseFrameAddress } from "./frame-address.js";

/** Whoever takes frames, and is told of what is none. */
export interface FrameTaker {
  received(from: string, frame: Uint8Array): void;
  ignored(what: string): void;
}

/** What is known of one that sends. */
interface Sender {
  stay: string;
  /** Its stay before: what comes late of that is late for ever. */
  formerStay: string | undefined;
  sequence: number;
  /** The pieces of a frame that have come. */
  pieces: Uint8Array[];
  bytes: number;
}

/**
 * Makes frames of the messages that come: in order, each at most once, and pieces joined. Anybody who may publish can write such messages; what is kept of them is
 * bounded, whatever they hold.
 */
export class FrameJoiner {
  readonly #maxFrameBytes: number;
  readonly #taker: FrameTaker;
  readonly #senders = new Map<string, Sender>();
  #heldBytes = 0;

  constructor(maxFrameBytes: number, taker: FrameTaker) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#taker = taker;
  }

  /** How many bytes of pieces are held, of all senders. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A message came. */
  take(reply: string, data: Uint8Array): void {
    const address = parseFrameAddress(reply);
    if (address === undefined) {
      this.#taker.ignored("a message that is no frame");
      return;
    }
    const { from, stay, sequence, index, count } = address;
    if (sequence === undefined) {
      return;
    }
    const sender = this.#senderOf(from, stay);
    if (sender === undefined || sequence <= sender.sequence) {
      return;
    }
    const next = sequence === sender.sequence + 1 && index === sender.pieces.length;
    sender.sequence = sequence;
    if (count === 1) {
      this.#drop(sender);
      if (data.length > this.#maxFrameBytes) {
        this.#taker.ignored(`a frame of ${data.length} bytes from ${from}`);
        return;
      }
      this.#taker.received(from, data);
      return;
    }
    if (index > 0 && !(next && sender.pieces.length > 0)) {
      this.#drop(sender);
      return;
    }
    if (index === 0) {
      this.#drop(sender);
    }
    this.#hold(from, sender, data, index === count - 1);
  }

  /** A sender is gone. */
  forget(from: string): void {
    const sender = this.#senders.get(from);
    if (sender !== undefined) {
      this.#drop(sender);
      this.#senders.delete(from);
    }
  }

  #hold(from: string, sender: Sender, piece: Uint8Array, last: boolean): void {
    if (
      piece.length === 0 ||
      sender.bytes + piece.length > this.#maxFrameBytes ||
      (piece.length < leastPieceBytes && !last)
    ) {
      this.#drop(sender);
      this.#taker.ignored(`a frame in pieces from ${from} of more than ${this.#maxFrameBytes} bytes, or of crumbs`);
      return;
    }
    sender.pieces.push(piece);
    sender.bytes += piece.length;
    this.#heldBytes += piece.length;
    if (last) {
      const frame = joined(sender.pieces, sender.bytes);
      this.#drop(sender);
      this.#taker.received(from, frame);
    } else if (this.#heldBytes > mostFramesHeld * this.#maxFrameBytes) {
      for (const other of this.#senders.values()) {
        this.#drop(other);
      }
      this.#taker.ignored(`pieces of frames, more than ${mostFramesHeld} frames hold`);
    }
  }

  #senderOf(from: string, stay: string): Sender | undefined {
    const known = this.#senders.get(from);
    if (known?.stay === stay) {
      return known;
    }
    if (known?.formerStay === stay) {
      return undefined;
    }
    this.forget(from);
    const sender: Sender = { stay, formerStay: known?.stay, sequence: -1, pieces: [], bytes: 0 };
    this.#senders.set(from, sender);
    if (this.#senders.size > mostSenders) {
      const [oldest] = this.#senders.keys();
      this.forget(oldest as string);
    }
    return sender;
  }

  #drop(sender: Sender): void {
    this.#heldBytes -= sender.bytes;
    sender.pieces = [];
    sender.bytes = 0;
  }
}

/** As many as there may be nodes, and more. */
const mostSenders = 2_048;
/** Of how many frames pieces may be held at once. */
const mostFramesHeld = 16;
/** No server of NATS takes so little that a piece were shorter. */
const leastPieceBytes = 256;

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
