import { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import { SharedBytes } from "../base/shared-bytes.js";
import type { MessageCodec } from "../protocol/codec.js";
import { type InPlaceCodec, isInPlace } from "../protocol/in-place.js";
import { beginPush, writePush } from "../protocol/message-encoder.js";
import { messageText } from "../protocol/message-text.js";
import type { Serializer } from "../protocol/serializer.js";
import { toldEncodeError } from "../protocol/told-error.js";
import type { PushBatch } from "./push-batch.js";
import type { PushForm } from "./push-form.js";

/** What messages are told apart by, of which only the newest waits: the value of a field. */
export type ConflationKey = string | number | bigint | boolean | undefined;

/**
 * What becomes of a push to a client that does not take what was written. Absent: it waits in the client's outbox, and a client with a
 * full one is closed.
 * - `drop`: it waits as long as the outbox is not three quarters full; then it is not sent to that client.
 * - `conflate`: while it waits, a newer one of the same route and key takes its place. Without a key: any newer one of the route.
 *
 * @typeParam T what is pushed
 */
export type Overflow<T> =
  | { readonly policy: "drop" }
  | { readonly policy: "conflate"; readonly key?: (message: T) => ConflationKey };

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
  /** What becomes of it where a client does not take what was written. Default: it waits, and a client with a full outbox is closed. */
  readonly overflow?: Overflow<T>;
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

/** Takes a push to clients that another node holds: once, whatever their number. */
export interface PushRelay {
  /** @param targets what the sessions are known by there; one at least */
  relay(push: OutgoingPush, serializer: Serializer, targets: readonly number[]): void;
}

/** Whom a relay is to take a push to. */
interface Relayed {
  readonly relay: PushRelay;
  readonly serializer: Serializer;
  readonly targets: number[];
}

/** Where a packet lies that goes to many. */
export interface SharedPacket {
  readonly form: PushForm;
  readonly bytes: SharedBytes;
  readonly start: number;
  readonly end: number;
}

/** A push on its way out. Each form of it is made once, whatever the number of connections it goes to. */
export class OutgoingPush<T = unknown> {
  readonly route: string;
  readonly #overflow: Overflow<T> | undefined;
  readonly #codec: MessageCodec<T>;
  /** What is pushed. */
  readonly message: T;
  /** Whether it goes to more than one connection. */
  readonly shared: boolean;
  readonly #batch: PushBatch | undefined;
  /** Mostly one or two of each: found faster in a list than in a map. */
  readonly #payloads: { readonly serializer: Serializer; readonly payload: Uint8Array }[] = [];
  readonly #packets: SharedPacket[] = [];
  /** Mostly a few nodes. Made for the first. */
  #relayed: Relayed[] | undefined;
  #text: string | undefined;
  /** Whether somebody was told that it leaves. */
  #hasLeft = false;
  /** What a serializer, or a form, has thrown: it is not tried again for each member. */
  #failures: Map<Serializer | PushForm, { readonly error: unknown }> | undefined;
  /** Made when it is first asked for. */
  #key: string | undefined;

  /**
   * @param shared whether it goes to more than one connection: its packets are then kept
   * @param batch what those whom it goes to are told in this turn. Default: nothing else
   */
  constructor(method: PushDefinition<T>, message: T, shared: boolean, batch?: PushBatch) {
    this.route = method.route;
    this.#overflow = method.overflow;
    this.#codec = method.message;
    this.message = message;
    this.shared = shared;
    this.#batch = batch;
  }

  /**
   * A push that is encoded already: another node has sent it.
   *
   * @param key what it is told apart by, where only the newest waits
   */
  static encoded(
    route: string,
    overflow: Overflow<unknown>["policy"] | undefined,
    key: string,
    serializer: Serializer,
    payload: Uint8Array,
    batch: PushBatch,
  ): OutgoingPush {
    const policy: Overflow<unknown> | undefined =
      overflow === "conflate" ? { policy: "conflate", key: () => key } : overflow && { policy: overflow };
    const method = { route, code: 0, message: encodedElsewhere, ...(policy === undefined ? {} : { overflow: policy }) };
    const push = new OutgoingPush(method, undefined, true, batch) as OutgoingPush;
    push.#payloads.push({ serializer, payload });
    // It has left the node where it was pushed.
    push.#hasLeft = true;
    push.#text = `${payload.length} bytes that another node has encoded`;
    return push;
  }

  /** It leaves for one of those whom it goes to. Returns whether that is the first. */
  leaves(): boolean {
    const isFirst = !this.#hasLeft;
    this.#hasLeft = true;
    return isFirst;
  }

  /** Has it taken to a session by a relay, together with the others that go the same way: {@link finish} sends it. */
  relayTo(relay: PushRelay, serializer: Serializer, target: number): void {
    this.#relayed ??= [];
    for (const relayed of this.#relayed) {
      if (relayed.relay === relay && relayed.serializer === serializer) {
        relayed.targets.push(target);
        return;
      }
    }
    this.#relayed.push({ relay, serializer, targets: [target] });
  }

  /** All whom it goes to are known. Throws what encoding it for the relays has thrown; those that it can be encoded for have it. */
  finish(): void {
    let failure: { readonly error: unknown } | undefined;
    for (const { relay, serializer, targets } of this.#relayed ?? []) {
      try {
        relay.relay(this as OutgoingPush, serializer, targets);
      } catch (error) {
        failure ??= { error };
      }
    }
    this.#relayed = undefined;
    if (failure !== undefined) {
      throw failure.error;
    }
  }

  /** What becomes of it where it has to wait; undefined: it does. */
  get overflow(): Overflow<T>["policy"] | undefined {
    return this.#overflow?.policy;
  }

  /** Its route, and what it is told apart by from others of its route. */
  get key(): string {
    if (this.#key === undefined) {
      const key = this.#overflow?.policy === "conflate" ? this.#overflow.key?.(this.message) : undefined;
      // No route has a line break: two routes never share a key.
      this.#key = key === undefined ? this.route : `${this.route}\n${key}`;
    }
    return this.#key;
  }

  /** Whether nobody may be shown it: it has fields that are marked `debug_redact`, or its type is known to another node alone. */
  get secret(): boolean {
    return this.#codec.redaction !== undefined || this.#codec === encodedElsewhere;
  }

  /** What a log shows of it. */
  get text(): string {
    this.#text ??= messageText(this.#codec, this.message);
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
      const payload = serializer.encode(this.#codec, this.message);
      this.#payloads.push({ serializer, payload });
      return payload;
    } catch (error) {
      throw this.#failed(serializer, toldEncodeError(this.#codec, error));
    }
  }

  /** What is sent from here on is the message as it is now, whatever becomes of it. */
  fix(serializers: readonly Serializer[]): void {
    // What it is told apart by, too.
    void this.key;
    for (const serializer of serializers) {
      try {
        this.payload(serializer);
      } catch {
        // It is thrown again when somebody is there whom it should have been encoded for.
      }
    }
  }

  /** What writes it where it leaves, without a payload of its own; undefined where there is more to it. */
  codecInPlace({ serializer, compress }: PushForm): InPlaceCodec<T> | undefined {
    const codec = this.#codec;
    const isPlain = !this.shared && compress === undefined && this.#overflow === undefined;
    return isPlain && isInPlace(serializer, codec) ? codec : undefined;
  }

  /** Begins the packet; the payload is written behind it. Returns where it begins. */
  begin(out: ByteBuffer, { dictionary }: PushForm): number {
    return beginPush(out, this.route, dictionary?.codeOf(this.route) ?? 0);
  }

  /** Writes the whole packet. */
  writeTo(out: ByteBuffer, form: PushForm): void {
    if (this.shared) {
      out.append(this.packet(form));
    } else {
      this.#write(out, this.payload(form.serializer), form);
    }
  }

  /** The whole packet. It is shared: nobody writes to it. */
  packet(form: PushForm): Uint8Array {
    const { bytes, start, end } = this.sharedPacket(form);
    return bytes.view(start, end);
  }

  /** The whole packet, where it lies. */
  sharedPacket(form: PushForm): SharedPacket {
    for (const made of this.#packets) {
      if (made.form === form) {
        return made;
      }
    }
    const payload = this.payload(form.serializer);
    this.#throwAgain(form);
    // What may wait for long, or for one client alone, does not keep what all are told.
    const bytes = this.#overflow === undefined ? this.#batch?.of(form) : undefined;
    const made = this.#writeShared(bytes ?? new SharedBytes(), payload, form);
    this.#packets.push(made);
    return made;
  }

  #writeShared(bytes: SharedBytes, payload: Uint8Array, form: PushForm): SharedPacket {
    const { buffer } = bytes;
    const start = buffer.end;
    try {
      this.#write(buffer, payload, form);
    } catch (error) {
      buffer.end = start;
      throw this.#failed(form, error);
    }
    return { form, bytes, start, end: buffer.end };
  }

  /** Writes a packet with the payload that the outbound steps have left: mostly the message's own, whose packet is made. */
  writeChangedTo(out: ByteBuffer, payload: Uint8Array, form: PushForm): void {
    if (payload === this.payload(form.serializer)) {
      this.writeTo(out, form);
    } else {
      this.#write(out, payload, form);
    }
  }

  /** The packet with such a payload. */
  changedPacket(payload: Uint8Array, form: PushForm): Uint8Array {
    if (payload === this.payload(form.serializer)) {
      return this.packet(form);
    }
    const alone = new ByteBuffer();
    this.#write(alone, payload, form);
    return alone.view();
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

/** Stands for a message that only another node knows. */
const encodedElsewhere: MessageCodec<unknown> = { protobuf: { encode: unknownHere, decode: unknownHere } };

function unknownHere(): never {
  throw new NanowireError("invalid_message", "the message was encoded by another node, and is not known here");
}
