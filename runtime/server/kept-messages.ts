import { Delivery, type DeliveryLimits } from "../protocol/delivery.js";

/** What was sent in a session that can be resumed, until its client has got it. */
export class KeptMessages {
  readonly limits: DeliveryLimits;
  readonly delivery: Delivery;
  /** Pushes that may give way to a newer one of their key, by that: they wait, and no client has seen them. */
  readonly #replaceable = new Map<string, Uint8Array>();

  constructor(limits: DeliveryLimits) {
    this.limits = limits;
    this.delivery = new Delivery(limits);
  }

  /**
   * Keeps a packet for a client that is away.
   *
   * @param mayBeLost whether it gives way where there is little room
   * @returns whether it is kept; `overflow`: it is, and an older one had to go for it
   */
  keep(packet: Uint8Array, mayBeLost: boolean): boolean | "overflow" {
    if (mayBeLost && !this.delivery.hasRoomFor(packet.length)) {
      return false;
    }
    return this.delivery.keep(packet) || "overflow";
  }

  /** Keeps a push that may give way to a newer one of its key, as long as it waits. */
  keepReplaceable(key: string, packet: Uint8Array): boolean | "overflow" {
    this.#replaceable.set(key, packet);
    return this.keep(packet, false);
  }

  /**
   * The push of a key that waits gives way to a newer one.
   *
   * @returns whether there was one
   */
  takeBack(key: string): boolean {
    const older = this.#replaceable.get(key);
    if (older !== undefined) {
      this.delivery.takeBack(older);
    }
    return older !== undefined;
  }

  /** What waited was written, or may have been. */
  allWritten(): void {
    this.#replaceable.clear();
  }
}
