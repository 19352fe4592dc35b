// A hot file: no promise and no closure a message.

import { type Awaitable, isPromise } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import type { Turn } from "../base/turn.js";
import type { Call, Caller } from "../dispatch/call.js";
import { Overloads } from "../dispatch/overload.js";
import { type InboundMessage, type InboundStep, runInbound } from "../pipeline/pipeline.js";
import type { Serializer } from "../protocol/serializer.js";
import { toldDecodeError } from "../protocol/told-error.js";
import { type MailboxOwner, type MailboxTask, OrderedMailbox, UnorderedMailbox } from "../schedule/mailbox.js";
import type { Timekeeper } from "../schedule/timekeeper.js";
import type { Session } from "../session/session.js";
import { inflate, inflateAtOnce } from "./inflate.js";
import type { MessageWatch } from "./message-watch.js";
import type { ResolvedOptions } from "./options.js";
import type { PayloadLog } from "./payload-log.js";
import type { ServerPipeline } from "./server-pipeline.js";

/** What the handling of messages needs of a server. */
export interface HandlingHost {
  readonly options: ResolvedOptions;
  readonly turn: Turn;
  /** The time that each handler may take. */
  readonly deadlines: Timekeeper;
  readonly inbound: ServerPipeline<InboundStep>;
  /** Undefined where what messages hold is never logged. */
  readonly payloadLog: PayloadLog | undefined;
  /** Shows messages to whoever watches. */
  readonly watch: MessageWatch;
}

/** A session's messages on their way to handlers: in their order, through the inbound steps, decoded. Where they come from, and where answers go, its heirs know. */
export abstract class Handling implements Caller, MailboxOwner {
  abstract readonly session: Session;
  protected readonly host: HandlingHost;
  #ordered: OrderedMailbox | undefined;
  #unordered: UnorderedMailbox | undefined;
  #overloads: Overloads | undefined;

  constructor(host: HandlingHost) {
    this.host = host;
  }

  /** What the client's payloads are written in. */
  abstract get serializer(): Serializer;
  abstract succeeded(call: Call, value: unknown): void;
  abstract failed(call: Call, error: unknown): void;
  /** Fewer messages wait than may. */
  abstract mailboxHasRoom(): void;

  // → the session's mailbox →

  /** Has a call handled in its turn. */
  protected post(call: Call): void {
    const { method, order } = call.endpoint;
    if (order === "none") {
      this.postUnordered(call);
    } else if (method.overload === undefined) {
      this.postOrdered(call);
    } else {
      this.#overloads ??= new Overloads(this.#orderedMailbox());
      this.#overloads.post(call, method.overload);
    }
  }

  protected postOrdered(task: MailboxTask): void {
    this.#orderedMailbox().post(task);
  }

  protected postUnordered(task: MailboxTask): void {
    this.#unordered ??= new UnorderedMailbox(this.host.turn, this, this.roomBelow);
    this.#unordered.post(task);
  }

  #orderedMailbox(): OrderedMailbox {
    this.#ordered ??= new OrderedMailbox(this.host.turn, this, this.roomBelow);
    return this.#ordered;
  }

  /** How many messages wait or are under way. */
  get length(): number {
    return (this.#ordered?.length ?? 0) + (this.#unordered?.length ?? 0);
  }

  /** From how many messages on there is room for more again. */
  protected get roomBelow(): number {
    return Math.floor(this.host.options.maxQueuedMessages / 2) + 1;
  }

  /** What waits for its turn is forgotten. */
  protected forgetWaiting(): void {
    this.#ordered?.clear();
    this.#unordered?.clear();
  }

  /** Lets go of what only messages need; there must be none. */
  protected restMailboxes(): void {
    this.#ordered = undefined;
    this.#unordered = undefined;
    this.#overloads = undefined;
  }

  // → inbound pipeline →

  inbound(call: Call): void | Promise<void> {
    if (call.compressed) {
      const inflated = this.#inflated(call);
      if (isPromise(inflated)) {
        return inflated.then((payload) => {
          call.payload = payload;
          return this.step(call);
        });
      }
      call.payload = inflated;
    }
    return this.step(call);
  }

  /** Takes a message through the inbound steps. */
  protected step(message: InboundMessage & { own(): void }): void | Promise<void> {
    const steps = this.host.inbound.stepsOf(message.route);
    if (steps.length === 0) {
      return;
    }
    // A step may keep the message.
    message.own();
    return runInbound(steps, this.session, message);
  }

  #inflated({ payload, endpoint }: Call): Awaitable<Uint8Array> {
    const { maxInflatedBytes } = this.host.options;
    const { route, maxPayloadBytes = maxInflatedBytes } = endpoint.method;
    return maxPayloadBytes < maxInflatedBytes
      ? inflate(payload, maxPayloadBytes, () => {
          const message = `${route} takes payloads of ${maxPayloadBytes} bytes, and this one is longer`;
          return new NanowireError("payload_too_large", message);
        })
      : inflate(payload, maxInflatedBytes);
  }

  peek(call: Call): unknown {
    const { maxInflatedBytes } = this.host.options;
    const payload = call.compressed ? inflateAtOnce(call.payload, maxInflatedBytes) : call.payload;
    return this.serializer.decode(call.endpoint.method.request, payload);
  }

  // → component method

  decode(call: Call): unknown {
    const { request } = call.endpoint.method;
    const message = this.#decode(call);
    if (this.host.payloadLog?.on === true) {
      this.host.payloadLog.received(call.session, call.route, call.id, request, message);
    }
    return message;
  }

  #decode(call: Call): unknown {
    try {
      return call.decodeWith(this.serializer);
    } catch (error) {
      const { payload, route, endpoint } = call;
      // What JSON holds that does not fit is the client's own, and it is told where.
      const { where, ...cause } = toldDecodeError(endpoint.method.request, error);
      const message = `the payload of ${payload.length} bytes is no message of ${route}${where}`;
      throw new NanowireError("invalid_payload", message, cause);
    }
  }

  get deadlines(): Timekeeper {
    return this.host.deadlines;
  }
}
