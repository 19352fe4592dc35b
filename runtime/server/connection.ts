// The path of one message, in path order. A hot file: no promise, no closure and no view a message but its payload's.

import { isPromise } from "../base/awaitable.js";
import type { Clock } from "../base/clock.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Turn } from "../base/turn.js";
import { Call, type Caller } from "../dispatch/call.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import { type Mailbox, type MailboxOwner, OrderedMailbox, UnorderedMailbox } from "../dispatch/mailbox.js";
import { RateLimiters } from "../dispatch/rate-limiter.js";
import { type InboundStep, type OutboundStep, type Pipeline, runInbound, runOutbound } from "../pipeline/pipeline.js";
import { encodeErrorPayload } from "../protocol/error-payload.js";
import { encodeHandshake } from "../protocol/handshake.js";
import { type MessageId, MessageType } from "../protocol/message.js";
import { decodeMessageHeader, type MessageHeader } from "../protocol/message-decoder.js";
import { writeResponse } from "../protocol/message-encoder.js";
import { encodePacket, maxBodyBytes, PacketType } from "../protocol/packet.js";
import { PacketDecoder, type PacketSink } from "../protocol/packet-decoder.js";
import { protobufSerializer, type Serializer, serializers } from "../protocol/serializer.js";
import type { OutgoingPush } from "../session/push.js";
import { Session, type SessionLink } from "../session/session.js";
import type { Wire, WireReceiver } from "../transport/transport.js";
import { type Admission, type AdmissionHost, admit, refusalOf } from "./admission.js";
import type { Counters } from "./counters.js";
import type { SweepSchedule, Swept } from "./heartbeat.js";
import { inflate } from "./inflate.js";
import { MessageRate } from "./message-rate.js";
import type { TakenPlace } from "./places.js";

/** What the connections of a server share. */
export interface ConnectionHost extends AdmissionHost {
  readonly logger: Logger;
  readonly turn: Turn;
  readonly dispatcher: Dispatcher;
  readonly inbound: Pipeline<InboundStep>;
  readonly outbound: Pipeline<OutboundStep>;
  readonly counters: Counters;
  /** Filled anew for each message: it is read before anything else can arrive. */
  readonly header: MessageHeader;
  nextSessionId(): string;
  /** The handshake was taken and acknowledged. */
  opened(session: Session): void;
  /** The session is closed; its connection may still have something to write. */
  ended(session: Session): void;
  /** The connection is gone. */
  closed(connection: Connection): void;
}

/**
 * Where a connection is: it waits for the handshake, judges it, waits for the ack, works, is closing (what waits is
 * written), is closed. A packet that comes where it may not closes the connection: there is no way past the judgement.
 */
type ConnectionState = "handshake" | "judging" | "ack" | "working" | "closing" | "closed";

/** One client's connection, from the first byte to the last. */
export class Connection implements WireReceiver, PacketSink, Caller, SessionLink, MailboxOwner, Swept {
  readonly #host: ConnectionHost;
  readonly #wire: Wire;
  readonly #place: TakenPlace;
  readonly #packets: PacketDecoder;
  #state: ConnectionState = "handshake";
  #admission: Admission | undefined;
  #session: Session | undefined;
  #serializer: Serializer = protobufSerializer;
  #compressPushes = false;
  #ordered: OrderedMailbox | undefined;
  #unordered: UnorderedMailbox | undefined;
  #rate: MessageRate | undefined;
  #limiters: RateLimiters | undefined;
  #paused = false;
  #closeReason: NanowireError | undefined;
  #sweepsSinceHeard = 0;
  #sweepsSinceHeartbeat = 0;

  constructor(wire: Wire, place: TakenPlace, host: ConnectionHost) {
    this.#wire = wire;
    this.#place = place;
    this.#host = host;
    this.#packets = new PacketDecoder(host.options.maxHandshakeBytes, "maxHandshakeBytes");
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
    } else if (type === PacketType.handshake && this.#state === "handshake") {
      this.#judge(bytes.subarray(start, end));
    } else if (type === PacketType.handshakeAck && this.#state === "ack") {
      this.#acknowledged();
    } else {
      throw new NanowireError("unexpected_packet", `a packet of type ${type} came in the state ${this.#state}`);
    }
    return !this.#over();
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
    this.#compressPushes ||= code !== 0;
    if (type === MessageType.request) {
      counters.requests++;
    } else {
      counters.notifies++;
    }
    if (!this.#isWithinRate()) {
      const limit = `a client may send ${this.#host.options.maxMessagesPerSecond} messages a second`;
      this.#refuse(id, endpoint?.method.route ?? "", new NanowireError("rate_limited", limit));
      return;
    }
    if (endpoint === undefined) {
      const route = code === 0 ? header.route : dispatcher.dictionary.routeOf(code);
      this.#refuse(id, "", new NanowireError("unknown_route", `no component has the route ${route}`));
      return;
    }
    const { method, order } = endpoint;
    if ((method.kind === "request") !== (type === MessageType.request)) {
      this.#refuse(id, method.route, new NanowireError("wrong_kind", `${method.route} is a ${method.kind}`));
      return;
    }
    if (method.rateLimit !== undefined && !this.#takeToken(method.rateLimit)) {
      const limit = `${method.rateLimit.messages} messages in ${method.rateLimit.perMs} ms`;
      this.#refuse(id, method.route, new NanowireError("rate_limited", `${method.route} takes ${limit}`));
      return;
    }
    const payload = bytes.subarray(header.payloadStart, end);
    const mailbox = order === "none" ? this.#unorderedMailbox() : this.#orderedMailbox();
    mailbox.post(new Call(this, endpoint, id, payload, header.compressed));
    this.#pauseWhenFull();
  }

  // → inbound pipeline →

  inbound(call: Call): void | Promise<void> {
    const { inbound, options } = this.#host;
    if (call.compressed) {
      call.payload = inflate(call.payload, options.maxInflatedBytes);
    }
    return inbound.empty ? undefined : runInbound(inbound, call.session, call);
  }

  // → component method →

  decode(call: Call): unknown {
    try {
      return this.#serializer.decode(call.endpoint.method.request, call.payload);
    } catch (error) {
      const message = `the payload of ${call.payload.length} bytes is no message of ${call.route}`;
      throw new NanowireError("invalid_payload", message, { cause: error });
    }
  }

  // → response → outbound pipeline → message encoder → outbox

  succeeded(call: Call, value: unknown): void {
    if (call.kind === "notify" || this.#state !== "working") {
      return;
    }
    try {
      const payload = this.#serializer.encode(call.endpoint.method.response, value);
      this.#respond(call.id, call.route, payload, undefined);
    } catch (error) {
      this.failed(call, error);
    }
  }

  failed(call: Call, error: unknown): void {
    this.#refuse(call.id, call.route, error);
  }

  /** Answers a request with an error. A notify's is logged and counted, as a request's is. */
  #refuse(id: MessageId, route: string, error: unknown): void {
    const { logger, counters } = this.#host;
    const refusal = toNanowireError(error, "internal", internalFailure);
    const fields = { session: this.#session?.id, route, code: refusal.code, error };
    counters.failed(refusal.code);
    if (refusal === error) {
      logger.debug(fields, "a message was refused");
    } else {
      logger.error(fields, "a handler failed");
    }
    if (id === 0 || this.#state !== "working") {
      return;
    }
    const payload = this.#errorPayload(refusal, route);
    try {
      this.#respond(id, route, payload, refusal);
    } catch (failure) {
      // An outbound step failed on the error itself: the client gets it without the step.
      logger.error({ error: failure, route }, "an outbound step failed on an error reply");
      this.#write(id, payload, true);
    }
  }

  /** An error that cannot be sent, or not in one packet, becomes one that can: the request is answered all the same. */
  #errorPayload(refusal: NanowireError, route: string): Uint8Array {
    try {
      const payload = encodeErrorPayload(refusal, this.#serializer.name);
      if (payload.length <= mostErrorBytes) {
        return payload;
      }
      this.#host.logger.error({ route, code: refusal.code, bytes: payload.length }, "an error reply is too large");
    } catch (error) {
      this.#host.logger.error({ route, code: refusal.code, error }, "an error reply could not be encoded");
    }
    return encodeErrorPayload(new NanowireError("internal", internalFailure), this.#serializer.name);
  }

  #respond(id: MessageId, route: string, payload: Uint8Array, error: NanowireError | undefined): void {
    const { outbound } = this.#host;
    if (outbound.empty) {
      this.#write(id, payload, error !== undefined);
    } else {
      const message = { kind: "response" as const, route, error, payload };
      runOutbound(outbound, this.session, message);
      this.#write(id, message.payload, error !== undefined);
    }
  }

  #write(id: MessageId, payload: Uint8Array, error: boolean): void {
    const { outbox } = this.#wire;
    writeResponse(outbox.buffer, id, payload, error);
    outbox.commit();
  }

  // push → outbound pipeline → message encoder → outbox

  sendPush(push: OutgoingPush): void {
    if (this.#state !== "working") {
      return;
    }
    const { outbound, counters, logger } = this.#host;
    const { outbox } = this.#wire;
    if (outbound.empty) {
      push.writeTo(outbox.buffer, this.#serializer, this.#compressPushes);
    } else {
      const { route } = push;
      const message = { kind: "push" as const, route, error: undefined, payload: push.payload(this.#serializer) };
      try {
        runOutbound(outbound, this.session, message);
      } catch (error) {
        logger.error({ error, route, session: this.session.id }, "an outbound step failed: the push is dropped");
        return;
      }
      push.writeChangedTo(outbox.buffer, message.payload, this.#compressPushes);
    }
    counters.pushes++;
    outbox.commit();
  }

  // the life of the connection: handshake → judging → ack → working → closing → closed

  #judge(body: Uint8Array): void {
    this.#state = "judging";
    try {
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
    this.#serializer = serializers[admission.profile.serializer];
    this.#compressPushes = admission.profile.compressPushes;
    try {
      this.#wire.outbox.send(encodePacket(PacketType.handshake, encodeHandshake(admission.response)));
    } catch (error) {
      // What the application answers cannot be JSON.
      this.violated(toNanowireError(error, "internal", "the answer to a handshake could not be encoded"));
    }
  }

  #refused(error: unknown): void {
    const refusal = toNanowireError(error, "internal", "the handshake could not be judged");
    if (this.#state === "judging") {
      this.#wire.outbox.send(encodePacket(PacketType.handshake, encodeHandshake(refusalOf(refusal))));
      this.violated(refusal);
    }
  }

  #acknowledged(): void {
    const { options } = this.#host;
    const { handshake } = this.#admission as Admission;
    this.#admission = undefined;
    this.#packets.limit(options.maxPacketBytes, "maxPacketBytes");
    this.#session = new Session(this.#host.nextSessionId(), handshake, this);
    this.#state = "working";
    this.#host.opened(this.#session);
    if (options.heartbeatIntervalMs > 0) {
      // pomelo's browser client only answers what it gets: the first comes from here.
      this.#wire.outbox.send(heartbeatPacket);
    }
  }

  sweep(schedule: SweepSchedule): void {
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
    if (++this.#sweepsSinceHeard > schedule.silence && !this.#paused) {
      const silence = this.#host.options.heartbeatIntervalMs * 2;
      this.violated(new NanowireError("heartbeat_timeout", `nothing was heard for ${silence} ms`));
    } else if (++this.#sweepsSinceHeartbeat >= schedule.heartbeat) {
      this.#sweepsSinceHeartbeat = 0;
      this.#wire.outbox.send(heartbeatPacket);
    }
  }

  violated(error: NanowireError): void {
    if (this.#over()) {
      return;
    }
    const { code, message: reason, cause } = error;
    const fields = { code, reason, address: this.remoteAddress, session: this.#session?.id };
    this.#host.logger.warn(cause === undefined ? fields : { ...fields, cause }, "a connection is closed");
    this.close(error);
  }

  sendKick(reason: string): void {
    this.#wire.outbox.send(encodePacket(PacketType.kick, utf8.encode(JSON.stringify({ reason }))));
  }

  close(reason: NanowireError): void {
    if (!this.#over()) {
      this.#state = "closing";
      this.#closeReason = reason;
      this.#wire.close(reason);
      this.#ended(reason);
    }
  }

  closed(): void {
    if (this.#state === "closed") {
      return;
    }
    const wasOpen = this.#state !== "closing";
    this.#state = "closed";
    if (wasOpen) {
      this.#closeReason = new NanowireError("connection_lost", "the client closed the connection");
      this.#ended(this.#closeReason);
    }
    this.#place.free();
    this.#host.closed(this);
  }

  #ended(reason: NanowireError): void {
    this.#host.counters.closed(reason.code);
    this.#ordered?.clear();
    if (this.#session !== undefined) {
      this.#host.ended(this.#session);
      this.#session.ended(reason);
    }
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

  get logger(): Logger {
    return this.#host.logger;
  }

  get clock(): Clock {
    return this.#host.options.clock;
  }

  #over(): boolean {
    return this.#state === "closing" || this.#state === "closed";
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

  #orderedMailbox(): Mailbox {
    this.#ordered ??= new OrderedMailbox(this.#host.turn, this, this.#roomBelow);
    return this.#ordered;
  }

  #unorderedMailbox(): Mailbox {
    this.#unordered ??= new UnorderedMailbox(this, this.#roomBelow);
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
    return this.#limiters.take(limit, this.clock.now());
  }
}

/** What a client is told of an error that was not meant for it. */
const internalFailure = "the server failed to handle the request";

/** What an error payload may have, to fit into a packet with the longest id. */
const mostErrorBytes = maxBodyBytes - 11;

const heartbeatPacket = encodePacket(PacketType.heartbeat);
const utf8 = new TextEncoder();
