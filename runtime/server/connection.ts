// The path of one message, in path order. A hot file: no promise, no closure and no view a message but its payload's.

import { isPromise } from "../base/awaitable.js";
import type { Clock } from "../base/clock.js";
import { type ErrorCode, NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Turn } from "../base/turn.js";
import { Call, type Caller } from "../dispatch/call.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import { Overloads } from "../dispatch/overload.js";
import { RateLimiters } from "../dispatch/rate-limiter.js";
import { type InboundStep, type OutboundStep, runInbound, runOutbound } from "../pipeline/pipeline.js";
import type { MessageCodec } from "../protocol/codec.js";
import { encodeErrorPayload } from "../protocol/error-payload.js";
import { encodeHandshake } from "../protocol/handshake.js";
import { type MessageId, MessageType } from "../protocol/message.js";
import { decodeMessageHeader, type MessageHeader } from "../protocol/message-decoder.js";
import { writeResponse } from "../protocol/message-encoder.js";
import { encodePacket, maxBodyBytes, PacketType } from "../protocol/packet.js";
import { PacketDecoder, type PacketSink } from "../protocol/packet-decoder.js";
import type { ResumeClaim } from "../protocol/resume.js";
import { type ComeBack, type Drain, decodeSystem, encodeSystem, hasCapability } from "../protocol/system.js";
import { toldDecodeError, toldEncodeError } from "../protocol/told-error.js";
import { type MailboxTask, OrderedMailbox, UnorderedMailbox } from "../schedule/mailbox.js";
import type { OutgoingPush, PushForm } from "../session/push.js";
import { Session, type SessionBinder, type SessionLink, type Waiting } from "../session/session.js";
import type { OutboxOwner } from "../transport/outbox.js";
import type { Wire, WireReceiver } from "../transport/transport.js";
import { type Admission, type AdmissionHost, admit, refusalOf } from "./admission.js";
import type { Counters } from "./counters.js";
import { deflate } from "./deflate.js";
import type { Drainable } from "./drain-watch.js";
import type { SweepSchedule, Swept } from "./heartbeat.js";
import { inflate } from "./inflate.js";
import { MessageRate } from "./message-rate.js";
import type { PayloadLog } from "./payload-log.js";
import type { TakenPlace } from "./places.js";
import type { PushForms } from "./push-forms.js";
import { type Bearer, type Resumption, resumedElsewhere, type SessionState } from "./resumption.js";
import type { Resumptions } from "./resumptions.js";
import type { ServerPipeline } from "./server-pipeline.js";
import { startsWithCodes, type Terms } from "./terms.js";

/** What the connections of a server share. */
export interface ConnectionHost extends AdmissionHost {
  readonly logger: Logger;
  /** Undefined where what messages hold is never logged. */
  readonly payloadLog: PayloadLog | undefined;
  readonly turn: Turn;
  readonly dispatcher: Dispatcher;
  readonly inbound: ServerPipeline<InboundStep>;
  readonly outbound: ServerPipeline<OutboundStep>;
  readonly counters: Counters;
  readonly pushForms: PushForms;
  /** Filled anew for each message: it is read before anything else can arrive. */
  readonly header: MessageHeader;
  /** Knows which session is whose. */
  readonly sessions: SessionBinder;
  /** What clients are told, while the server is about to stop. */
  readonly draining: Drain | undefined;
  /** The sessions that outlive their connections; undefined: none does. */
  readonly resumptions: Resumptions | undefined;
  nextSessionId(): string;
  /** The handshake was taken and acknowledged. */
  opened(session: Session): void;
  /** The connection broke, and the session is kept for a while. */
  suspended(session: Session, reason: NanowireError): void;
  /** The session goes on with another connection. */
  resumed(session: Session, link: SessionLink): void;
  /** The session is closed, and is to be told; its connection may still have something to write. */
  ended(session: Session, reason: NanowireError): void;
  /** The connection is gone. */
  closed(connection: Connection): void;
}

/**
 * Where a connection is: it waits for the handshake, judges it, waits for the ack, works, is closing (what waits is
 * written), is closed. One whose session can be resumed may break: it is suspended then, and has the session until that is over or
 * another connection has it; then it has left. A packet that comes where it may not closes the connection: there is no way past the judgement.
 */
type ConnectionState = "handshake" | "judging" | "ack" | "working" | "suspended" | "left" | "closing" | "closed";

/** One client's connection, from the first byte to the last. */
export class Connection
  implements WireReceiver, PacketSink, Caller, SessionLink, Bearer, OutboxOwner, Swept, Drainable
{
  readonly #host: ConnectionHost;
  readonly #wire: Wire;
  readonly #place: TakenPlace;
  readonly #packets: PacketDecoder;
  #state: ConnectionState = "handshake";
  #admission: Admission | undefined;
  #session: Session | undefined;
  /** Set from the handshake on. */
  #terms!: Terms;
  #pushForm!: PushForm;
  /** Which system messages the client knows. */
  #knowsDrain = false;
  #knowsPing = false;
  /** Where the session can be resumed: what of it outlives this connection. */
  #resumption: Resumption | undefined;
  /** Whether more waits for a client that is away than is kept: the session ends with this turn. */
  #outgrown = false;
  /** Whether the client said that it sends nothing more. */
  #leaving = false;
  #ordered: OrderedMailbox | undefined;
  #unordered: UnorderedMailbox | undefined;
  #rate: MessageRate | undefined;
  #limiters: RateLimiters | undefined;
  #overloads: Overloads | undefined;
  #paused = false;
  /** Whether what carries it is gone. */
  #gone = false;
  #sweepsSinceHeard = 0;
  #sweepsSinceHeartbeat = 0;

  constructor(wire: Wire, place: TakenPlace, host: ConnectionHost) {
    this.#wire = wire;
    this.#place = place;
    this.#host = host;
    this.#packets = new PacketDecoder(host.options.maxHandshakeBytes, "maxHandshakeBytes");
    wire.outbox.owner = this;
  }

  // socket → transport →

  receive(bytes: Uint8Array): void {
    this.#sweepsSinceHeard = 0;
    try {
      this.#packets.decode(bytes, this);
    } catch (error) {
      this.violated(toNanowireError(error, "internal", "the server failed to handle a packet"));
    }
  }

  // → packet decoder →

  packet(type: PacketType, bytes: Uint8Array, start: number, end: number): boolean {
    if (type === PacketType.data && this.#state === "working") {
      this.#message(bytes, start, end);
    } else if (type === PacketType.heartbeat && this.#state === "working") {
      // A sign of life, like every packet; receive() has noted it.
      this.#isWithinRate();
    } else if (type === PacketType.system && this.#state === "working" && end - start <= mostSystemBytes) {
      this.#system(bytes.subarray(start, end), this.#isWithinRate());
    } else if (type === PacketType.handshake && this.#state === "handshake") {
      this.#judge(bytes.subarray(start, end));
    } else if (type === PacketType.handshakeAck && this.#state === "ack") {
      this.#acknowledged();
    } else {
      throw new NanowireError("unexpected_packet", `a packet of type ${type} came in the state ${this.#state}`);
    }
    return !this.#over() && !this.#isSuspended();
  }

  // → message decoder and dictionary → the session's mailbox →

  #message(bytes: Uint8Array, start: number, end: number): void {
    const { header, dispatcher, counters } = this.#host;
    decodeMessageHeader(bytes, start, end, header);
    const { type, id, code } = header;
    if (type !== MessageType.request && type !== MessageType.notify) {
      throw new NanowireError("invalid_message", "a client sent a response or a push");
    }
    const endpoint = dispatcher.find(header);
    if (this.#resumption?.delivery.receive(end - start) === true) {
      this.#tellReceived(this.#resumption);
    }
    if (code !== 0 && this.#pushForm.dictionary === undefined) {
      this.#learned();
    }
    if (type === MessageType.request) {
      counters.requests++;
    } else {
      counters.notifies++;
    }
    if (!this.#isWithinRate()) {
      const limit = `a client may send ${this.#host.options.maxMessagesPerSecond} messages a second`;
      this.#turnAway(id, endpoint?.method.route ?? "", "rate_limited", limit);
      return;
    }
    if (endpoint === undefined) {
      const route = code === 0 ? header.route : dispatcher.dictionary.routeOf(code);
      this.#turnAway(id, "", "unknown_route", `no component has the route ${route}`);
      return;
    }
    const { method, order } = endpoint;
    if ((method.kind === "request") !== (type === MessageType.request)) {
      this.#turnAway(id, method.route, "wrong_kind", `${method.route} is a ${method.kind}`);
      return;
    }
    if (method.rateLimit !== undefined && !this.#takeToken(method.rateLimit)) {
      const limit = `${method.rateLimit.messages} messages in ${method.rateLimit.perMs} ms`;
      this.#turnAway(id, method.route, "rate_limited", `${method.route} takes ${limit}`);
      return;
    }
    const payload = bytes.subarray(header.payloadStart, end);
    const { maxPayloadBytes } = method;
    if (maxPayloadBytes !== undefined && payload.length > maxPayloadBytes && !header.compressed) {
      const message = `${method.route} takes payloads of ${maxPayloadBytes} bytes, not of ${payload.length}`;
      this.#turnAway(id, method.route, "payload_too_large", message);
      return;
    }
    const call = new Call(this, endpoint, id, payload, header.compressed);
    if (order === "none") {
      this.#unorderedMailbox().post(call);
    } else if (method.overload === undefined) {
      this.#orderedMailbox().post(call);
    } else {
      this.#overloads ??= new Overloads(this.#orderedMailbox());
      this.#overloads.post(call, method.overload);
    }
    this.#pauseWhenFull();
  }

  /** Refuses a message that comes to no mailbox: a client that sends thousands of them does not hold up the others either. */
  #turnAway(id: MessageId, route: string, code: ErrorCode, message: string): void {
    this.#unorderedMailbox().post(new TurnedAway(this, id, route, code, message));
    this.#pauseWhenFull();
  }

  // → inbound pipeline →

  inbound(call: Call): void | Promise<void> {
    const { inbound } = this.#host;
    if (call.compressed) {
      call.payload = this.#inflated(call);
    }
    const steps = inbound.stepsOf(call.route);
    return steps.length === 0 ? undefined : runInbound(steps, call.session, call);
  }

  #inflated({ payload, endpoint }: Call): Uint8Array {
    const { maxInflatedBytes } = this.#host.options;
    const { route, maxPayloadBytes = maxInflatedBytes } = endpoint.method;
    return maxPayloadBytes < maxInflatedBytes
      ? inflate(payload, maxPayloadBytes, () => {
          const message = `${route} takes payloads of ${maxPayloadBytes} bytes, and this one is longer`;
          return new NanowireError("payload_too_large", message);
        })
      : inflate(payload, maxInflatedBytes);
  }

  peek(call: Call): unknown {
    const payload = call.compressed ? this.#inflated(call) : call.payload;
    return this.#terms.serializer.decode(call.endpoint.method.request, payload);
  }

  // → component method →

  decode(call: Call): unknown {
    const { request } = call.endpoint.method;
    const message = this.#decode(call, request);
    if (this.#host.payloadLog?.on === true) {
      this.#host.payloadLog.received(call.session, call.route, call.id, request, message);
    }
    return message;
  }

  #decode({ payload, route }: Call, codec: MessageCodec<unknown>): unknown {
    try {
      return this.#terms.serializer.decode(codec, payload);
    } catch (error) {
      // What JSON holds that does not fit is the client's own, and it is told where.
      const { where, ...cause } = toldDecodeError(codec, error);
      const message = `the payload of ${payload.length} bytes is no message of ${route}${where}`;
      throw new NanowireError("invalid_payload", message, cause);
    }
  }

  // → response → outbound pipeline → message encoder → outbox

  succeeded(call: Call, value: unknown): void {
    if (call.kind === "notify" || !this.#hasSession()) {
      this.#successor?.succeeded(call, value);
      return;
    }
    try {
      const { response } = call.endpoint.method;
      const payload = this.#encode(response, value);
      if (this.#host.payloadLog?.on === true) {
        this.#host.payloadLog.answered(call.session, call.route, call.id, response, value);
      }
      this.#respond(call.id, call.route, payload, undefined, call);
    } catch (error) {
      if (error instanceof NanowireError && error.code === "message_too_large") {
        this.#host.logger.error({ error, route: call.route, session: this.session.id }, "an answer is too large");
      }
      this.failed(call, error);
    }
  }

  #encode(codec: MessageCodec<unknown>, message: unknown): Uint8Array {
    try {
      return this.#terms.serializer.encode(codec, message);
    } catch (error) {
      throw toldEncodeError(codec, error);
    }
  }

  failed(call: Call, error: unknown): void {
    this.refuse(call.id, call.route, error, call);
  }

  /** Answers a request with an error. A notify's is logged and counted, as a request's is. */
  refuse(id: MessageId, route: string, error: unknown, call?: Call): void {
    if (this.#successor !== undefined) {
      this.#successor.refuse(id, route, error, call);
      return;
    }
    const { logger, counters } = this.#host;
    const refusal = toNanowireError(error, "internal", internalFailure);
    const fields = { session: this.#session?.id, route, code: refusal.code, error };
    counters.failed(refusal.code);
    if (refusal === error) {
      logger.debug(fields, "a message was refused");
    } else {
      logger.error(fields, "a handler failed");
    }
    if (id === 0 || !this.#hasSession() || this.#terms.profile.errors === "none") {
      return;
    }
    const payload = this.#errorPayload(refusal, route);
    try {
      this.#respond(id, route, payload, refusal, call);
    } catch (failure) {
      // An outbound step failed on the error itself: the client gets it without the step.
      logger.error({ error: failure, route }, "an outbound step failed on an error reply");
      this.#write(id, payload, true);
    }
  }

  /** An error that cannot be sent, or not in one packet, becomes one that can: the request is answered all the same. */
  #errorPayload(refusal: NanowireError, route: string): Uint8Array {
    const { logger, options } = this.#host;
    const mostBytes = Math.min(maxBodyBytes, options.maxOutboxBytes) - mostResponseHeaderBytes;
    for (const error of [refusal, new NanowireError("internal", internalFailure)]) {
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
  #respond(id: MessageId, route: string, payload: Uint8Array, error: NanowireError | undefined, call?: Call): void {
    const steps = this.#host.outbound.stepsOf(route);
    if (steps.length === 0) {
      this.#write(id, payload, error !== undefined);
    } else {
      const message = { kind: "response" as const, route, error, payload, data: call?.data ?? {} };
      runOutbound(steps, this.session, message);
      this.#write(id, message.payload, error !== undefined);
    }
  }

  #write(id: MessageId, payload: Uint8Array, error: boolean): void {
    const { profile, serializer } = this.#terms;
    const whole = payload.length > 0 || profile.emptyResponses ? payload : (serializer.emptyPayload ?? payload);
    const compressed = this.#pushForm.compress?.(whole);
    const flagged = error && profile.errors === "flagged";
    const { buffer } = this.#wire.outbox;
    const start = buffer.end;
    writeResponse(buffer, id, compressed ?? whole, flagged, compressed !== undefined);
    this.#assertFits("an answer", buffer.end - start, start);
    this.#commit(start, false);
  }

  /**
   * What no outbox ever holds is taken back: the client is not to blame for it.
   *
   * @param bytes how long the packet is
   * @param start where the buffer ends without it
   * @throws NanowireError `message_too_large`
   */
  #assertFits(what: string, bytes: number, start: number): void {
    const { maxOutboxBytes } = this.#host.options;
    if (bytes > maxOutboxBytes) {
      this.#wire.outbox.buffer.end = start;
      const message = `${what} of ${bytes} bytes is larger than maxOutboxBytes ${maxOutboxBytes}`;
      throw new NanowireError("message_too_large", message);
    }
  }

  // push → outbound pipeline → message encoder → outbox

  sendPush(push: OutgoingPush): boolean {
    const { outbox } = this.#wire;
    if (!this.#hasSession() || (outbox.closed && this.#resumption === undefined)) {
      return false;
    }
    const { outbound, counters, payloadLog } = this.#host;
    const steps = outbound.stepsOf(push.route);
    const payload = steps.length === 0 ? undefined : this.#steppedPayload(push, steps);
    if (payload === null) {
      return false;
    }
    const isQueued =
      push.overflow === "conflate" && (outbox.blocked || this.#isSuspended())
        ? this.#conflate(push, payload)
        : this.#writePush(push, payload);
    if (isQueued) {
      counters.pushes++;
    }
    if (payloadLog?.on === true) {
      payloadLog.pushed(this.session, push);
    }
    return isQueued;
  }

  /** What the outbound steps leave of a push; null when one of them failed. */
  #steppedPayload(push: OutgoingPush, steps: readonly OutboundStep[]): Uint8Array | null {
    const { logger } = this.#host;
    const { route } = push;
    const payload = push.payload(this.#pushForm.serializer);
    const message = { kind: "push" as const, route, error: undefined, payload, data: {} };
    try {
      runOutbound(steps, this.session, message);
      return message.payload;
    } catch (error) {
      logger.error({ error, route, session: this.session.id }, "an outbound step failed: the push is dropped");
      return null;
    }
  }

  /** @param payload what the outbound steps left; undefined where there are none */
  #writePush(push: OutgoingPush, payload: Uint8Array | undefined): boolean {
    const { outbox } = this.#wire;
    const start = outbox.buffer.end;
    if (payload === undefined) {
      push.writeTo(outbox.buffer, this.#pushForm);
    } else {
      push.writeChangedTo(outbox.buffer, payload, this.#pushForm);
    }
    this.#assertFits(push.route, outbox.buffer.end - start, start);
    const isQueued = this.#commit(start, push.overflow === "drop");
    if (!isQueued && push.overflow === "drop") {
      this.#host.counters.droppedPushes++;
    }
    return isQueued;
  }

  /**
   * What was encoded is to be sent, and kept where it may have to be sent again.
   *
   * @param start where it begins
   * @param mayBeLost whether it gives way where there is little room
   * @returns whether it was queued, or kept for the next connection
   */
  #commit(start: number, mayBeLost: boolean): boolean {
    const { outbox } = this.#wire;
    if (this.#resumption === undefined) {
      return mayBeLost ? outbox.commitOrDrop(start) : outbox.commit();
    }
    const packet = outbox.buffer.bytes.slice(start, outbox.buffer.end);
    if (this.#state === "suspended") {
      outbox.buffer.release();
      return this.#keep(this.#resumption, packet, mayBeLost);
    }
    const isQueued = mayBeLost ? outbox.commitOrDrop(start) : outbox.commit();
    if (isQueued || !mayBeLost) {
      this.#resumption.delivery.keep(packet);
    }
    return isQueued;
  }

  /** Keeps a packet for a client that is away. */
  #keep({ delivery }: Resumption, packet: Uint8Array, mayBeLost: boolean): boolean {
    if (mayBeLost && !delivery.hasRoomFor(packet.length)) {
      return false;
    }
    if (!delivery.keep(packet) && !this.#outgrown) {
      this.#outgrow();
    }
    return !this.#outgrown;
  }

  /** Lets a push wait until the client takes something again, or a newer one comes. */
  #conflate(push: OutgoingPush, payload: Uint8Array | undefined): boolean {
    const { outbox } = this.#wire;
    const form = this.#pushForm;
    const packet = payload === undefined ? push.packet(form) : push.changedPacket(payload, form);
    this.#assertFits(push.route, packet.length, outbox.buffer.end);
    const resumption = this.#resumption;
    if (resumption !== undefined && this.#isSuspended()) {
      this.#host.counters.replacedPushes += resumption.takeBack(push.key) ? 1 : 0;
      resumption.replaceable(push.key, packet);
      return this.#keep(resumption, packet, false);
    }
    const outcome = outbox.conflate(push.key, packet);
    if (outcome === "replaced") {
      this.#host.counters.replacedPushes++;
      resumption?.takeBack(push.key);
    }
    if (resumption !== undefined) {
      resumption.replaceable(push.key, packet);
      resumption.delivery.keep(packet);
    }
    return outcome !== "closed";
  }

  outboxDrained(): void {
    this.#resumption?.allWritten();
    this.#session?.drained();
  }

  // the life of the connection: handshake → judging → ack → working → closing → closed

  #judge(body: Uint8Array): void {
    this.#state = "judging";
    try {
      if (this.#host.draining !== undefined) {
        throw new NanowireError("server_draining", "the server is about to stop");
      }
      const admission = admit(body, this.#wire, this.#host);
      if (isPromise(admission)) {
        admission.then(
          (value) => this.#admitted(value),
          (error: unknown) => this.#refused(error),
        );
      } else {
        this.#admitted(admission);
      }
    } catch (error) {
      this.#refused(error);
    }
  }

  #admitted(admission: Admission): void {
    if (this.#state !== "judging") {
      return;
    }
    this.#state = "ack";
    this.#admission = admission;
    const { terms, response, resumption, resumes } = admission;
    this.#terms = terms;
    if (resumes) {
      resumption?.claim(this);
    }
    this.#pushForm = this.#host.pushForms.of(terms, startsWithCodes(terms));
    if (!terms.profile.manyPacketsAFrame) {
      this.#wire.framePackets?.();
    }
    try {
      const body = encodeHandshake(response);
      const deflated = this.#host.options.compressHandshakes && terms.profile.inflatesHandshake && deflate(body);
      this.#wire.outbox.send(encodePacket(PacketType.handshake, deflated || body));
    } catch (error) {
      // What the application answers cannot be JSON.
      this.violated(toNanowireError(error, "internal", "the answer to a handshake could not be encoded"));
    }
  }

  #refused(error: unknown): void {
    const refusal = toNanowireError(error, "internal", "the handshake could not be judged");
    if (this.#state === "judging") {
      const { draining } = this.#host;
      // Whom the application refuses is not asked to come back.
      const retry = draining !== undefined && refusal.code === "server_draining" ? comeBackOf(draining) : undefined;
      const answer = { ...refusalOf(refusal), retry };
      this.#wire.outbox.send(encodePacket(PacketType.handshake, encodeHandshake(answer)));
      this.violated(refusal);
    }
  }

  #acknowledged(): void {
    const { options } = this.#host;
    const { handshake, resumption, resumes } = this.#admission as Admission;
    this.#admission = undefined;
    this.#knowsDrain = hasCapability(handshake.sys, "drain");
    this.#knowsPing = hasCapability(handshake.sys, "ping");
    this.#resumption = resumption;
    const knowsSystem = this.#knowsDrain || this.#knowsPing || resumption !== undefined;
    const lastType = knowsSystem ? PacketType.system : PacketType.kick;
    this.#packets.limit(options.maxPacketBytes, "maxPacketBytes", lastType);
    this.#state = "working";
    if (resumption !== undefined && resumes !== undefined) {
      this.#goOn(resumption, resumes);
    } else {
      this.#session = new Session(this.#host.nextSessionId(), handshake, this);
      if (resumption !== undefined) {
        resumption.begin(this);
        this.#host.resumptions?.begun(resumption);
      }
      this.#host.opened(this.#session);
    }
    if (options.heartbeatIntervalMs > 0) {
      // pomelo's browser client only answers what it gets: the first comes from here.
      this.#wire.outbox.send(heartbeatPacket);
    }
    if (this.#host.draining !== undefined) {
      this.drain(this.#host.draining);
    }
  }

  // system messages: protocol/system.ts

  /** @param isWithinRate whether it may be answered; that the client goes is heard in any case */
  #system(body: Uint8Array, isWithinRate: boolean): void {
    const { ping, leave, received } = decodeSystem(body);
    if (received !== undefined) {
      this.#resumption?.delivery.acknowledged(received);
    }
    if (typeof ping === "number" && this.#knowsPing && isWithinRate) {
      this.#wire.outbox.send(encodeSystem({ pong: ping }));
    }
    if (leave === true && this.#host.draining !== undefined) {
      this.#leaving = true;
      this.letGo();
    } else if (leave === true && this.#resumption !== undefined) {
      this.#leaving = true;
    }
  }

  /** The server is about to stop: a client that knows what that means is told. */
  drain(drain: Drain): void {
    if (this.#state === "working" && this.#knowsDrain) {
      this.#wire.outbox.send(encodeSystem({ drain }));
    }
  }

  letGo(): boolean {
    const isBusy = this.#queuedMessages > 0;
    if (this.#leaving && !isBusy) {
      this.close(new NanowireError("server_draining", "the client left the server, which is about to stop"));
    }
    if (this.#state === "judging" || this.#state === "ack") {
      // Its messages may be on their way already.
      return false;
    }
    return this.#state !== "working" || (!this.#knowsDrain && !isBusy);
  }

  /** The time to go is over: a client that is still there is told why, and closed. */
  dismiss(drain: Drain, reason: NanowireError): void {
    if (this.#state === "working") {
      this.#kick({ reason: drain.reason, ...(this.#knowsDrain ? { retry: comeBackOf(drain) } : {}) });
    }
    this.close(reason);
  }

  /** The client has sent a code: it has the dictionary, and may be able to read codes. */
  #learned(): void {
    if (this.#terms.profile.pushCodes === "learned") {
      this.#pushForm = this.#host.pushForms.of(this.#terms, true);
    }
  }

  sweep(schedule: SweepSchedule): void {
    if (this.#state === "suspended" || this.#state === "left") {
      return;
    }
    if (this.#state !== "working") {
      if (++this.#place.sweeps > schedule.handshake) {
        this.violated(
          new NanowireError("handshake_timeout", `no ack after ${this.#host.options.handshakeTimeoutMs} ms`),
        );
      }
      return;
    }
    if (schedule.heartbeat === 0) {
      return;
    }
    // One that was told more than the interval may be silent for twice as long as that.
    const { heartbeatIntervalMs } = this.#host.options;
    const told = this.#terms.heartbeatSeconds * 1_000;
    if (++this.#sweepsSinceHeard > (schedule.silence * told) / heartbeatIntervalMs && !this.#paused) {
      const silence = told * 2;
      this.violated(new NanowireError("heartbeat_timeout", `nothing was heard for ${silence} ms`));
    } else if (++this.#sweepsSinceHeartbeat >= schedule.heartbeat) {
      this.#sweepsSinceHeartbeat = 0;
      this.#wire.outbox.send(heartbeatPacket);
      if (this.#resumption !== undefined) {
        this.#tellReceived(this.#resumption);
      }
    }
  }

  violated(error: NanowireError): void {
    if (error.code === "outbox_overflow") {
      // Whoever wrote is in the middle of something, of a push to a thousand others perhaps: what hears of the close is not
      // to be called by it. Nothing more goes into the outbox meanwhile.
      this.#host.turn.atEnd({ endOfTurn: () => this.#violated(error) });
    } else {
      this.#violated(error);
    }
  }

  #violated(error: NanowireError): void {
    if (this.#over()) {
      return;
    }
    const { code, message: reason, cause } = error;
    const fields = { code, reason, address: this.remoteAddress, session: this.#session?.id };
    this.#host.logger.warn(cause === undefined ? fields : { ...fields, cause }, "a connection is closed");
    if (code !== "heartbeat_timeout" || !this.#suspend(error)) {
      this.close(error);
    }
  }

  sendKick(reason: string): void {
    this.#kick({ reason });
  }

  #kick(body: { readonly reason: string; readonly retry?: ComeBack }): void {
    if (this.#state !== "working") {
      return;
    }
    const bytes = this.#terms.profile.kickBody === "json" ? utf8.encode(JSON.stringify(body)) : undefined;
    this.#wire.outbox.send(encodePacket(PacketType.kick, bytes));
  }

  close(reason: NanowireError): void {
    if (!this.#over()) {
      const wasSuspended = this.#state === "suspended";
      this.#state = this.#gone ? "closed" : "closing";
      this.#wire.close(reason);
      this.#ended(reason, wasSuspended);
    }
  }

  closed(): void {
    if (this.#gone) {
      return;
    }
    this.#gone = true;
    if (this.#state === "closing") {
      this.#state = "closed";
    } else if (this.#state !== "suspended" && this.#state !== "left") {
      const reason = new NanowireError("connection_lost", "the client closed the connection");
      if (!this.#suspend(reason)) {
        this.#state = "closed";
        this.#ended(reason, false);
      }
    }
    this.#place.free();
    this.#host.closed(this);
  }

  /** @param wasSuspended whether the connection was counted among the closed ones already */
  #ended(reason: NanowireError, wasSuspended: boolean): void {
    if (!wasSuspended) {
      this.#host.counters.closed(reason.code);
    }
    this.#ordered?.clear();
    this.#unordered?.clear();
    this.#admission?.resumption?.abandoned(this);
    this.#resumption?.end(reason);
    if (this.#session !== undefined) {
      this.#host.ended(this.#session, reason);
    }
  }

  // a session that outlives its connection: suspended → left, or closed

  /** The connection broke. Returns whether its session is kept. */
  #suspend(reason: NanowireError): boolean {
    if (
      this.#resumption === undefined ||
      this.#state !== "working" ||
      this.#leaving ||
      this.#host.draining !== undefined
    ) {
      return false;
    }
    this.#state = "suspended";
    this.#host.counters.closed(reason.code);
    this.#wire.close(reason);
    this.#resumption.suspend(reason);
    this.#host.suspended(this.session, reason);
    return true;
  }

  giveWay(): void {
    // Whoever still hears this has not come back, or not alone: it is not to try again.
    this.#kick({ reason: "resumed elsewhere" });
    const reason = resumedElsewhere();
    if (this.#state === "working" && !this.#suspend(reason)) {
      this.close(reason);
    }
  }

  handOver(): SessionState {
    this.#state = "left";
    return {
      session: this.session,
      pushForm: this.#pushForm,
      ordered: this.#ordered,
      unordered: this.#unordered,
      rate: this.#rate,
      limiters: this.#limiters,
      overloads: this.#overloads,
    };
  }

  /** Goes on with a session where its client has left off. */
  #goOn(resumption: Resumption, { received }: ResumeClaim): void {
    const { session, pushForm, ordered, unordered, rate, limiters, overloads } = resumption.resume(this);
    this.#session = session;
    this.#pushForm = pushForm;
    this.#ordered = ordered;
    this.#unordered = unordered;
    this.#rate = rate;
    this.#limiters = limiters;
    this.#overloads = overloads;
    resumption.delivery.goOnAfter(received);
    this.#wire.outbox.send(resumption.delivery.packets());
    this.#pauseWhenFull();
    this.#host.resumed(session, this);
    session.drained();
  }

  #tellReceived({ delivery }: Resumption): void {
    const told = delivery.tell();
    if (told !== undefined) {
      this.#wire.outbox.send(encodeSystem(told));
    }
  }

  /** More waits for the client than is kept. Whoever pushes is in the middle of something, as with an outbox that overflows. */
  #outgrow(): void {
    this.#outgrown = true;
    const { maxMessages = 0, maxBytes = 0 } = this.#host.resumptions?.settings ?? {};
    const limits = `maxMessages ${maxMessages} or maxBytes ${maxBytes}`;
    const reason = new NanowireError("resume_overflow", `more waits for a suspended session than ${limits}`);
    this.#host.turn.atEnd({ endOfTurn: () => this.#state === "suspended" && this.close(reason) });
  }

  /** Whether messages of the session go out here, or are kept here. */
  #hasSession(): boolean {
    return this.#state === "working" || this.#state === "suspended";
  }

  /** The connection that has the session now, when this one had it before. */
  get #successor(): Bearer | undefined {
    return this.#state === "left" ? this.#resumption?.bearer : undefined;
  }

  get network(): string | undefined {
    return this.#place.network;
  }

  // what others ask

  get session(): Session {
    return this.#session as Session;
  }

  get proxyAddress(): string | undefined {
    return this.#wire.proxyAddress;
  }

  get transport(): string {
    return this.#wire.transport;
  }

  get remoteAddress(): string {
    return this.#wire.remoteAddress;
  }

  get waiting(): Waiting {
    if (this.#resumption !== undefined && this.#isSuspended()) {
      return this.#resumption.delivery.kept;
    }
    const { waitingBytes, waitingMessages } = this.#wire.outbox;
    return { bytes: waitingBytes, messages: waitingMessages };
  }

  get blocked(): boolean {
    return this.#isSuspended() || this.#wire.outbox.blocked;
  }

  get binder(): SessionBinder {
    return this.#host.sessions;
  }

  get logger(): Logger {
    return this.#host.logger;
  }

  get clock(): Clock {
    return this.#host.options.clock;
  }

  /** A method, for the compiler: any call may have changed the state. */
  #isSuspended(): boolean {
    return this.#state === "suspended";
  }

  #over(): boolean {
    return this.#state === "closing" || this.#state === "closed" || this.#state === "left";
  }

  mailboxHasRoom(): void {
    // One mailbox has room; it is both that count.
    if (this.#paused && this.#state === "working" && this.#queuedMessages < this.#roomBelow) {
      this.#paused = false;
      this.#sweepsSinceHeard = 0;
      this.#wire.resume();
    }
  }

  #pauseWhenFull(): void {
    if (!this.#paused && this.#queuedMessages >= this.#host.options.maxQueuedMessages && this.#state === "working") {
      this.#paused = true;
      this.#wire.pause();
    }
  }

  /** How many messages wait or are under way. */
  get #queuedMessages(): number {
    return (this.#ordered?.length ?? 0) + (this.#unordered?.length ?? 0);
  }

  #orderedMailbox(): OrderedMailbox {
    this.#ordered ??= new OrderedMailbox(this.#host.turn, this.#resumption ?? this, this.#roomBelow);
    return this.#ordered;
  }

  #unorderedMailbox(): UnorderedMailbox {
    this.#unordered ??= new UnorderedMailbox(this.#host.turn, this.#resumption ?? this, this.#roomBelow);
    return this.#unordered;
  }

  get #roomBelow(): number {
    return Math.floor(this.#host.options.maxQueuedMessages / 2) + 1;
  }

  /** @throws NanowireError `too_many_messages` for a client that goes on and on */
  #isWithinRate(): boolean {
    const { maxMessagesPerSecond: most, clock } = this.#host.options;
    this.#rate ??= new MessageRate(most, clock);
    const pace = this.#rate.take();
    if (pace === "flood") {
      const message = `the client goes on at more than twice maxMessagesPerSecond ${most}`;
      throw new NanowireError("too_many_messages", message);
    }
    return pace === "within";
  }

  #takeToken(limit: Parameters<RateLimiters["take"]>[0]): boolean {
    this.#limiters ??= new RateLimiters();
    return this.#limiters.take(limit, this.clock.steady());
  }
}

/**
 * A message that was refused before it came to a mailbox: that it is told takes its turn all the same. The error is made only then, for many may
 * wait.
 */
class TurnedAway implements MailboxTask {
  readonly #connection: Connection;
  readonly #id: MessageId;
  readonly #route: string;
  readonly #code: ErrorCode;
  readonly #message: string;

  constructor(connection: Connection, id: MessageId, route: string, code: ErrorCode, message: string) {
    this.#connection = connection;
    this.#id = id;
    this.#route = route;
    this.#code = code;
    this.#message = message;
  }

  start(): boolean {
    this.#connection.refuse(this.#id, this.#route, new NanowireError(this.#code, this.#message));
    return true;
  }
}

/** Where and when to come back, of all that a drain says. */
function comeBackOf({ afterMs, spreadMs, url }: Drain): ComeBack {
  return { afterMs, spreadMs, url };
}

/** What a client is told of an error that was not meant for it. */
const internalFailure = "the server failed to handle the request";

/** What stands before a response's payload: the packet's header, the flag, and the longest id. */
const mostResponseHeaderBytes = 15;

const noPayload = new Uint8Array(0);

/** No system message of a client is longer. */
const mostSystemBytes = 256;

const heartbeatPacket = encodePacket(PacketType.heartbeat);
const utf8 = new TextEncoder();
