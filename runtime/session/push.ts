import { ByteBuffer } from "../base/byte-buffer.js";
import type { MessageCodec } from "../protocol/codec.js";
import type { Dictionary } from "../protocol/dictionary.js";
import { writePush } from "../protocol/message-encoder.js";
import { messageText } from "../protocol/message-text.js";
import type { Serializer } from "../protocol/serializer.js";
import { toldEncodeError } from "../protocol/told-error.js";

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
  /** Writes the message. */
  readonly message: MessageCodec<T>;
}

/** What takes a push: a session, a group, a part of a group. */
export interface PushReceiver {
  /**
   * Sends a push. See {@link sendPush}, which generated code calls.
   *
   * @returns for how many sessions it was queued
   */
  push<T>(method: PushDefinition<T>, message: T): number;
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
  #text: string | undefined;
  /** What a serializer, or a form, has thrown: it is not tried again for each member. */
  #failures: Map<Serializer | PushForm, { readonly error: unknown }> | undefined;

  /** @param shared whether it goes to more than one connection: its packets are then kept */
  constructor(method: PushDefinition<T>, message: T, shared: boolean) {
    this.route = method.route;
    this.#codec = method.message;
    this.#message = message;
    this.#shared = shared;
  }

  /** What a log shows of it. */
  get text(): string {
    this.#text ??= messageText(this.#codec, this.#message);
    return this.#text;
  }

  /** The message's bytes. Throws what encoding them has thrown. */
  payload(serializer: Serializer): Uint8Array {
    for (const made of this.#payloads) {
      if (made.serializer === serializer) {
        return made.payload;
      }
    }
    this.#throwAgain(serializer);
    try {
      const payload = serializer.encode(this.#codec, this.#message);
      this.#payloads.push({ serializer, payload });
      return payload;
    } catch (error) {
      throw this.#failed(serializer, toldEncodeError(this.#codec, error));
    }
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
    this.#throwAgain(form);
    const alone = new ByteBuffer();
    try {
      this.#write(alone, payload, form);
    } catch (error) {
      throw this.#failed(form, error);
    }
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

  #failed(what: Serializer | PushForm, error: unknown): unknown {
    this.#failures ??= new Map();
    this.#failures.set(what, { error });
    return error;
  }

  #throwAgain(what: Serializer | PushForm): void {
    const failure = this.#failures?.get(what);
    if (failure !== undefined) {
      throw failure.error;
    }
  }
}
