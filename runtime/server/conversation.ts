// A session's messages, from the first connection to the last: each on its way to its handler. A hot file: no promise, no closure and no view a
// message but its payload's.

import { type ErrorCode, NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Turn } from "../base/turn.js";
import type { AnyMethod } from "../component/service.js";
import { Call } from "../dispatch/call.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import { ForwardCall, type Forwarder } from "../dispatch/forward-call.js";
import { RateLimiters } from "../dispatch/rate-limiter.js";
import type { HandshakeRequest } from "../protocol/handshake.js";
import type { MessageId } from "../protocol/message.js";
import { decodeMessageHeader, type MessageHeader } from "../protocol/message-decoder.js";
import * as messageType from "../protocol/message-type.js";
import type { Serializer } from "../protocol/serializer.js";
import { encodeSystem } from "../protocol/system.js";
import type { MailboxTask } from "../schedule/mailbox.js";
import type { OutgoingPush } from "../session/push.js";
import { Session, type SessionBinder, type SessionLink, type Waiting } from "../session/session.js";
import type { Wire } from "../transport/transport.js";
import { Handling, type HandlingHost } from "./handling.js";
import type { KeptMessages } from "./kept-messages.js";
import { MessageRate } from "./message-rate.js";
import type { ResolvedOptions } from "./options.js";
import { Outgoing, type OutgoingHost, type OutgoingOwner } from "./outgoing.js";
import type { PayloadLog } from "./payload-log.js";
import type { Terms } from "./terms.js";
import { type Traveller, Visits, type VisitsHost } from "./visits.js";

/** What the sessions of a server share. */
export interface ConversationHost extends HandlingHost, OutgoingHost {
  readonly options: ResolvedOptions;
  readonly payloadLog: PayloadLog | undefined;
  readonly turn: Turn;
  readonly dispatcher: Dispatcher;
  /** The cluster that messages are forwarded in; undefined: there is none. */
  readonly cluster: VisitsHost | undefined;
  /** Filled anew for each message: it is read before anything else can arrive. */
  readonly header: MessageHeader;
  /** Knows which session is whose. */
  readonly sessions: SessionBinder;
  nextSessionId(): string;
  /** The connection broke, and the session is kept for a while. */
  suspended(session: Session, reason: NanowireError): void;
  /** The session goes on with another connection. */
  resumed(session: Session): void;
  /** The session is closed, and is to be told; its connection may still have something to write. */
  ended(session: Session, reason: NanowireError): void;
}

/** The connection that has a session, or had it last. */
export interface Carrier {
  readonly wire: Wire;
  /** What the client is counted under: its network; undefined: it is not counted. */
  readonly network: string | undefined;
  /** Reads nothing more, until {@link resumeReading}. */
  pauseReading(): void;
  resumeReading(): void;
  /** Tells the client to go. */
  sendKick(reason: string): void;
  /** Gives the session up: its client has another connection. */
  giveWay(): void;
  /** Closes the connection, and ends the session with it. */
  close(reason: NanowireError): void;
}

/** Keeps a session whose connection broke, until its client comes back or it is over. */
export interface SessionKeeper {
  readonly kept: KeptMessages;
  suspend(reason: NanowireError): void;
  /** The session is over. */
  end(reason: NanowireError): void;
}

/** What a client and the server say to each other in one session: it may outlive its connection, and go on with another. */
export class Conversation extends Handling implements Forwarder, SessionLink, OutgoingOwner, Traveller {
  readonly session: Session;
  declare protected readonly host: ConversationHost;
  readonly #terms: Terms;
  readonly #keeper: SessionKeeper | undefined;
  readonly #outgoing: Outgoing;
  #carrier: Carrier;
  #rate: MessageRate | undefined;
  #limiters: RateLimiters | undefined;
  /** Made for the first message that is forwarded. */
  #visits: Visits | undefined;
  /** How many of those wait for another node. */
  #awaited = 0;
  /** Whether the client is not read from, because too much of it waits. */
  #full = false;

  /** @param keeper undefined: the session ends with its connection */
  constructor(
    host: ConversationHost,
    carrier: Carrier,
    handshake: HandshakeRequest,
    terms: Terms,
    keeper: SessionKeeper | undefined,
  ) {
    super(host);
    this.#carrier = carrier;
    this.#terms = terms;
    this.#keeper = keeper;
    this.session = new Session(host.nextSessionId(), handshake, this);
    this.#outgoing = new Outgoing(host, this, this.session, terms, keeper?.kept, carrier.wire.outbox);
  }

  // → message decoder and dictionary → the session's mailbox →

  /**
   * A message came, in a packet's body.
   *
   * @param lent whether the bytes are written again after the call
   */
  message(bytes: Uint8Array, start: number, end: number, lent: boolean): void {
    const { header, dispatcher, counters } = this.host;
    decodeMessageHeader(bytes, start, end, header);
    const { type, id, code } = header;
    if (type !== messageType.request && type !== messageType.notify) {
      throw new NanowireError("invalid_message", "a client sent a response or a push");
    }
    const endpoint = dispatcher.find(header);
    if (this.#keeper?.kept.delivery.receive(end - start) === true) {
      this.tellReceived();
    }
    if (code !== 0) {
      this.#outgoing.clientHasDictionary();
    }
    if (type === messageType.request) {
      counters.requests++;
    } else {
      counters.notifies++;
    }
    if (this.host.watch.on) {
      this.#watched(endpoint?.method, bytes, end);
    }
    if (!this.isWithinRate()) {
      const limit = `a client may send ${this.host.options.maxMessagesPerSecond} messages a second`;
      this.#turnAway(id, endpoint?.method.route ?? "", "rate_limited", limit);
      return;
    }
    if (endpoint === undefined) {
      const route = code === 0 ? header.route : dispatcher.dictionary.routeOf(code);
      this.#turnAway(id, "", "unknown_route", `no component has the route ${route}`);
      return;
    }
    const { method } = endpoint;
    if ((method.kind === "request") !== (type === messageType.request)) {
      this.#turnAway(id, method.route, "wrong_kind", `${method.route} is a ${method.kind}`);
      return;
    }
    if (method.rateLimit !== undefined && !this.#takeToken(method.rateLimit)) {
      const limit = `${method.rateLimit.messages} messages in ${method.rateLimit.perMs} ms`;
      this.#turnAway(id, method.route, "rate_limited", `${method.route} takes ${limit}`);
      return;
    }
    const { payloadStart, compressed } = header;
    const { maxPayloadBytes } = method;
    if (maxPayloadBytes !== undefined && end - payloadStart > maxPayloadBytes && !compressed) {
      const message = `${method.route} takes payloads of ${maxPayloadBytes} bytes, not of ${end - payloadStart}`;
      this.#turnAway(id, method.route, "payload_too_large", message);
      return;
    }
    if (endpoint.component === undefined) {
      const forward = new ForwardCall(this, endpoint, id, bytes, payloadStart, end, lent, compressed);
      if (method.order === "none") {
        this.postUnordered(forward);
      } else {
        this.postOrdered(forward);
      }
      if (lent) {
        forward.own();
      }
    } else {
      const call = new Call(this, endpoint, id, bytes, payloadStart, end, lent, compressed);
      this.post(call);
      if (lent) {
        call.own();
      }
    }
    this.#pauseWhenFull();
  }

  /** Shows the message whose header was read to whoever watches. */
  #watched(method: AnyMethod<never> | undefined, bytes: Uint8Array, end: number): void {
    const { watch, header } = this.host;
    const { type, id, route, payloadStart, compressed } = header;
    const kind = type === messageType.request ? "request" : "notify";
    const name = method?.route ?? route;
    watch.arrived(this.session, kind, name, id, method?.request, bytes, payloadStart, end, compressed, this.serializer);
  }

  /** Refuses a message that comes to no mailbox: a client that sends thousands of them does not hold up the others either. */
  #turnAway(id: MessageId, route: string, code: ErrorCode, message: string): void {
    this.postUnordered(new TurnedAway(this.#outgoing, id, route, code, message));
    this.#pauseWhenFull();
  }

  // → another node: visits.ts

  beforeForward(call: ForwardCall): void | Promise<void> {
    return this.step(call);
  }

  forward(call: ForwardCall): void {
    call.isAway = true;
    this.#awaited++;
    this.visits?.forward(call);
  }

  forwarded(call: ForwardCall, payload: Uint8Array): void {
    this.#settled(call);
    this.#outgoing.pass(call, payload);
  }

  handled(call: ForwardCall): void {
    this.#settled(call);
  }

  forwardFailed(call: ForwardCall, error: unknown): void {
    this.#settled(call);
    this.#outgoing.refuse(call.id, call.route, error, call);
  }

  #settled({ isAway }: ForwardCall): void {
    if (isAway) {
      this.#awaited--;
      this.mailboxHasRoom();
    }
  }

  override get length(): number {
    return super.length + this.#awaited;
  }

  get visits(): Visits | undefined {
    const { cluster } = this.host;
    if (this.#visits === undefined && cluster !== undefined && this.#outgoing.state !== "ended") {
      this.#visits = new Visits(this, cluster);
    }
    return this.#visits;
  }

  dataUsed(): void {
    this.#visits?.dataUsed();
  }

  uidChanged(uid: string): void {
    this.#visits?.uidChanged(uid);
  }

  // the way out: outgoing.ts

  succeeded(call: Call, value: unknown): void {
    this.#outgoing.answer(call, value);
  }

  failed(call: Call, error: unknown): void {
    this.#outgoing.refuse(call.id, call.route, error, call);
  }

  sendPush(push: OutgoingPush): boolean {
    return this.#outgoing.push(push);
  }

  sendKick(reason: string): void {
    if (this.#outgoing.state === "open") {
      this.#carrier.sendKick(reason);
    }
  }

  /** The client takes again what is written. */
  drained(): void {
    this.#outgoing.drained();
  }

  outgrown(): void {
    const { maxMessages = 0, maxBytes = 0 } = this.#keeper?.kept.limits ?? {};
    const limits = `maxMessages ${maxMessages} or maxBytes ${maxBytes}`;
    this.close(new NanowireError("resume_overflow", `more waits for a suspended session than ${limits}`));
  }

  // what both sides have got, where the session can be resumed

  /** The client tells how many messages it has got. */
  acknowledged(count: unknown): void {
    this.#keeper?.kept.delivery.acknowledged(count);
  }

  /** Tells the client how many messages came, if it does not know. */
  tellReceived(): void {
    const told = this.#keeper?.kept.delivery.tell();
    if (told !== undefined) {
      this.#carrier.wire.outbox.send(encodeSystem(told));
    }
  }

  // the life of a session: open → suspended → open again → ended

  close(reason: NanowireError): void {
    if (this.#outgoing.state === "open") {
      this.#carrier.close(reason);
    } else {
      this.end(reason);
    }
  }

  /** Gives the connection up that seems to work: the client has another. */
  giveWay(): void {
    if (this.#outgoing.state === "open") {
      this.#carrier.giveWay();
    }
  }

  /** The connection broke: the session is kept for a while, where it can be; else it ends. */
  suspend(reason: NanowireError): void {
    if (this.#keeper === undefined) {
      this.end(reason);
      return;
    }
    this.#outgoing.suspend();
    this.#keeper.suspend(reason);
    this.host.suspended(this.session, reason);
    this.#visits?.suspended(reason);
  }

  /**
   * The client is back.
   *
   * @param received how many messages it says it has got
   * @throws NanowireError `invalid_acknowledgment` when it cannot go on from there
   */
  goOn(carrier: Carrier, received: unknown): void {
    this.#carrier = carrier;
    this.#full = false;
    this.#outgoing.goOn(carrier.wire.outbox, received);
    this.#pauseWhenFull();
    this.host.resumed(this.session);
    this.#visits?.resumed();
    this.session.drained();
  }

  /** The session is over: what waits for its turn is forgotten, and whoever waits for the session is told. */
  end(reason: NanowireError): void {
    if (this.#outgoing.state !== "ended") {
      this.#outgoing.end();
      this.forgetWaiting();
      this.#keeper?.end(reason);
      this.#visits?.ended(reason);
      this.host.ended(this.session, reason);
    }
  }

  /** Nothing was heard for a while: what only messages need is let go of, where nothing waits in it and nothing has to be remembered. */
  rest(): void {
    if (this.length === 0) {
      this.restMailboxes();
    }
    if (this.#rate?.isFull() === true) {
      this.#rate = undefined;
    }
  }

  // bounds: what of a client waits, and how often it may send

  mailboxHasRoom(): void {
    // One mailbox has room; it is both that count.
    if (this.#full && this.#outgoing.state === "open" && this.length < this.roomBelow) {
      this.#full = false;
      this.#carrier.resumeReading();
    }
  }

  #pauseWhenFull(): void {
    if (!this.#full && this.length >= this.host.options.maxQueuedMessages && this.#outgoing.state === "open") {
      this.#full = true;
      this.#carrier.pauseReading();
    }
  }

  /**
   * A message came, or a packet that costs as much. Returns whether it may be taken.
   *
   * @throws NanowireError `too_many_messages` for a client that goes on and on
   */
  isWithinRate(): boolean {
    const { maxMessagesPerSecond: most, clock } = this.host.options;
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
    return this.#limiters.take(limit, this.host.options.clock.steady());
  }

  // what the session asks

  get waiting(): Waiting {
    return this.#outgoing.waiting;
  }

  get blocked(): boolean {
    return this.#outgoing.blocked;
  }

  get transport(): string {
    return this.#carrier.wire.transport;
  }

  get remoteAddress(): string {
    return this.#carrier.wire.remoteAddress;
  }

  get proxyAddress(): string | undefined {
    return this.#carrier.wire.proxyAddress;
  }

  get network(): string | undefined {
    return this.#carrier.network;
  }

  get serializer(): Serializer {
    return this.#terms.serializer;
  }

  get binder(): SessionBinder {
    return this.host.sessions;
  }

  get logger(): Logger {
    return this.host.logger;
  }
}

/**
 * A message that was refused before it came to a mailbox: that it is told takes its turn all the same. The error is made only then, for
 * many may wait.
 */
class TurnedAway implements MailboxTask {
  readonly #outgoing: Outgoing;
  readonly #id: MessageId;
  readonly #route: string;
  readonly #code: ErrorCode;
  readonly #message: string;

  constructor(outgoing: Outgoing, id: MessageId, route: string, code: ErrorCode, message: string) {
    this.#outgoing = outgoing;
    this.#id = id;
    this.#route = route;
    this.#code = code;
    this.#message = message;
  }

  start(): boolean {
    this.#outgoing.refuse(this.#id, this.#route, new NanowireError(this.#code, this.#message));
    return true;
  }
}
