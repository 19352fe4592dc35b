// A hot file: every message that is forwarded goes through here, and every answer. No promise and no closure a message.

import { NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { ClusterNode } from "../cluster/cluster-node.js";
import type { Peer, PeerVisit } from "../cluster/peer.js";
import { callFlags, type Opening } from "../cluster/records.js";
import { chooseByKey, choosePeer, nobodyServes, type Routing, stayingOf } from "../cluster/routing.js";
import type { AnyMethod } from "../component/service.js";
import type { ForwardCall } from "../dispatch/forward-call.js";
import { readJsonShardKey } from "../protocol/json-shard-key.js";
import { jsonSerializer, protobufSerializer, type Serializer } from "../protocol/serializer.js";
import { readShardKey, type ShardKey } from "../protocol/shard-key.js";
import type { Session } from "../session/session.js";
import { SessionChanges } from "../session/session-changes.js";
import { inflateAtOnce } from "./inflate.js";

/** What the forwarding of messages needs of a gate. */
export interface VisitsHost {
  readonly node: ClusterNode;
  readonly logger: Logger;
  /** What a compressed payload may grow to, in bytes, where its shard key is to be read. */
  readonly maxInflatedBytes: number;
  routingOf(service: string): Routing;
  /** A member is gone that had messages of the session. */
  visitLost(session: Session, node: string, services: readonly string[], reason: NanowireError): void;
}

/** A session whose messages are forwarded. */
export interface Traveller {
  readonly session: Session;
  /** What the client's payloads are written in. */
  readonly serializer: Serializer;
  close(reason: NanowireError): void;
}

/** Where a session's messages go: the nodes that handle them, one for each service. */
export class Visits {
  readonly traveller: Traveller;
  readonly #host: VisitsHost;
  /** Mostly one or two: found faster in a list than in a map. */
  #visits: Visit[] = [];
  /** Service → the visit that it stays with. */
  readonly #routes = new Map<string, Visit>();
  #changes: SessionChanges | undefined;
  /** Whether the program, here, has had the session's data in its hands. */
  #dataUsed: boolean;

  constructor(traveller: Traveller, host: VisitsHost) {
    this.traveller = traveller;
    this.#host = host;
    this.#dataUsed = traveller.session.ownData !== undefined;
  }

  /** Sends a call to the node that has the session's messages of that service; where there is none, to one that is chosen now. */
  forward(call: ForwardCall): void {
    const { service, method } = call.endpoint;
    const visit =
      method.shardKey === undefined ? this.#stayed(service, method) : this.#sharded(service, call, method.shardKey);
    if (visit === undefined) {
      const hosts = this.#host.node.hostsOf(service);
      call.failed(nobodyServes(service, method.route, hosts, hosts.filter(isReached), "this gate"));
    } else {
      visit.send(call);
    }
  }

  /** The visit that the session stays with, or one that is chosen now. */
  #stayed(service: string, method: AnyMethod<never>): Visit | undefined {
    const visit = this.#routes.get(service);
    return visit?.peer.serves(service, method.route, method.fingerprint) === true
      ? visit
      : this.#choose(service, method);
  }

  /** The visit to the node that has what the request is about. */
  #sharded(service: string, call: ForwardCall, shardKey: ShardKey): Visit | undefined {
    const key = this.#keyOf(call, shardKey);
    const peer = chooseByKey(key, this.#candidates(service, call.endpoint.method));
    return peer && this.#at(peer, service);
  }

  #keyOf(call: ForwardCall, shardKey: ShardKey): string {
    const { serializer } = this.traveller;
    const inflated = call.compressed ? inflateAtOnce(call.payload, this.#host.maxInflatedBytes) : undefined;
    const bytes = inflated ?? call.payloadBytes;
    const start = inflated === undefined ? call.payloadStart : 0;
    const end = inflated === undefined ? call.payloadEnd : inflated.length;
    if (serializer === protobufSerializer) {
      return readShardKey(bytes, start, end, shardKey);
    }
    if (serializer === jsonSerializer) {
      return readJsonShardKey(bytes, start, end, shardKey);
    }
    throw new NanowireError(
      "invalid_payload",
      `${call.route} has a shard key, which cannot be read in ${serializer.name}`,
    );
  }

  /** The id of the node that has the session's messages of a service; undefined when none was chosen yet. */
  routeOf(service: string): string | undefined {
    return this.#routes.get(service)?.peer.id;
  }

  /**
   * Has the session's messages of a service go to a node from here on.
   *
   * @param node undefined: one is chosen when the next comes
   * @throws NanowireError `unavailable` when the node does not host the service, or cannot be reached
   */
  route(service: string, node: string | undefined): void {
    if (node === undefined) {
      this.#routes.delete(service);
      return;
    }
    const peer = this.#host.node.hostsOf(service).find(({ id }) => id === node);
    if (peer === undefined || !isReached(peer)) {
      throw new NanowireError("unavailable", `node ${node} does not host ${service}, or cannot be reached`);
    }
    this.#routes.set(service, this.#at(peer, service));
  }

  #choose(service: string, method: AnyMethod<never>): Visit | undefined {
    const { session } = this.traveller;
    const candidates = this.#candidates(service, method);
    const peer = choosePeer(this.#host.routingOf(service), candidates, { service, route: method.route, session });
    const visit = peer && this.#at(peer, service);
    if (visit !== undefined) {
      this.#routes.set(service, visit);
    }
    return visit;
  }

  /** The nodes that a message can go to: where there are others, none that drains. */
  #candidates(service: string, { route, fingerprint }: AnyMethod<never>): readonly Peer[] {
    const hosts = this.#host.node.hostsOf(service);
    return stayingOf(hosts.filter((peer) => isReached(peer) && peer.serves(service, route, fingerprint)));
  }

  /** The visit at a node, where messages of a service go from here on. */
  #at(peer: Peer, service: string): Visit {
    let visit = this.#visits.find((known) => known.peer === peer);
    if (visit === undefined) {
      visit = new Visit(this, peer);
      this.#visits.push(visit);
    }
    visit.services.add(service);
    return visit;
  }

  // what happens to the session, told to each node that knows it

  uidChanged(uid: string): void {
    for (const { peer, number } of this.#visits) {
      peer.out.uid(number, uid);
    }
  }

  suspended(reason: NanowireError): void {
    for (const { peer, number } of this.#visits) {
      peer.out.suspended(number, reason);
    }
  }

  resumed(): void {
    for (const { peer, number } of this.#visits) {
      peer.out.resumed(number);
    }
  }

  /** The session is over: what is under way for it is forgotten. */
  ended(reason: NanowireError): void {
    for (const visit of this.#visits) {
      visit.ended(reason);
    }
    this.#visits = [];
    this.#routes.clear();
  }

  /** A node is gone. */
  lost(lost: Visit, reason: NanowireError): void {
    this.#visits = this.#visits.filter((visit) => visit !== lost);
    for (const [service, visit] of this.#routes) {
      if (visit === lost) {
        this.#routes.delete(service);
      }
    }
    this.#host.visitLost(this.traveller.session, lost.peer.id, [...lost.services], reason);
  }

  // the session's data

  /** The program has asked for the data, here: it may change. */
  dataUsed(): void {
    this.#dataUsed = true;
  }

  /** What a node does not know yet of the data is told, in JSON; undefined: nothing. */
  changesFor(visit: Visit): string | undefined {
    const { ownData } = this.traveller.session;
    if (ownData === undefined) {
      return undefined;
    }
    if (this.#dataUsed) {
      this.#changes ??= new SessionChanges();
      this.#changes.look(ownData);
    }
    if (this.#changes === undefined) {
      return undefined;
    }
    const told = this.#changes.since(visit.dataVersion, visit);
    visit.dataVersion = this.#changes.version;
    return told;
  }

  dataChanged(changes: string, from: Visit): void {
    this.#changes ??= new SessionChanges();
    try {
      this.#changes.apply(changes, this.traveller.session.sharedData, from);
    } catch (error) {
      this.#host.logger.error({ error, node: from.peer.id }, "a node's change of a session's data could not be read");
    }
  }
}

/** A session at one node, and its calls that are under way there. */
class Visit implements PeerVisit {
  readonly peer: Peer;
  readonly number: number;
  /** Whose messages went there. */
  readonly services = new Set<string>();
  /** What the node knows of the session's data. */
  dataVersion = 0;
  readonly #visits: Visits;
  /** In the order in which they were sent: mostly the first is answered first. */
  #calls: ForwardCall[] = [];
  #lastCall = 0;

  constructor(visits: Visits, peer: Peer) {
    this.#visits = visits;
    this.peer = peer;
    this.number = peer.addVisit(this);
    peer.out.open(this.number, openingOf(visits.traveller));
  }

  send(call: ForwardCall): void {
    const { peer, number } = this;
    const { route } = call;
    const changes = this.#visits.changesFor(this);
    if (changes !== undefined) {
      peer.out.gateData(number, changes);
    }
    call.number = ++this.#lastCall;
    const flags = (call.compressed ? callFlags.compressed : 0) | (call.kind === "notify" ? callFlags.notify : 0);
    const { payloadBytes, payloadStart, payloadEnd } = call;
    const context = call.goesTo(peer.id);
    try {
      peer.out.call(number, call.number, flags, route, payloadBytes, payloadStart, payloadEnd, context);
    } catch (error) {
      call.failed(error);
      return;
    }
    this.#calls.push(call);
    peer.underWay++;
    call.sent();
  }

  answered(number: number, payload: Uint8Array): void {
    this.#take(number)?.answered(payload);
  }

  failed(number: number, error: NanowireError): void {
    this.#take(number)?.failed(error);
  }

  done(number: number): void {
    this.#take(number)?.handled();
  }

  #take(number: number): ForwardCall | undefined {
    const calls = this.#calls;
    const index = calls[0]?.number === number ? 0 : calls.findIndex((call) => call.number === number);
    if (index === -1) {
      return undefined;
    }
    const call = calls[index];
    if (calls.length === 1) {
      calls.length = 0;
    } else {
      calls.splice(index, 1);
    }
    this.peer.underWay--;
    return call;
  }

  bind(ask: number, uid: string): void {
    const { session } = this.#visits.traveller;
    const { out } = this.peer;
    (uid === "" ? session.unbind() : session.bind(uid)).then(
      () => out.reply(ask, nothing),
      (error: unknown) => out.refusal(ask, toNanowireError(error, "internal", "the session could not be bound")),
    );
  }

  kick(reason: string): void {
    this.#visits.traveller.session.kick(reason);
  }

  close(reason: NanowireError): void {
    this.#visits.traveller.close(reason);
  }

  dataChanged(changes: string): void {
    this.#visits.dataChanged(changes, this);
  }

  get session(): Session {
    return this.#visits.traveller.session;
  }

  lost(reason: NanowireError): void {
    const calls = this.#calls;
    this.#calls = [];
    const { id } = this.peer;
    this.#visits.lost(this, reason);
    for (const call of calls) {
      const message = `node ${id}, which had the request, is gone: ${reason.message}`;
      call.failed(new NanowireError("unavailable", message, { details: { node: id }, cause: reason }));
    }
  }

  /** The session is over. */
  ended(reason: NanowireError): void {
    const { peer, number } = this;
    peer.removeVisit(number);
    peer.underWay -= this.#calls.length;
    const calls = this.#calls;
    this.#calls = [];
    peer.out.closed(number, reason);
    for (const call of calls) {
      call.forgotten();
    }
  }
}

export type { Visit };

function isReached({ unreachable }: Peer): boolean {
  return unreachable === undefined;
}

function openingOf({ session, serializer }: Traveller): Opening {
  return {
    id: session.id,
    uid: session.uid,
    transport: session.transport,
    remoteAddress: session.remoteAddress,
    proxyAddress: session.proxyAddress ?? "",
    serializer: serializer.name,
    handshake: JSON.stringify(session.handshake),
  };
}

const nothing = new Uint8Array(0);
