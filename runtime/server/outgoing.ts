// The way out of a session's messages: answers and pushes, into the outbox of its connection or, while its client is away, kept for it.
// A hot file: no promise, no closure and no view a message but its payload's.

import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Turn } from "../base/turn.js";
import type { Call } from "../dispatch/call.js";
import type { ForwardCall } from "../dispatch/forward-call.js";
import type { Traffic } from "../metrics/traffic.js";
import { type OutboundStep, runOutbound } from "../pipeline/pipeline.js";
import type { MessageCodec } from "../protocol/codec.js";
import { encodeErrorPayload } from "../protocol/error-payload.js";
import { cut, encodeInPlace, type InPlaceCodec, isInPlace } from "../protocol/in-place.js";
import type { MessageId } from "../protocol/message.js";
import { beginResponse, endMessage, writeResponse } from "../protocol/message-encoder.js";
import { maxBodyBytes } from "../protocol/packet.js";
import { toldEncodeError } from "../protocol/told-error.js";
import type { OutgoingPush } from "../session/push.js";
import type { PushForm } from "../session/push-form.js";
import type { Session, Waiting } from "../session/session.js";
import type { Tracing } from "../tracing/tracing.js";
import type { Outbox } from "../transport/outbox.js";
import type { Counters } from "./counters.js";
import type { KeptMessages } from "./kept-messages.js";
import type { MessageWatch } from "./message-watch.js";
import type { PayloadLog } from "./payload-log.js";
import type { PushForms } from "./push-forms.js";
import { internalError, refusalFor } from "./refusal.js";
import type { ServerPipeline } from "./server-pipeline.js";
import { steppedPayload } from "./stepped-push.js";
import { startsWithCodes, type Terms } from "./terms.js";

/** What the sessions of a server share, on the way out. */
export interface OutgoingHost {
  readonly options: { readonly maxOutboxBytes: number };
  readonly logger: Logger;
  /** Undefined where what messages hold is never logged. */
  readonly payloadLog: PayloadLog | undefined;
  /** Shows messages to whoever watches. */
  readonly watch: MessageWatch;
  readonly turn: Turn;
  readonly outbound: ServerPipeline<OutboundStep>;
  readonly counters: Counters;
  /** Counts messages by their routes; undefined where metrics are off. */
  readonly traffic: Traffic | undefined;
  readonly tracing: Tracing | undefined;
  readonly pushForms: PushForms;
}

/** What is asked of the call that is answered: what outbound steps are told, who is told of it, and what its answers are. */
interface AnsweredCall extends Pick<Call, "data" | "observer"> {
  readonly endpoint: { readonly method: { readonly response: MessageCodec<unknown> } };
}

/** Told when more waits for a client that is away than is kept. */
export interface OutgoingOwner {
  outgrown(): void;
}

/** Where a session is: its messages go to the client, are kept for it while it is away, or go nowhere any more. */
export type SessionState = "open" | "suspended" | "ended";

/** All that the server says in one session. */
export class Outgoing {
  readonly #host: OutgoingHost;
  readonly #owner: OutgoingOwner;
  readonly #session: Session;
  readonly #terms: Terms;
  /** Where the session can be resumed: what was sent and may have to be sent again. */
  readonly #kept: KeptMessages | undefined;
  /** Of the connection that has the session, or had it last. */
  #outbox: Outbox;
  #pushForm: PushForm;
  #state: SessionState = "open";
  /** Whether more waits for the client than is kept: the session ends with this turn. */
  #outgrown = false;

  constructor(
    host: OutgoingHost,
    owner: OutgoingOwner,
    session: Session,
    terms: Terms,
    kept: KeptMessages | undefined,
    outbox: Outbox,
  ) {
    this.#host = host;
    this.#owner = owner;
    this.#session = session;
    this.#terms = terms;
    this.#kept = kept;
    this.#outbox = outbox;
    this.#pushForm = host.pushForms.of(terms, startsWithCodes(terms));
  }

  // response → outbound pipeline → message encoder → outbox

  /** Answers a request with what its handler returned. */
  answer(call: Call, value: unknown): void {
    if (call.kind === "notify" || this.#state === "ended") {
      return;
    }
    const { payloadLog, logger } = this.#host;
    try {
      const { response } = call.endpoint.method;
      if (this.#goesInPlace(call.route, response)) {
        this.#writeInPlace("an answer", beginResponse(this.#outbox.buffer, call.id), response, value);
      } else {
        this.#respond(call.id, call.route, this.#encode(response, value), undefined, call);
      }
      if (payloadLog?.on === true) {
        payloadLog.answered(this.#session, call.route, call.id, response, value);
      }
    } catch (error) {
      if (error instanceof NanowireError && error.code === "message_too_large") {
        logger.error({ error, route: call.route, session: this.#session.id }, "an answer is too large");
      }
      this.refuse(call.id, call.route, error, call);
    }
  }

  /** Whether nobody looks at an answer's payload before it is sent: it need not be made by itself. */
  #goesInPlace(route: string, codec: MessageCodec<unknown>): codec is InPlaceCodec<unknown> {
    return (
      isInPlace(this.#terms.serializer, codec) &&
      this.#kept === undefined &&
      this.#pushForm.compress === undefined &&
      this.#terms.profile.emptyResponses &&
      this.#host.outbound.stepsOf(route).length === 0 &&
      !this.#host.watch.on
    );
  }

  /**
   * Ends a packet that was begun with its payload.
   *
   * @param start where it begins
   * @returns whether it was queued
   */
  #writeInPlace(what: string, start: number, codec: InPlaceCodec<unknown>, message: unknown): boolean {
    const { buffer } = this.#outbox;
    let { end } = buffer;
    try {
      end = encodeInPlace(codec, message, buffer);
      endMessage(buffer, start, end);
      this.#assertFits(what, end - start);
    } catch (error) {
      cut(buffer, start, end);
      throw error;
    }
    return this.#outbox.commit();
  }

  #encode(codec: MessageCodec<unknown>, message: unknown): Uint8Array {
    try {
      return this.#terms.serializer.encode(codec, message);
    } catch (error) {
      throw toldEncodeError(codec, error);
    }
  }

  /** Answers a request with what another node has made of it. */
  pass(call: ForwardCall, payload: Uint8Array): void {
    if (call.kind === "request" && this.#state !== "ended") {
      try {
        this.#respond(call.id, call.route, payload, undefined, call);
      } catch (error) {
        this.refuse(call.id, call.route, error, call);
      }
    }
  }

  /** Answers a request with an error. A notify's is logged and counted, as a request's is. */
  refuse(id: MessageId, route: string, error: unknown, call?: AnsweredCall): void {
    const { logger, traffic } = this.#host;
    const refusal = refusalFor(this.#host, this.#session.id, route, error);
    if (call === undefined) {
      traffic?.turnedAway(route, id === 0 ? "notify" : "request", refusal.code);
    } else {
      call.observer?.failed(refusal.code, error);
    }
    if (id === 0 || this.#state === "ended" || this.#terms.profile.errors === "none") {
      if (this.#host.watch.on) {
        this.#host.watch.failed(this.#session, route, id, refusal.code);
      }
      return;
    }
    const payload = this.#errorPayload(refusal, route);
    try {
      this.#respond(id, route, payload, refusal, call);
    } catch (failure) {
      // An outbound step failed on the error itself: the client gets it without the step.
      logger.error({ error: failure, route }, "an outbound step failed on an error reply");
      this.#write(id, route, payload, refusal, call);
    }
  }

  /** An error that cannot be sent, or not in one packet, becomes one that can: the request is answered all the same. */
  #errorPayload(refusal: NanowireError, route: string): Uint8Array {
    const { logger, options } = this.#host;
    const mostBytes = Math.min(maxBodyBytes, options.maxOutboxBytes) - mostResponseHeaderBytes;
    for (const error of [refusal, internalError()]) {
      const { code } = error;
      try {
        const payload = encodeErrorPayload(error, this.#terms.serializer);
        if (payload.length <= mostBytes) {
          return payload;
        }
        logger.error({ route, code, bytes: payload.length }, "an error reply is too large");
      } catch (failure) {
        logger.error({ route, code, error: failure }, "an error reply could not be encoded");
      }
    }
    // Not even that: a serializer of the user's own is broken.
    return noPayload;
  }

  /** @param call what is answered; undefined for what reached no handler */
  #respond(
    id: MessageId,
    route: string,
    payload: Uint8Array,
    error: NanowireError | undefined,
    call?: AnsweredCall,
  ): void {
    const steps = this.#host.outbound.stepsOf(route);
    if (steps.length === 0) {
      this.#write(id, route, payload, error, call);
    } else {
      const message = { kind: "response" as const, route, error, payload, data: call?.data ?? {} };
      runOutbound(steps, this.#session, message);
      this.#write(id, route, message.payload, error, call);
    }
  }

  #write(
    id: MessageId,
    route: string,
    payload: Uint8Array,
    error: NanowireError | undefined,
    call: AnsweredCall | undefined,
  ): void {
    const { profile, serializer } = this.#terms;
    const whole = payload.length > 0 || profile.emptyResponses ? payload : (serializer.emptyPayload ?? payload);
    const compressed = this.#pushForm.compress?.(whole);
    const flagged = error !== undefined && profile.errors === "flagged";
    const { buffer } = this.#outbox;
    const start = buffer.end;
    writeResponse(buffer, id, compressed ?? whole, flagged, compressed !== undefined);
    this.#commit("an answer", start, false);
    if (this.#host.watch.on) {
      const codec = error === undefined ? call?.endpoint.method.response : undefined;
      this.#host.watch.answered(this.#session, route, id, error?.code ?? "", codec, payload, serializer);
    }
  }

  // push → outbound pipeline → message encoder → outbox

  /** @returns whether it was queued, or is kept for a client that is away */
  push(push: OutgoingPush): boolean {
    if (this.#state === "ended" || (this.#outbox.closed && this.#kept === undefined)) {
      return false;
    }
    const { outbound, counters, payloadLog, tracing } = this.#host;
    if (tracing !== undefined && push.leaves()) {
      tracing.push(push.route);
    }
    const steps = outbound.stepsOf(push.route);
    const payload =
      steps.length === 0
        ? undefined
        : steppedPayload(push, steps, this.#session, this.#pushForm.serializer, this.#host.logger);
    if (payload === null) {
      return false;
    }
    const isQueued =
      push.overflow === "conflate" && this.blocked ? this.#conflate(push, payload) : this.#writePush(push, payload);
    if (isQueued) {
      counters.pushes++;
    }
    if (payloadLog?.on === true) {
      payloadLog.pushed(this.#session, push);
    }
    if (this.#host.watch.on) {
      this.#host.watch.pushed(this.#session, push, payload, this.#pushForm.serializer, isQueued);
    }
    return isQueued;
  }

  /** @param payload what the outbound steps left; undefined where there are none */
  #writePush(push: OutgoingPush, payload: Uint8Array | undefined): boolean {
    const form = this.#pushForm;
    if (payload === undefined && this.#kept === undefined && push.shared && push.overflow !== "drop") {
      const { bytes, start, end } = push.sharedPacket(form);
      this.#assertFits(push.route, end - start);
      return this.#outbox.share(bytes, start, end);
    }
    const { buffer } = this.#outbox;
    const codec = payload === undefined && this.#kept === undefined ? push.codecInPlace(form) : undefined;
    if (codec !== undefined) {
      return this.#writeInPlace(push.route, push.begin(buffer, form), codec, push.message);
    }
    const start = buffer.end;
    if (payload === undefined) {
      push.writeTo(buffer, form);
    } else {
      push.writeChangedTo(buffer, payload, form);
    }
    const isQueued = this.#commit(push.route, start, push.overflow === "drop");
    if (!isQueued && push.overflow === "drop") {
      this.#host.counters.droppedPushes++;
    }
    return isQueued;
  }

  /** Lets a push wait until the client takes something again, or a newer one comes. */
  #conflate(push: OutgoingPush, payload: Uint8Array | undefined): boolean {
    const form = this.#pushForm;
    const packet = payload === undefined ? push.packet(form) : push.changedPacket(payload, form);
    this.#assertFits(push.route, packet.length);
    const { counters } = this.#host;
    const kept = this.#kept;
    if (kept !== undefined && this.#state === "suspended") {
      counters.replacedPushes += kept.takeBack(push.key) ? 1 : 0;
      return this.#wasKept(kept.keepReplaceable(push.key, packet));
    }
    const outcome = this.#outbox.conflate(push.key, packet);
    if (outcome === "replaced") {
      counters.replacedPushes++;
      kept?.takeBack(push.key);
    }
    kept?.keepReplaceable(push.key, packet);
    return outcome !== "closed";
  }

  // → outbox, or kept

  /**
   * What was encoded is to be sent, and kept where it may have to be sent again.
   *
   * @param what it is, for the error
   * @param start where it begins
   * @param mayBeLost whether it gives way where there is little room
   * @returns whether it was queued, or is kept for the next connection
   * @throws NanowireError `message_too_large`
   */
  #commit(what: string, start: number, mayBeLost: boolean): boolean {
    const outbox = this.#outbox;
    try {
      this.#assertFits(what, outbox.buffer.end - start);
    } catch (error) {
      outbox.buffer.end = start;
      throw error;
    }
    const kept = this.#kept;
    if (kept === undefined) {
      return mayBeLost ? outbox.commitOrDrop(start) : outbox.commit();
    }
    const packet = outbox.buffer.bytes.slice(start, outbox.buffer.end);
    if (this.#state === "suspended") {
      outbox.buffer.release();
      return this.#wasKept(kept.keep(packet, mayBeLost));
    }
    const isQueued = mayBeLost ? outbox.commitOrDrop(start) : outbox.commit();
    if (isQueued || !mayBeLost) {
      kept.delivery.keep(packet);
    }
    return isQueued;
  }

  /** A session for which more waits than is kept ends with the turn: whoever writes is in the middle of something. */
  #wasKept(outcome: boolean | "overflow"): boolean {
    if (outcome === "overflow" && !this.#outgrown) {
      this.#outgrown = true;
      this.#host.turn.atEnd({ endOfTurn: () => this.#state === "suspended" && this.#owner.outgrown() });
    }
    return outcome !== false && !this.#outgrown;
  }

  /**
   * The client is not to blame for what no outbox ever holds.
   *
   * @param bytes how long the packet is
   * @throws NanowireError `message_too_large`
   */
  #assertFits(what: string, bytes: number): void {
    const { maxOutboxBytes } = this.#host.options;
    if (bytes > maxOutboxBytes) {
      const message = `${what} of ${bytes} bytes is larger than maxOutboxBytes ${maxOutboxBytes}`;
      throw new NanowireError("message_too_large", message);
    }
  }

  // what there is to know

  get state(): SessionState {
    return this.#state;
  }

  /** What waits for the client: in the outbox of its connection or, while it is away, kept for it. */
  get waiting(): Waiting {
    if (this.#kept !== undefined && this.#state === "suspended") {
      return this.#kept.delivery.kept;
    }
    const { waitingBytes, waitingMessages } = this.#outbox;
    return { bytes: waitingBytes, messages: waitingMessages };
  }

  /** Whether the client does not take what was written, or is away. */
  get blocked(): boolean {
    return this.#state === "suspended" || this.#outbox.blocked;
  }

  /** The client has sent a code: it has the dictionary, and may be able to read codes. */
  clientHasDictionary(): void {
    if (this.#pushForm.dictionary === undefined && this.#terms.profile.pushCodes === "learned") {
      this.#pushForm = this.#host.pushForms.of(this.#terms, true);
    }
  }

  // the life of it: open → suspended → open again → ended

  /** The client takes again what is written. */
  drained(): void {
    this.#kept?.allWritten();
    this.#session.drained();
  }

  /** The connection broke: what is sent from now on is kept. */
  suspend(): void {
    this.#state = "suspended";
    // What waited in the outbox may have been written with the last of it.
    this.#kept?.allWritten();
  }

  /**
   * The client is back, by another connection, and gets what it lacks.
   *
   * @param received how many messages it says it has got
   * @throws NanowireError `invalid_acknowledgment` when it cannot go on from there
   */
  goOn(outbox: Outbox, received: unknown): void {
    this.#state = "open";
    this.#outbox = outbox;
    const kept = this.#kept;
    if (kept !== undefined) {
      kept.allWritten();
      kept.delivery.goOnAfter(received);
      outbox.send(kept.delivery.packets());
    }
  }

  /** The session is over. */
  end(): void {
    this.#state = "ended";
  }
}

/** What stands before a response's payload: the packet's header, the flag, and the longest id. */
const mostResponseHeaderBytes = 15;

const noPayload = new Uint8Array(0);
