import { NanowireError } from "../base/error.js";
import { mostOfLosable } from "../base/losable.js";

/** How much a side keeps of what it sent, until the other side tells that it has got it. */
export interface DeliveryLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/**
 * What one side knows of the messages that go either way while a session lasts, whatever the number of its connections. Nothing is added to a message: each
 * side counts those that it has sent and those that it has got, from 1 on, and now and then tells the other how many it has got. What was
 * sent is kept until then; with a new connection the rest is sent again (decision 0024).
 */
export class Delivery {
  readonly #limits: DeliveryLimits;
  /** The packets of the last messages that were sent, oldest first. */
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** How many messages were sent before those that are kept. */
  #forgotten = 0;
  #received = 0;
  /** How many of them the other side was told of. */
  #told = 0;
  #untoldBytes = 0;

  constructor(limits: DeliveryLimits) {
    this.#limits = limits;
  }

  /** How many messages were sent. */
  get sent(): number {
    return this.#forgotten + this.#kept.length;
  }

  /** How many of them are not kept any more: only what comes after them can be sent again. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** How many are kept, and what they take. */
  get kept(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#kept.length, bytes: this.#keptBytes };
  }

  /** How many messages came. */
  get received(): number {
    return this.#received;
  }

  /**
   * A message is sent, or would be if there were a connection.
   *
   * @param packet its packet, which is kept as it is: it may not be written to
   * @returns false when that was too much, and the oldest were forgotten for it
   */
  keep(packet: Uint8Array): boolean {
    const { maxMessages, maxBytes } = this.#limits;
    this.#kept.push(packet);
    this.#keptBytes += packet.length;
    const isTooMuch = this.#kept.length > maxMessages || this.#keptBytes > maxBytes;
    while (this.#kept.length > maxMessages || this.#keptBytes > maxBytes) {
      this.#forget(1);
    }
    return !isTooMuch;
  }

  /** Whether a packet of so many bytes can be kept, and a quarter of the room is left for what must arrive. */
  hasRoomFor(bytes: number): boolean {
    const { maxMessages, maxBytes } = this.#limits;
    return this.#kept.length + 1 <= maxMessages * mostOfLosable && this.#keptBytes + bytes <= maxBytes * mostOfLosable;
  }

  /**
   * A message that was kept is not to be sent after all. Nothing of it, nor of what comes after it, may have been sent: those count from its number on.
   *
   * @param packet as it was kept
   */
  takeBack(packet: Uint8Array): void {
    const index = this.#kept.lastIndexOf(packet);
    if (index < 0) {
      // It was forgotten for newer ones.
      this.#forgotten--;
    } else {
      this.#kept.splice(index, 1);
      this.#keptBytes -= packet.length;
    }
  }

  /**
   * A message came, of so many bytes.
   *
   * @returns whether it is time to tell the other side, which may keep no more than the same limits say
   */
  receive(bytes: number): boolean {
    this.#received++;
    this.#untoldBytes += bytes;
    const { maxMessages, maxBytes } = this.#limits;
    return (this.#received - this.#told) * tellings >= maxMessages || this.#untoldBytes * tellings >= maxBytes;
  }

  /** What the other side is to be told, as a system message; undefined when it knows. */
  tell(): { readonly received: number } | undefined {
    if (this.#told === this.#received) {
      return undefined;
    }
    this.#told = this.#received;
    this.#untoldBytes = 0;
    return { received: this.#received };
  }

  /**
   * The other side says how many messages it has got.
   *
   * @param count whatever it wrote
   * @throws NanowireError `invalid_acknowledgment` when it cannot be
   */
  acknowledged(count: unknown): void {
    if (!isCount(count) || count > this.sent) {
      const message = `the other side says that it has got ${String(count)} messages; ${this.sent} were sent`;
      throw new NanowireError("invalid_acknowledgment", message);
    }
    if (count > this.#forgotten) {
      this.#forget(count - this.#forgotten);
    }
  }

  /**
   * The other side comes back, and has got so many messages: what is kept then is what it lacks.
   *
   * @param count whatever it wrote
   * @throws NanowireError `invalid_acknowledgment` when it cannot be
   */
  goOnAfter(count: unknown): void {
    this.acknowledged(count);
    if (count !== this.#forgotten) {
      const message = `the other side has got ${String(count)} messages; the first ${this.#forgotten} are not kept`;
      throw new NanowireError("invalid_acknowledgment", message);
    }
  }

  /** Whether all can be sent again that comes after so many messages. */
  canGoOnAfter(count: unknown): count is number {
    return isCount(count) && count >= this.#forgotten && count <= this.sent;
  }

  /** What is kept, one packet after another: what is to be sent again. */
  packets(): Uint8Array {
    const all = new Uint8Array(this.#keptBytes);
    let offset = 0;
    for (const packet of this.#kept) {
      all.set(packet, offset);
      offset += packet.length;
    }
    return all;
  }

  #forget(count: number): void {
    for (const packet of this.#kept.splice(0, count)) {
      this.#keptBytes -= packet.length;
    }
    this.#forgotten += count;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** How often the other side is told before its limits are reached. */
const tellings = 4;
