import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { NanowireError } from "../base/error.js";
import { Listeners } from "../base/listeners.js";
import type { Logger } from "../base/logger.js";
import { ClusterNode, clusterProtocol } from "../cluster/cluster-node.js";
import type { ResolvedClusterOptions } from "../cluster/cluster-options.js";
import { HostedRemotes } from "../cluster/hosted-remotes.js";
import { Jobs } from "../cluster/jobs.js";
import type { HostedService, NodeInfo } from "../cluster/node-info.js";
import { OwnRemotes } from "../cluster/own-remotes.js";
import type { Peer, PeerGuest, PeerHost } from "../cluster/peer.js";
import { Questions } from "../cluster/questions.js";
import { type AskRecord, type Opening, type PushRecord, pushFlags } from "../cluster/records.js";
import { RemoteCalls } from "../cluster/remote-calls.js";
import type { Routing } from "../cluster/routing.js";
import { UserDirectory } from "../cluster/user-directory.js";
import { Component } from "../component/component.js";
import { OutgoingPush } from "../session/push.js";
import { PushBatch } from "../session/push-batch.js";
import type { Session } from "../session/session.js";
import { Conversation } from "./conversation.js";
import type { RemoteCallCounters } from "./counters.js";
import { GuestConversation, type GuestHost } from "./guest-conversation.js";
import { serializerNamed } from "./terms.js";
import { UserPushes } from "./user-pushes.js";
import type { VisitsHost } from "./visits.js";

/** A member is gone that had messages of a session. */
export interface VisitLost {
  /** The session; its client is still there. */
  readonly session: Session;
  /** The id of the node that is gone. */
  readonly node: string;
  /** The services whose messages of the session went there: the next one chooses another node. */
  readonly services: readonly string[];
  /** Why it is gone. */
  readonly reason: NanowireError;
}

/** A server's part in a cluster: as a gate it forwards messages, as a member it answers those that gates forward. */
export class ServerCluster implements VisitsHost, PeerHost {
  readonly node: ClusterNode;
  /** What nodes ask each other, besides what is about a session. */
  readonly questions: Questions;
  /** Who is bound where. */
  readonly users: UserDirectory;
  readonly userPushes: UserPushes;
  /** What answers what other nodes call. */
  readonly remotes: HostedRemotes;
  /** What calls the remotes of all nodes. */
  readonly calls: RemoteCalls;
  /** The jobs that it wants done, and those that it works on. */
  readonly jobs: Jobs;
  readonly lostVisits = new Listeners<VisitLost>();
  readonly #host: GuestHost;
  readonly #options: ResolvedClusterOptions;
  readonly #isGate: boolean;
  readonly #ownRemotes: OwnRemotes;
  /** What members told the same sessions in this turn. */
  readonly #batches = new Map<Peer, PushBatch>();

  constructor(host: GuestHost, options: ResolvedClusterOptions, isGate: boolean) {
    this.#host = host;
    this.#options = options;
    this.#isGate = isGate;
    const { logger, turn, deadlines, sessions } = host;
    const { clock, requestTimeoutMs, binding, tracing } = host.options;
    this.questions = new Questions(logger, clock);
    this.node = new ClusterNode(options.driver, options.link, { logger, clock, turn }, this);
    this.remotes = new HostedRemotes(host.options.remotes, { clock, turn, deadlines, requestTimeoutMs, tracing });
    this.#ownRemotes = new OwnRemotes(this.remotes, logger, clock);
    this.calls = new RemoteCalls({
      node: this.node,
      questions: this.questions,
      remotes: this.remotes,
      ownRemotes: this.#ownRemotes,
      clock,
      requestTimeoutMs,
      callMetadata: options.callMetadata,
      tracing,
    });
    this.jobs = new Jobs({
      node: this.node,
      calls: this.calls,
      remotes: this.remotes,
      logger,
      queue: options.driver.jobs,
      carrier: options.driver.name,
      settings: options.jobs,
      now: () => clock.now(),
      tracing,
    });
    for (const route of this.remotes.routes) {
      this.questions.answer(route, ({ peer, ...question }) =>
        this.remotes.handle(route, { caller: peer.id, ...question }),
      );
    }
    const { node, questions } = this;
    const serializerOf = ({ link }: Session): string | undefined =>
      link instanceof Conversation ? link.serializer.name : undefined;
    this.users = new UserDirectory({ clock, logger, turn, node, questions, binding, serializerOf });
    this.users.listenTo(sessions);
    this.userPushes = new UserPushes({ logger, node, users: this.users, sessions, terms: host.options, tracing });
  }

  get logger(): Logger {
    return this.#host.logger;
  }

  numbered(number: number): void {
    this.#host.numbered(number);
  }

  /**
   * Takes part in the cluster.
   *
   * @throws NanowireError `cluster_failed`, `node_exists`
   */
  async join(): Promise<void> {
    const { id = madeUpId(), labels } = this.#options;
    const info: NodeInfo = {
      id,
      incarnation: randomUUID(),
      protocol: clusterProtocol,
      gate: this.#isGate,
      services: this.#services(),
      remotes: this.remotes.services,
      draining: false,
      labels,
    };
    try {
      await this.node.join(info);
    } finally {
      this.users.nodesChanged();
    }
    this.jobs.begin();
  }

  /** No session comes here any more that is not here already, and no job. */
  async drain(): Promise<void> {
    this.jobs.pause();
    await this.node.update({ draining: true });
  }

  async leave(): Promise<void> {
    await this.jobs.end();
    await this.node.leave();
    this.users.nodesChanged();
    const reason = new NanowireError("unavailable", "this node left its cluster");
    this.#ownRemotes.giveUp(reason);
    this.remotes.giveUp(reason);
  }

  get remoteCounters(): RemoteCallCounters {
    return {
      made: this.calls.traffic.snapshot(),
      answered: this.remotes.traffic.snapshot(),
      jobs: this.jobs.traffic.snapshot(),
    };
  }

  #services(): HostedService[] {
    const services = new Map<string, Record<string, string>>();
    for (const { component, method } of this.#host.dispatcher.endpoints) {
      const { name } = Component.serviceOf(component);
      const methods = services.get(name) ?? {};
      services.set(name, methods);
      methods[method.route] = method.fingerprint ?? "";
    }
    return [...services].map(([name, methods]) => ({ name, methods }));
  }

  // as a gate

  get maxInflatedBytes(): number {
    return this.#host.options.maxInflatedBytes;
  }

  routingOf(service: string): Routing {
    return this.#options.routing.get(service) ?? "random";
  }

  visitLost(session: Session, node: string, services: readonly string[], reason: NanowireError): void {
    this.lostVisits.call({ session, node, services, reason }, this.logger);
  }

  pushed(peer: Peer, record: PushRecord, sessions: readonly Session[]): void {
    this.#pushTo(peer, record, sessions);
  }

  pushedBound(peer: Peer, record: PushRecord, bindings: readonly number[]): void {
    const bound = bindings.flatMap((number) => {
      const session = this.users.own.boundSession(number);
      return session ?? [];
    });
    this.#pushTo(peer, record, bound);
  }

  #pushTo(
    peer: Peer,
    { route, flags, serializer: name, key, payload }: PushRecord,
    sessions: readonly Session[],
  ): void {
    const serializer = serializerNamed(name, this.#host.options);
    if (serializer === undefined) {
      this.logger.error(
        { node: peer.id, route, serializer: name },
        "a push is written in a serializer that there is not",
      );
      return;
    }
    const overflow =
      (flags & pushFlags.drop) !== 0 ? "drop" : (flags & pushFlags.conflate) !== 0 ? "conflate" : undefined;
    const push = OutgoingPush.encoded(route, overflow, key, serializer, payload, this.#batchOf(peer));
    for (const session of sessions) {
      try {
        session.pushShared(push);
      } catch (error) {
        this.logger.error({ error, node: peer.id, route, session: session.id }, "a push of another node was not sent");
      }
    }
  }

  #batchOf(peer: Peer): PushBatch {
    let batch = this.#batches.get(peer);
    if (batch === undefined) {
      batch = new PushBatch();
      this.#batches.set(peer, batch);
    }
    return batch;
  }

  // as a member

  opened(peer: Peer, visit: number, opening: Opening): PeerGuest {
    const serializer = serializerNamed(opening.serializer, this.#host.options);
    if (serializer === undefined) {
      const message = `node ${peer.id} has clients that speak ${opening.serializer}, a serializer that this node has not`;
      throw new NanowireError("unavailable", message);
    }
    const guest = new GuestConversation(this.#host, peer, visit, opening, serializer);
    this.#host.guestOpened(guest);
    if (opening.uid !== "") {
      guest.uidChanged(opening.uid);
    }
    return guest;
  }

  // what nodes ask each other

  asked(peer: Peer, ask: number, record: AskRecord): void {
    this.questions.asked(peer, ask, record);
  }

  told(peer: Peer, record: AskRecord): void {
    this.questions.told(peer, record);
  }

  canceled(peer: Peer, ask: number): void {
    this.questions.canceled(peer, ask);
  }

  broken(peer: Peer, reason: NanowireError): void {
    this.#batches.delete(peer);
    this.questions.broken(peer, reason);
    this.users.broken(peer);
    this.logger.info({ node: peer.id, reason: reason.message }, "the link to a node began anew");
  }
}

function madeUpId(): string {
  const machine = hostname()
    .replace(/[^\w-]/g, "-")
    .slice(0, 40);
  return `${machine}-${process.pid}-${randomUUID().slice(0, 8)}`;
}
