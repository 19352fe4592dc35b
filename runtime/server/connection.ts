// One client's connection, and what it carries: handshake first, then the packets of a session. A hot file: no promise, no closure and no view
// a packet.

import { isPromise } from "../base/awaitable.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import { encodeHandshake } from "../protocol/handshake.js";
import { encodePacket } from "../protocol/packet.js";
import { PacketDecoder, type PacketSink } from "../protocol/packet-decoder.js";
import type { PacketType } from "../protocol/packet-type.js";
import * as packetType from "../protocol/packet-type.js";
import { type ComeBack, type Drain, decodeSystem, encodeSystem, hasCapability } from "../protocol/system.js";
import { encodeJson } from "../protocol/utf8.js";
import type { Session } from "../session/session.js";
import type { OutboxOwner } from "../transport/outbox.js";
import type { Wire, WireReceiver } from "../transport/transport.js";
import { type Admission, type AdmissionHost, admit, refusalOf } from "./admission.js";
import { type Carrier, Conversation, type ConversationHost } from "./conversation.js";
import { deflate } from "./deflate.js";
import type { Drainable } from "./drain-watch.js";
import type { SweepSchedule, Swept } from "./heartbeat.js";
import type { TakenPlace } from "./places.js";
import { resumedElsewhere } from "./resumption.js";
import type { Terms } from "./terms.js";

/** What the connections of a server share. */
export interface ConnectionHost extends AdmissionHost, ConversationHost {
  /** What clients are told, while the server is about to stop. */
  readonly draining: Drain | undefined;
  /** The handshake was taken and acknowledged. */
  opened(session: Session): void;
  /** The connection is gone. */
  closed(connection: Connection): void;
}

/**
 * Where a connection is: it waits for the handshake, judges it, waits for the ack, works, is closing (what waits is written), is closed. A packet
 * that comes where it may not closes the connection: there is no way past the judgement.
 */
type ConnectionState = "handshake" | "judging" | "ack" | "working" | "closing" | "closed";

/** One client's connection, from the first byte to the last. */
export class Connection implements WireReceiver, PacketSink, Carrier, OutboxOwner, Swept, Drainable {
  readonly wire: Wire;
  readonly network: string | undefined;
  readonly #host: ConnectionHost;
  readonly #packets: PacketDecoder;
  #state: ConnectionState = "handshake";
  /** From the judgement to the ack. */
  #admission: Admission | undefined;
  /** Set from the judgement on. */
  #terms!: Terms;
  /** Set from the ack on: the session's messages. */
  #conversation: Conversation | undefined;
  /** Which system messages the client knows. */
  #knowsDrain = false;
  #knowsPing = false;
  /** Whether the client said that it sends nothing more. */
  #leaving = false;
  /** Whether nothing more is read for now: silence is no sign of anything then. */
  #paused = false;
  /** Whether what carries it is gone. */
  #gone = false;
  /** Whether what is being read is written again when that is over. */
  #lent = false;
  /** How many frames without content came before the session. */
  #idleFrames = 0;
  #sweepsSinceHeard = 0;
  /** Sweeps since the client came; from the ack on, since the last heartbeat. */
  #sweeps: number;

  constructor(wire: Wire, place: TakenPlace, host: ConnectionHost) {
    this.wire = wire;
    this.network = place.network;
    this.#sweeps = place.sweeps;
    this.#host = host;
    this.#packets = new PacketDecoder(host.options.maxHandshakeBytes, "maxHandshakeBytes");
    wire.outbox.owner = this;
  }

  // socket → transport →

  receive(bytes: Uint8Array, start = 0, end: number = bytes.length, lent = false): void {
    this.#sweepsSinceHeard = 0;
    this.#lent = lent;
    try {
      this.#packets.decode(bytes, this, start, end);
    } catch (error) {
      this.violated(toNanowireError(error, "internal", "the server failed to handle a packet"));
    }
  }

  idled(): boolean {
    try {
      if (this.#state === "working" && this.#conversation !== undefined) {
        return this.#conversation.isWithinRate();
      }
      if (++this.#idleFrames > mostIdleFrames) {
        const message = `more than ${mostIdleFrames} frames without content came before the session`;
        throw new NanowireError("too_many_messages", message);
      }
      return true;
    } catch (error) {
      this.violated(toNanowireError(error, "internal", "the server failed to count a frame"));
      return false;
    }
  }

  // → packet decoder → the session's conversation, or one of the methods below

  packet(type: PacketType, bytes: Uint8Array, start: number, end: number): boolean {
    const working = this.#state === "working" ? this.#conversation : undefined;
    if (type === packetType.data && working !== undefined) {
      working.message(bytes, start, end, this.#lent);
    } else if (type === packetType.heartbeat && working !== undefined) {
      // A sign of life, like every packet; receive() has noted it.
      working.isWithinRate();
    } else if (type === packetType.system && working !== undefined && end - start <= mostSystemBytes) {
      this.#system(bytes.subarray(start, end), working);
    } else if (type === packetType.handshake && this.#state === "handshake") {
      this.#judge(bytes.subarray(start, end));
    } else if (type === packetType.handshakeAck && this.#state === "ack") {
      this.#acknowledged();
    } else {
      throw new NanowireError("unexpected_packet", `a packet of type ${type} came in the state ${this.#state}`);
    }
    return !this.#isOver();
  }

  // handshake → judging →

  #judge(body: Uint8Array): void {
    this.#state = "judging";
    try {
      if (this.#host.draining !== undefined) {
        throw new NanowireError("server_draining", "the server is about to stop");
      }
      const admission = admit(body, this.wire, this.#host);
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
    if (resumes !== undefined) {
      resumption?.claim(this);
    }
    if (!terms.profile.manyPacketsAFrame) {
      this.wire.framePackets?.();
    }
    try {
      const body = encodeHandshake(response);
      const deflated = this.#host.options.compressHandshakes && terms.profile.inflatesHandshake && deflate(body);
      this.wire.outbox.send(encodePacket(packetType.handshake, deflated || body));
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
      this.wire.outbox.send(encodePacket(packetType.handshake, encodeHandshake(answer)));
      this.#host.counters.refusedHandshake(refusal.code);
      this.violated(refusal);
    }
  }

  // → ack → working

  #acknowledged(): void {
    const { options } = this.#host;
    const admission = this.#admission as Admission;
    const { sys } = admission.handshake;
    this.#admission = undefined;
    this.#knowsDrain = hasCapability(sys, "drain");
    this.#knowsPing = hasCapability(sys, "ping");
    const knowsSystem = this.#knowsDrain || this.#knowsPing || admission.resumption !== undefined;
    const lastType = knowsSystem ? packetType.system : packetType.kick;
    this.#packets.limit(options.maxPacketBytes, "maxPacketBytes", lastType);
    this.#state = "working";
    this.#sweeps = 0;
    this.#converse(admission);
    if (options.heartbeatIntervalMs > 0) {
      // pomelo's browser client only answers what it gets: the first comes from here.
      this.wire.outbox.send(heartbeatPacket);
    }
    if (this.#host.draining !== undefined) {
      this.drain(this.#host.draining);
    }
  }

  /** Begins a session, or goes on with the one that the client has claimed. */
  #converse({ handshake, terms, resumption, resumes }: Admission): void {
    if (resumption !== undefined && resumes !== undefined) {
      this.#conversation = resumption.resume();
      this.#conversation.goOn(this, resumes.received);
      return;
    }
    const conversation = new Conversation(this.#host, this, handshake, terms, resumption);
    this.#conversation = conversation;
    if (resumption !== undefined) {
      resumption.begin(conversation);
      this.#host.resumptions?.begun(resumption);
    }
    this.#host.opened(conversation.session);
  }

  // system messages: protocol/system.ts

  #system(body: Uint8Array, conversation: Conversation): void {
    const isWithinRate = conversation.isWithinRate();
    const { ping, leave, received } = decodeSystem(body);
    if (received !== undefined) {
      conversation.acknowledged(received);
    }
    if (typeof ping === "number" && this.#knowsPing && isWithinRate) {
      this.wire.outbox.send(encodeSystem({ pong: ping }));
    }
    // That the client goes is heard in any case.
    if (leave === true) {
      this.#leaving = true;
      if (this.#host.draining !== undefined) {
        this.letGo();
      }
    }
  }

  /** The server is about to stop: a client that knows what that means is told. */
  drain(drain: Drain): void {
    if (this.#state === "working" && this.#knowsDrain) {
      this.wire.outbox.send(encodeSystem({ drain }));
    }
  }

  letGo(): boolean {
    const isBusy = this.#conversation !== undefined && this.#conversation.length > 0;
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
    this.#kick({ reason: drain.reason, ...(this.#knowsDrain ? { retry: comeBackOf(drain) } : {}) });
    this.close(reason);
  }

  sendKick(reason: string): void {
    this.#kick({ reason });
  }

  #kick(body: { readonly reason: string; readonly retry?: ComeBack }): void {
    if (this.#state === "working") {
      const bytes = this.#terms.profile.kickBody === "json" ? encodeJson(body) : undefined;
      this.wire.outbox.send(encodePacket(packetType.kick, bytes));
    }
  }

  // heartbeats, and how long a handshake may take

  sweep(schedule: SweepSchedule): void {
    if (this.#isOver()) {
      return;
    }
    if (this.#state !== "working") {
      if (++this.#sweeps > schedule.handshake) {
        this.violated(
          new NanowireError("handshake_timeout", `no ack after ${this.#host.options.handshakeTimeoutMs} ms`),
        );
      }
      return;
    }
    this.#sweepsSinceHeard++;
    if (this.#sweepsSinceHeard === sweepsUntilRest) {
      this.#conversation?.rest();
    }
    if (schedule.heartbeat === 0) {
      return;
    }
    // One that was told more than the interval may be silent for twice as long as that.
    const { heartbeatIntervalMs } = this.#host.options;
    const told = this.#terms.heartbeatSeconds * 1_000;
    if (this.#sweepsSinceHeard > (schedule.silence * told) / heartbeatIntervalMs && !this.#paused) {
      const silence = told * 2;
      this.violated(new NanowireError("heartbeat_timeout", `nothing was heard for ${silence} ms`));
    } else if (++this.#sweeps >= schedule.heartbeat) {
      this.#sweeps = 0;
      this.wire.outbox.send(heartbeatPacket);
      this.#conversation?.tellReceived();
    }
  }

  pauseReading(): void {
    this.#paused = true;
    this.wire.pause();
  }

  resumeReading(): void {
    this.#paused = false;
    this.#sweepsSinceHeard = 0;
    this.wire.resume();
  }

  outboxDrained(): void {
    if (this.#state === "working") {
      this.#conversation?.drained();
    }
  }

  // → closing → closed

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
    if (this.#isOver()) {
      return;
    }
    const { code, message: reason, cause } = error;
    const fields = { code, reason, address: this.wire.remoteAddress, session: this.#conversation?.session.id };
    this.#host.logger.warn(cause === undefined ? fields : { ...fields, cause }, "a connection is closed");
    if (code === "heartbeat_timeout") {
      this.#broken(error);
    } else {
      this.close(error);
    }
  }

  giveWay(): void {
    // Whoever still hears this has not come back, or not alone: it is not to try again.
    this.#kick({ reason: "resumed elsewhere" });
    this.#broken(resumedElsewhere());
  }

  closed(): void {
    if (this.#gone) {
      return;
    }
    this.#gone = true;
    if (this.#state === "closing") {
      this.#state = "closed";
    } else {
      this.#broken(new NanowireError("connection_lost", "the client closed the connection"));
    }
    this.#host.closed(this);
  }

  /** The connection is of no use any more. A session that can be resumed waits for its client, unless that wanted to go or is to go. */
  #broken(reason: NanowireError): void {
    const mayComeBack = this.#state === "working" && !this.#leaving && this.#host.draining === undefined;
    if (this.#over(reason)) {
      if (mayComeBack) {
        this.#conversation?.suspend(reason);
      } else {
        this.#conversation?.end(reason);
      }
    }
  }

  close(reason: NanowireError): void {
    if (this.#over(reason)) {
      this.#conversation?.end(reason);
    }
  }

  /** Returns whether it was not over before. */
  #over(reason: NanowireError): boolean {
    if (this.#isOver()) {
      return false;
    }
    this.#state = this.#gone ? "closed" : "closing";
    if (!this.#gone) {
      this.wire.close(reason);
    }
    this.#host.counters.closed(reason.code);
    this.#admission?.resumption?.abandoned(this);
    return true;
  }

  #isOver(): boolean {
    return this.#state === "closing" || this.#state === "closed";
  }
}

/** Where and when to come back, of all that a drain says. */
function comeBackOf({ afterMs, spreadMs, url }: Drain): ComeBack {
  return { afterMs, spreadMs, url };
}

/** How many pings, pongs and empty frames a client may send before its session begins. */
const mostIdleFrames = 128;

/** A client that was silent between two sweeps, at least, is idle. */
const sweepsUntilRest = 2;

/** No system message of a client is longer. */
const mostSystemBytes = 256;

const heartbeatPacket = encodePacket(packetType.heartbeat);
