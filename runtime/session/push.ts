import { ByteBuffer } from "../base/byte-buffer.js";
import type { MessageCodec } from "../protocol/codec.js";
import type { Dictionary } from "../protocol/dictionary.js";
import { writePush } from "../protocol/message-encoder.js";
import type { Serializer } from "../protocol/serializer.js";

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

/** Makes a zlib stream of a payload; undefined where the payload is to go as it is. */
export type Compress = (payload: Uint8Array) => Uint8Array | undefined;

/** In what form a push goes to some of its connections. Those that share a form share the object. */
export interface PushForm {
  readonly serializer: Serializer;
  /** Whose codes stand for routes; a route that it lacks goes in full, as all do where there is none. */
  readonly dictionary: Dictionary | undefined;
  /** Absent where payloads go as they are. */
  readonly compress: Compress | undefined;
}

/** A push on its way out. Each form of it is made once, whatever the number of connections it goes to. */
export class OutgoingPush<T = unknown> {
  readonly route: string;
  readonly #codec: MessageCodec<T>;
  readonly #message: T;
  readonly #shared: boolean;
  /** Mostly one or two of each: found faster in a list than in a map. */
  readonly #payloads: { readonly serializer: Serializer; readonly payload: Uint8Array }[] = [];
  readonly #packets: { readonly form: PushForm; readonly packet: Uint8Array }[] = [];

  /** @param shared whether it goes to more than one connection: its packets are then kept */
  constructor(method: PushDefinition<T>, message: T, shared: boolean) {
    this.route = method.route;
    this.#codec = method.message;
    this.#message = message;
    this.#shared = shared;
  }

  /** The message's bytes. */
  payload(serializer: Serializer): Uint8Array {
    for (const made of this.#payloads) {
      if (made.serializer === serializer) {
        return made.payload;
      }
    }
    const payload = serializer.encode(this.#codec, this.#message);
    this.#payloads.push({ serializer, payload });
    return payload;
  }

  /** Writes the whole packet. */
  writeTo(out: ByteBuffer, form: PushForm): void {
    const payload = this.payload(form.serializer);
    if (!this.#shared) {
      this.#write(out, payload, form);
      return;
    }
    for (const made of this.#packets) {
      if (made.form === form) {
        out.append(made.packet);
        return;
      }
    }
    const alone = new ByteBuffer();
    this.#write(alone, payload, form);
    const packet = alone.view();
    this.#packets.push({ form, packet });
    out.append(packet);
  }

  /** Writes a packet with the payload that the outbound steps have left: mostly the message's own, whose packet is made. */
  writeChangedTo(out: ByteBuffer, payload: Uint8Array, form: PushForm): void {
    if (payload === this.payload(form.serializer)) {
      this.writeTo(out, form);
    } else {
      this.#write(out, payload, form);
    }
  }

  #write(out: ByteBuffer, payload: Uint8Array, { dictionary, compress }: PushForm): void {
    const code = dictionary?.codeOf(this.route) ?? 0;
    const compressed = compress?.(payload);
    writePush(out, this.route, code, compressed ?? payload, compressed !== undefined);
  }
}
