import { ByteBuffer } from "../base/byte-buffer.js";
import type { MessageCodec } from "../protocol/codec.js";
import { writePush } from "../protocol/message-encoder.js";
import type { Serializer, SerializerName } from "../protocol/serializer.js";

/**
 * One method of a PUSH service, as the generator describes it.
 *
 * @typeParam T what is pushed
 */
export interface PushDefinition<T> {
  /** `RoomEvents.Joined`. */
  readonly route: string;
  /** The route's code in the dictionary. */
  readonly code: number;
  readonly message: MessageCodec<T>;
}

/** Whom the server can push to: a session or a group. */
export interface PushTarget {
  /**
   * Sends a push. Generated code calls it: `RoomEvents.joined(group, { name })`.
   * It is queued in the outbox of each connection and written at the end of the turn of the event loop; to a closed
   * session it does nothing.
   *
   * Throws what the message's codec throws for a message that does not fit its type.
   */
  push<T>(method: PushDefinition<T>, message: T): void;
}

/** A push on its way out. Each form of it is made once, whatever the number of connections it goes to. */
export class OutgoingPush<T = unknown> {
  readonly route: string;
  readonly #code: number;
  readonly #codec: MessageCodec<T>;
  readonly #message: T;
  readonly #shared: boolean;
  readonly #payloads: Partial<Record<SerializerName, Uint8Array>> = {};
  /** Whole packets by `<serializer>` and, with the route as a code, `<serializer>#`. */
  readonly #packets: Partial<Record<`${SerializerName}${"" | "#"}`, Uint8Array>> = {};

  /** @param shared whether it goes to more than one connection: its packets are then kept */
  constructor(method: PushDefinition<T>, message: T, shared: boolean) {
    this.route = method.route;
    this.#code = method.code;
    this.#codec = method.message;
    this.#message = message;
    this.#shared = shared;
  }

  /** The message's bytes. */
  payload(serializer: Serializer): Uint8Array {
    const made = this.#payloads[serializer.name];
    if (made !== undefined) {
      return made;
    }
    const payload = serializer.encode(this.#codec, this.#message);
    this.#payloads[serializer.name] = payload;
    return payload;
  }

  /** Writes the whole packet. `compressed`: the route goes as its code. */
  writeTo(out: ByteBuffer, serializer: Serializer, compressed: boolean): void {
    const code = compressed ? this.#code : 0;
    if (!this.#shared) {
      writePush(out, this.route, code, this.payload(serializer));
      return;
    }
    const key = compressed ? (`${serializer.name}#` as const) : serializer.name;
    let packet = this.#packets[key];
    if (packet === undefined) {
      const alone = new ByteBuffer();
      writePush(alone, this.route, code, this.payload(serializer));
      packet = alone.view();
      this.#packets[key] = packet;
    }
    out.append(packet);
  }

  /** Writes a packet with a payload that an outbound step has made of the message's. */
  writeChangedTo(out: ByteBuffer, payload: Uint8Array, compressed: boolean): void {
    writePush(out, this.route, compressed ? this.#code : 0, payload);
  }
}
