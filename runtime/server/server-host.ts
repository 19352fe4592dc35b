import { bothOf } from "../base/call-observer.js";
import type { Clock } from "../base/clock.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { Turn } from "../base/turn.js";
import { Dispatcher } from "../dispatch/dispatcher.js";
import type { Traffic } from "../metrics/traffic.js";
import type { InboundStep, OutboundStep } from "../pipeline/pipeline.js";
import type { Dictionary } from "../protocol/dictionary.js";
import { encodeHandshake, type HandshakeSys } from "../protocol/handshake.js";
import { MessageHeader } from "../protocol/message-decoder.js";
import { encodePacket, packetHeaderBytes } from "../protocol/packet.js";
import * as packetType from "../protocol/packet-type.js";
import type { Drain } from "../protocol/system.js";
import { Scheduler } from "../schedule/scheduler.js";
import { type ScheduleHost, SharedSchedule } from "../schedule/shared-schedule.js";
import { Timekeeper } from "../schedule/timekeeper.js";
import type { Session } from "../session/session.js";
import { SessionRegistry } from "../session/session-registry.js";
import type { Tracing } from "../tracing/tracing.js";
import type { Proxies } from "../transport/proxies.js";
import type { Guest, Place, TransportHost, Wire, WireReceiver } from "../transport/transport.js";
import { refusalOf } from "./admission.js";
import { Connection, type ConnectionHost } from "./connection.js";
import { Counters, noRemoteCalls, type ServerCounters } from "./counters.js";
import { payloadCompressor } from "./deflate.js";
import { type Drainable, DrainWatch } from "./drain-watch.js";
import type { GuestConversation, GuestHost } from "./guest-conversation.js";
import { HeartbeatSweep } from "./heartbeat.js";
import { MessageWatch } from "./message-watch.js";
import type { ResolvedOptions } from "./options.js";
import { PayloadLog } from "./payload-log.js";
import { Places, type PlacesHost, TakenPlace } from "./places.js";
import { PushForms } from "./push-forms.js";
import { Resumptions } from "./resumptions.js";
import { ServerCluster } from "./server-cluster.js";
import { type MeteredHost, ServerMetrics } from "./server-metrics.js";
import { ServerPipeline } from "./server-pipeline.js";
import { routesOfComponents, routesOfServices } from "./service-routes.js";
import { SessionIds } from "./session-ids.js";
import { SharedValues } from "./shared-values.js";
import { serializerNamed, type Terms } from "./terms.js";

/** What the transports and the connections of one server share. */
export class ServerHost implements ConnectionHost, GuestHost, TransportHost, PlacesHost, ScheduleHost, MeteredHost {
  readonly options: ResolvedOptions;
  readonly logger: Logger;
  readonly payloadLog: PayloadLog | undefined;
  readonly watch: MessageWatch;
  readonly turn: Turn;
  readonly counters = new Counters();
  readonly header = new MessageHeader();
  readonly clients = new SharedValues<HandshakeSys>();
  readonly terms = new SharedValues<Terms>();
  readonly sessions: SessionRegistry;
  readonly inbound: ServerPipeline<InboundStep>;
  readonly outbound: ServerPipeline<OutboundStep>;
  readonly dispatcher: Dispatcher;
  readonly deadlines: Timekeeper;
  readonly pushForms: PushForms;
  readonly speaksJson: boolean;
  readonly maxFrameBytes: number;
  readonly maxOutboxBytes: number;
  readonly maxOutboxMessages: number;
  readonly sweep: HeartbeatSweep;
  readonly resumptions: Resumptions | undefined;
  readonly cluster: ServerCluster | undefined;
  /** What is measured; undefined where nothing is. */
  readonly metrics: ServerMetrics | undefined;
  readonly traffic: Traffic | undefined;
  readonly tracing: Tracing | undefined;
  readonly #places: Places;
  #ids: SessionIds;
  readonly #connections = new Set<Connection>();
  /** Sessions whose clients other nodes hold. */
  readonly #guests = new Set<GuestConversation>();
  readonly #drainWatch: DrainWatch;
  draining: Drain | undefined;
  /** Why connections are refused, while they are. */
  #closing: NanowireError | undefined;
  #allClosed: (() => void) | undefined;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.logger = options.logger;
    this.payloadLog = PayloadLog.of(options.logger);
    this.watch = new MessageWatch(options.clock, options.logger);
    this.turn = new Turn(undefined, (error) => options.logger.error({ error }, "a part of a turn's end failed"));
    this.dispatcher = new Dispatcher(options.components, this.turn, options.requestTimeoutMs, options.forward);
    this.deadlines = new Timekeeper(options.clock, 1);
    this.inbound = new ServerPipeline("in", routesOfComponents(this.dispatcher));
    this.outbound = new ServerPipeline("out", routesOfServices(this.dispatcher));
    this.pushForms = new PushForms(this.dictionary, payloadCompressor(options.compressPayloadsFromBytes), this.turn);
    this.speaksJson = [...this.dispatcher.endpoints, ...this.dispatcher.forwarded].every(
      ({ method }) => method.request.json !== undefined && method.response.json !== undefined,
    );
    const { serializer } = options;
    if (serializerNamed(serializer, options)?.usesJson === true && !this.speaksJson) {
      throw new NanowireError(
        "invalid_option",
        `serializer is ${serializer}, but a component was generated without JSON`,
      );
    }
    this.maxFrameBytes = packetHeaderBytes + Math.max(options.maxPacketBytes, options.maxHandshakeBytes);
    this.maxOutboxBytes = options.maxOutboxBytes;
    this.maxOutboxMessages = options.maxOutboxMessages;
    this.#places = new Places(this);
    this.sweep = new HeartbeatSweep(options.clock, options.heartbeatIntervalMs, options.handshakeTimeoutMs, [
      this.#places.arriving,
      this.#connections,
    ]);
    this.#drainWatch = new DrainWatch(options.clock, { [Symbol.iterator]: () => this.#drainables() });
    this.sessions = new SessionRegistry(options.logger, options.binding, options.onBind);
    this.resumptions = options.resume && new Resumptions(options.resume, options, options.clock);
    this.#ids = new SessionIds(options.clock, options.nodeId);
    this.cluster = options.cluster && new ServerCluster(this, options.cluster, options.listen.length > 0);
    this.sessions.arbiter = this.cluster?.users;
    const { reporters, own } = options.metrics;
    const isMeasured = reporters.length > 0 || options.inspectors.some(({ measures }) => measures === true);
    this.metrics = isMeasured ? new ServerMetrics(this, options.clock, this.turn, own) : undefined;
    this.traffic = this.metrics?.traffic;
    this.tracing = options.tracing;
    if (this.tracing !== undefined) {
      for (const endpoint of [...this.dispatcher.endpoints, ...this.dispatcher.forwarded]) {
        const { route, kind } = endpoint.method;
        endpoint.observer = bothOf(endpoint.observer, this.tracing.route(route, kind));
      }
    }
  }

  get counted(): ServerCounters {
    return this.counters.snapshot(this.cluster?.remoteCounters ?? noRemoteCalls());
  }

  get clusterMembers(): number {
    const node = this.cluster?.node;
    return node?.info === undefined ? 0 : 1 + node.others.length;
  }

  get forwardsPending(): number {
    return this.cluster?.node.peers.reduce((sum, { underWay }) => sum + underWay, 0) ?? 0;
  }

  *outboxBytes(): Generator<number> {
    for (const { wire } of this.#connections) {
      yield wire.outbox.waitingBytes;
    }
  }

  /**
   * Takes part in the cluster, where there is one.
   *
   * @throws NanowireError `cluster_failed`, `node_exists`
   */
  async joinCluster(): Promise<void> {
    if (this.cluster !== undefined) {
      await this.cluster.join();
    }
  }

  /** This node has a number that no other has: session ids are made with it. */
  numbered(number: number): void {
    this.#ids = new SessionIds(this.options.clock, number);
  }

  guestOpened(guest: GuestConversation): void {
    this.#guests.add(guest);
    this.counters.guests++;
    this.sessions.open(guest.session);
  }

  guestEnded(guest: GuestConversation, reason: NanowireError): void {
    const { session } = guest;
    this.#guests.delete(guest);
    this.counters.guests--;
    this.sessions.close(session);
    session.ended(reason);
    this.sessions.tellClosed(session, reason);
  }

  get clock(): Clock {
    return this.options.clock;
  }

  get dictionary(): Dictionary {
    return this.dispatcher.dictionary;
  }

  get proxies(): Proxies {
    return this.options.proxies;
  }

  arrive(guest: Guest): Place {
    return this.#places.take(guest);
  }

  accept(wire: Wire, place?: Place): WireReceiver {
    let taken: TakenPlace;
    try {
      taken = place instanceof TakenPlace && place.awaited ? place : this.#places.take(nobody);
      taken.comesFrom(wire.remoteAddress);
    } catch (error) {
      const reason = toNanowireError(error, "internal", "a connection could not be begun");
      wire.outbox.send(this.refusal(reason));
      wire.close(reason);
      return deaf;
    }
    taken.arrived();
    const connection = new Connection(wire, taken, this);
    this.#connections.add(connection);
    this.counters.accepted++;
    this.counters.open++;
    if (this.#closing !== undefined) {
      connection.close(this.#closing);
    }
    return connection;
  }

  taskFailed(): void {
    this.counters.failedTasks++;
  }

  /** The main loop, for one run of the server. */
  newScheduler(): Scheduler {
    const { timerPrecisionMs, requestTimeoutMs } = this.options;
    return new Scheduler(new SharedSchedule(this, timerPrecisionMs, requestTimeoutMs), "server");
  }

  refusal(error: NanowireError): Uint8Array {
    return encodePacket(packetType.handshake, encodeHandshake(refusalOf(error)));
  }

  nextSessionId(): string {
    return this.#ids.next();
  }

  opened(session: Session): void {
    this.counters.sessions++;
    this.sessions.open(session);
  }

  suspended(session: Session, reason: NanowireError): void {
    this.counters.suspended++;
    session.suspend(reason);
    this.sessions.tellSuspended(session, reason);
  }

  resumed(session: Session): void {
    this.counters.suspended--;
    this.counters.resumed++;
    session.resume();
    this.sessions.tellResumed(session);
  }

  ended(session: Session, reason: NanowireError): void {
    this.counters.sessions--;
    this.counters.suspended -= session.suspended ? 1 : 0;
    this.sessions.close(session);
    session.ended(reason);
    this.sessions.tellClosed(session, reason);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#places.free(connection.network);
    this.counters.open--;
    if (this.#connections.size === 0) {
      this.#allClosed?.();
    }
  }

  /** Tells clients to go, and refuses new ones from here on. */
  startDrain(drain: Drain): void {
    this.draining = drain;
    // Where they would come back to nobody is let in any more.
    this.resumptions?.endAll(new NanowireError("server_draining", "the server is about to stop"));
    for (const connection of this.#connections) {
      connection.drain(drain);
    }
  }

  /** Resolved when nobody need be waited for, or the time is over. */
  async drained(drain: Drain): Promise<void> {
    await this.#drainWatch.wait(drain);
  }

  /** What a drain waits for, as it is when it is looked at. */
  *#drainables(): Generator<Drainable> {
    yield* this.#connections;
    yield* this.#guests;
    if (this.cluster !== undefined) {
      yield this.cluster.remotes;
      yield this.cluster.jobs;
    }
  }

  /** Ends the waiting of {@link drained}. */
  endDrain(): void {
    this.#drainWatch.end();
  }

  /** Closes every connection, with a kick when clients were told to go. Resolved when the last is gone. */
  async closeAll(reason: NanowireError): Promise<void> {
    this.#closing = reason;
    // A drain that is ended by a stop waits for the same.
    const others = this.#allClosed;
    const allClosed = new Promise<void>((resolve) => {
      this.#allClosed = () => {
        others?.();
        resolve();
      };
    });
    this.resumptions?.endAll(reason);
    for (const connection of this.#connections) {
      if (this.draining === undefined) {
        connection.close(reason);
      } else {
        connection.dismiss(this.draining, reason);
      }
    }
    if (this.#connections.size > 0) {
      await allClosed;
    }
    this.#closing = undefined;
    this.#allClosed = undefined;
  }
}

/** A client that is there at once is never sent away on its way. */
const nobody: Guest = { turnAway() {} };

/** Takes what comes on a wire that is refused. */
const deaf: WireReceiver = { receive() {}, violated() {}, closed() {} };
