// A hot file: every message that a gate forwards goes through here. No promise and no closure a message.

import type { TraceContext } from "../base/call-observer.js";
import { codeOf, NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { type Peer, type PeerGuest, pushRecord } from "../cluster/peer.js";
import { callFlags, type Opening } from "../cluster/records.js";
import { Call } from "../dispatch/call.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import type { Traffic } from "../metrics/traffic.js";
import { type OutboundStep, runOutbound } from "../pipeline/pipeline.js";
import type { MessageCodec } from "../protocol/codec.js";
import type { HandshakeRequest } from "../protocol/handshake.js";
import { isInPlace } from "../protocol/in-place.js";
import type { Serializer } from "../protocol/serializer.js";
import { toldEncodeError } from "../protocol/told-error.js";
import type { OutgoingPush } from "../session/push.js";
import { Session, type SessionBinder, type SessionLink, type Waiting } from "../session/session.js";
import { SessionChanges } from "../session/session-changes.js";
import type { SessionRegistry } from "../session/session-registry.js";
import type { Tracing } from "../tracing/tracing.js";
import type { Counters } from "./counters.js";
import type { Drainable } from "./drain-watch.js";
import { Handling, type HandlingHost } from "./handling.js";
import { refusalFor } from "./refusal.js";
import type { ServerPipeline } from "./server-pipeline.js";
import { steppedPayload } from "./stepped-push.js";

/** What the sessions of gates share at a member. */
export interface GuestHost extends HandlingHost {
  readonly dispatcher: Dispatcher;
  readonly outbound: ServerPipeline<OutboundStep>;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Counts messages by their routes; undefined where metrics are off. */
  readonly traffic: Traffic | undefined;
  readonly tracing: Tracing | undefined;
  readonly sessions: SessionRegistry;
  /** This node has a number that no other has: session ids are made with it. */
  numbered(number: number): void;
  /** A session of another gate is here. */
  guestOpened(guest: GuestConversation): void;
  /** It is over. */
  guestEnded(guest: GuestConversation, reason: NanowireError): void;
}

/** A session whose client another node holds: its messages come from there, and answers and pushes go back there. */
export class GuestConversation extends Handling implements PeerGuest, SessionLink, SessionBinder, Drainable {
  declare protected readonly host: GuestHost;
  readonly session: Session;
  readonly transport: string;
  readonly remoteAddress: string;
  readonly proxyAddress: string | undefined;
  /** What the client's payloads are written in. */
  readonly serializer: Serializer;
  readonly #peer: Peer;
  /** What the session is known by, to its gate and here. */
  readonly #visit: number;
  /** What is told about the data. Made when the program asks for the data, or the gate tells of it. */
  #changes: SessionChanges | undefined;
  #dataUsed = false;
  #lookDue = false;
  /** What the gate knows of the data. */
  #dataVersion = 0;
  #ended = false;

  constructor(host: GuestHost, peer: Peer, visit: number, opening: Opening, serializer: Serializer) {
    super(host);
    this.#peer = peer;
    this.#visit = visit;
    this.transport = opening.transport;
    this.remoteAddress = opening.remoteAddress;
    this.proxyAddress = opening.proxyAddress === "" ? undefined : opening.proxyAddress;
    this.serializer = serializer;
    this.session = new Session(opening.id, readHandshake(opening.handshake), this);
  }

  // gate → the session's mailbox

  called(
    number: number,
    flags: number,
    route: string,
    bytes: Uint8Array,
    start: number,
    end: number,
    context?: TraceContext,
  ): void {
    const { dispatcher, counters } = this.host;
    const endpoint = dispatcher.hosted(route);
    if (endpoint === undefined) {
      const kind = (flags & callFlags.notify) !== 0 ? "notify" : "request";
      const refusal = this.#refuse(
        number,
        route,
        new NanowireError("unknown_route", `no component has the route ${route}`),
        kind === "notify" ? 0 : number,
      );
      this.host.traffic?.turnedAway(route, kind, refusal.code);
      return;
    }
    if (endpoint.method.kind === "request") {
      counters.requests++;
    } else {
      counters.notifies++;
    }
    const compressed = (flags & callFlags.compressed) !== 0;
    const { watch } = this.host;
    if (watch.on) {
      const { kind, request } = endpoint.method;
      const id = kind === "request" ? number : 0;
      watch.arrived(this.session, kind, route, id, request, bytes, start, end, compressed, this.serializer);
    }
    this.post(new Call(this, endpoint, number, bytes, start, end, false, compressed, context));
  }

  // the way out: → gate

  succeeded(call: Call, value: unknown): void {
    if (this.#ended) {
      return;
    }
    this.#tellData();
    const { out } = this.#peer;
    const number = call.id as number;
    if (call.kind === "notify") {
      out.done(this.#visit, number);
      return;
    }
    const { payloadLog, watch } = this.host;
    const { response } = call.endpoint.method;
    try {
      const steps = this.host.outbound.stepsOf(call.route);
      if (steps.length === 0 && isInPlace(this.serializer, response) && !watch.on) {
        out.answerInPlace(this.#visit, number, response, value);
      } else {
        const message = {
          kind: "response" as const,
          route: call.route,
          error: undefined,
          payload: this.#encode(response, value),
          data: call.data,
        };
        runOutbound(steps, this.session, message);
        out.answer(this.#visit, number, message.payload);
        if (watch.on) {
          watch.answered(this.session, call.route, number, "", response, message.payload, this.serializer);
        }
      }
      if (payloadLog?.on === true) {
        payloadLog.answered(this.session, call.route, call.id, response, value);
      }
    } catch (error) {
      this.#refuseCall(call, error);
    }
  }

  failed(call: Call, error: unknown): void {
    if (this.#ended) {
      // Nobody is told; that it did not end well is counted.
      call.observer?.failed(codeOf(error), error);
    } else {
      this.#tellData();
      this.#refuseCall(call, error);
    }
  }

  #refuseCall(call: Call, error: unknown): void {
    const id = call.id as number;
    const { code } = this.#refuse(id, call.route, error, call.kind === "notify" ? 0 : id);
    call.observer?.failed(code, error);
  }

  /**
   * Returns what the gate is told.
   *
   * @param id of a request; 0 for a notify
   */
  #refuse(number: number, route: string, error: unknown, id: number): NanowireError {
    const refusal = refusalFor(this.host, this.session.id, route, error);
    const { watch } = this.host;
    if (watch.on && id === 0) {
      watch.failed(this.session, route, id, refusal.code);
    } else if (watch.on) {
      // The gate writes the error, in whatever its client understands.
      watch.answered(this.session, route, id, refusal.code, undefined, noBytes, this.serializer);
    }
    this.#peer.out.failure(this.#visit, number, refusal);
    return refusal;
  }

  #encode(codec: MessageCodec<unknown>, message: unknown): Uint8Array {
    try {
      return this.serializer.encode(codec, message);
    } catch (error) {
      throw toldEncodeError(codec, error);
    }
  }

  sendPush(push: OutgoingPush): boolean {
    if (this.#ended) {
      return false;
    }
    const { outbound, counters, payloadLog, tracing } = this.host;
    if (tracing !== undefined && push.leaves()) {
      tracing.push(push.route);
    }
    const steps = outbound.stepsOf(push.route);
    let payload: Uint8Array | undefined;
    if (steps.length > 0) {
      const stepped = steppedPayload(push, steps, this.session, this.serializer, this.host.logger);
      if (stepped === null) {
        return false;
      }
      payload = stepped;
      this.#peer.out.push(pushRecord(push, this.serializer, payload), [this.#visit]);
    } else if (push.shared) {
      push.relayTo(this.#peer, this.serializer, this.#visit);
    } else {
      this.#peer.out.push(pushRecord(push, this.serializer, push.payload(this.serializer)), [this.#visit]);
    }
    counters.pushes++;
    if (payloadLog?.on === true) {
      payloadLog.pushed(this.session, push);
    }
    if (this.host.watch.on) {
      this.host.watch.pushed(this.session, push, payload, this.serializer, true);
    }
    return true;
  }

  sendKick(reason: string): void {
    if (!this.#ended) {
      this.#tellData();
      this.#peer.out.kick(this.#visit, reason);
    }
  }

  close(reason: NanowireError): void {
    if (!this.#ended) {
      this.#tellData();
      // The gate closes it; a kick has told it so already.
      if (reason.code !== "kicked") {
        this.#peer.out.close(this.#visit, reason);
      }
      this.closed(reason);
    }
  }

  // who the client is: the gate knows

  get binder(): SessionBinder {
    return this;
  }

  bind(_session: Session, uid: string): Promise<void> {
    if (typeof uid !== "string" || uid === "") {
      const given =
        typeof uid === "string"
          ? "uid of 0 characters is not one of 1 to 255"
          : `uid of type ${typeof uid} is not a string`;
      return Promise.reject(new NanowireError("invalid_uid", `a ${given}`));
    }
    return this.#ask(uid);
  }

  unbind(): Promise<void> {
    return this.#ask("");
  }

  /** @param uid empty: it is to be unbound */
  #ask(uid: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(new NanowireError("session_closed", `session ${this.session.id} is closed`));
        return;
      }
      const ask = this.#peer.addAsk({ replied: () => resolve(), refused: reject });
      this.#peer.out.bind(this.#visit, ask, uid);
    });
  }

  uidChanged(uid: string): void {
    this.host.sessions.boundElsewhere(this.session, uid);
  }

  // the session's data

  dataUsed(): void {
    this.#dataUsed = true;
    if (!this.#lookDue && !this.#ended) {
      this.#lookDue = true;
      this.host.turn.atEnd(this);
    }
  }

  /** What was changed by other than a handler that ends now. */
  endOfTurn(): void {
    this.#lookDue = false;
    if (!this.#ended) {
      this.#tellData();
    }
  }

  #tellData(): void {
    const { ownData } = this.session;
    if (!this.#dataUsed || ownData === undefined) {
      return;
    }
    this.#changes ??= new SessionChanges();
    this.#changes.look(ownData);
    const told = this.#changes.since(this.#dataVersion, this.#peer);
    this.#dataVersion = this.#changes.version;
    if (told !== undefined) {
      this.#peer.out.memberData(this.#visit, told);
    }
  }

  dataChanged(changes: string): void {
    this.#changes ??= new SessionChanges();
    try {
      this.#changes.apply(changes, this.session.sharedData, this.#peer);
    } catch (error) {
      this.host.logger.error({ error, node: this.#peer.id }, "a gate's change of a session's data could not be read");
    }
  }

  // the life of a session

  suspended(reason: NanowireError): void {
    this.session.suspend(reason);
    this.host.sessions.tellSuspended(this.session, reason);
  }

  resumed(): void {
    this.session.resume();
    this.host.sessions.tellResumed(this.session);
  }

  closed(reason: NanowireError): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#peer.guests.delete(this.#visit);
      this.forgetWaiting();
      this.host.guestEnded(this, reason);
    }
  }

  /** Its client is elsewhere, and does not hear that this node is about to stop: it is waited for. */
  letGo(): boolean {
    return this.#ended;
  }

  // what the session asks

  /** What waits for the client waits at its gate. */
  get waiting(): Waiting {
    return nothing;
  }

  get blocked(): boolean {
    return this.session.suspended;
  }

  get gate(): string {
    return this.#peer.id;
  }

  get logger(): Logger {
    return this.host.logger;
  }

  /** The gate sees to it that no more messages come than may wait. */
  mailboxHasRoom(): void {}
}

const nothing: Waiting = { bytes: 0, messages: 0 };

/** What a gate tells of a client's handshake. The error does not show it: there may be a token in it, and errors are logged. */
function readHandshake(text: string): HandshakeRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // It is none, as below.
  }
  const { sys } = Object(value) as Partial<HandshakeRequest>;
  if (typeof sys !== "object" || sys === null) {
    throw new NanowireError("invalid_message", `${text.length} characters are no handshake of a client`);
  }
  return value as HandshakeRequest;
}

const noBytes = new Uint8Array(0);
