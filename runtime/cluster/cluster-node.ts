import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { Listeners } from "../base/listeners.js";
import type { Logger } from "../base/logger.js";
import type { Turn } from "../base/turn.js";
import type { ClusterDriver, ClusterHost, Joined } from "./driver.js";
import { nodeSeed } from "./key-weight.js";
import { epochAfter, type LinkHost, type LinkSettings, sweepsPerHeartbeat } from "./link.js";
import type { NodeInfo } from "./node-info.js";
import { Peer, type PeerHost } from "./peer.js";
import type { PeerVoice } from "./peer-voice.js";
import { ServiceHosts } from "./service-hosts.js";

/** What a node needs of the process that it is. */
export interface NodeHost {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly turn: Turn;
}

/** A node that came, or changed. */
export interface NodeChange {
  /** What it says of itself now. */
  readonly node: NodeInfo;
}

/** A node that is gone. */
export interface NodeGone {
  /** What it said of itself last. */
  readonly node: NodeInfo;
  /** Why it is gone: it left, or is taken to be dead. */
  readonly reason: NanowireError;
}

/** This node, and the others as it sees them: who is there, and the way to each. */
export class ClusterNode implements ClusterHost, LinkHost {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly settings: LinkSettings;
  readonly maxFrameBytes: number;
  readonly joins = new Listeners<NodeChange>();
  readonly changes = new Listeners<NodeChange>();
  readonly leaves = new Listeners<NodeGone>();
  readonly #driver: ClusterDriver;
  readonly #handlers: PeerHost;
  readonly #peers = new Map<string, Peer>();
  /** Of the services of kind HANDLER. */
  readonly #hosts = new ServiceHosts();
  /** Of those of kind REMOTE. */
  readonly #remoteHosts = new ServiceHosts();
  #info: NodeInfo | undefined;
  #seed = 0;
  #epoch = 0;
  #strangers = 0;
  #sweeps = 0;
  #cancelSweep: CancelTimer | undefined;

  /** @param handlers told what other nodes say */
  constructor(driver: ClusterDriver, settings: LinkSettings, host: NodeHost, handlers: PeerHost) {
    this.logger = host.logger;
    this.clock = host.clock;
    this.turn = host.turn;
    this.settings = settings;
    this.maxFrameBytes = settings.maxFrameBytes;
    this.#driver = driver;
    this.#handlers = handlers;
  }

  /** What this node says of itself; undefined while it is in no cluster. */
  get info(): NodeInfo | undefined {
    return this.#info;
  }

  /** This node's id's part of the hash that a key's node is chosen by. */
  get seed(): number {
    return this.#seed;
  }

  /** The other nodes that are there, in the order of their ids. */
  get others(): NodeInfo[] {
    return this.peers.flatMap(({ info }) => info ?? []).sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** The other nodes, also those of which only frames came. */
  get peers(): Peer[] {
    return [...this.#peers.values()];
  }

  /** The other node of that id; undefined when there is none. */
  peer(id: string): Peer | undefined {
    return this.#peers.get(id);
  }

  /** The other nodes that host a service of kind HANDLER, whether they can be reached or not. */
  hostsOf(service: string): readonly Peer[] {
    return this.#hosts.of(service);
  }

  /** The other nodes that host a service of kind REMOTE, whether they can be reached or not. */
  remoteHostsOf(service: string): readonly Peer[] {
    return this.#remoteHosts.of(service);
  }

  /**
   * Takes part in the cluster.
   *
   * @throws NanowireError `cluster_failed`, `node_exists`
   */
  async join(info: NodeInfo): Promise<void> {
    this.#info = info;
    this.#seed = nodeSeed(info.id);
    try {
      const { number } = await this.#driver.join(info, this);
      this.#handlers.numbered(number);
    } catch (error) {
      this.#forgetAll();
      throw error;
    }
    this.#cancelSweep = this.clock.every(this.settings.heartbeatMs / sweepsPerHeartbeat, () => this.#sweep());
  }

  /** Says something else of itself from now on. What cannot be told is logged. */
  async update(changes: Partial<NodeInfo>): Promise<void> {
    if (this.#info === undefined) {
      return;
    }
    this.#info = { ...this.#info, ...changes };
    try {
      await this.#driver.update(this.#info);
    } catch (error) {
      this.logger.error({ error, node: this.#info.id }, "the others could not be told what has changed of a node");
    }
  }

  /** Leaves the cluster: what was said before is on its way, and what waits for other nodes is told that they are gone. */
  async leave(): Promise<void> {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    // What was said in this turn is not sent yet.
    for (const { link } of this.peers) {
      link.endOfTurn();
    }
    await this.#driver.leave();
    this.#forgetAll();
  }

  send(to: string, frame: Uint8Array): void {
    this.#driver.send(to, frame);
  }

  // what the driver tells

  joined(node: NodeInfo): void {
    const known = this.#peers.get(node.id);
    if (known?.info !== undefined && known.info.incarnation !== node.incarnation) {
      this.left(node.id, new NanowireError("unavailable", `node ${node.id} is another process now`));
    }
    const { foreign } = this.#driver;
    const speak =
      node.protocol === 0 && foreign !== undefined ? (peer: Peer) => foreign.call(this.#driver, node, peer) : undefined;
    const peer = this.#peers.get(node.id) ?? this.#addPeer(node.id, speak);
    if (peer.info === undefined) {
      this.#strangers -= known === undefined ? 0 : 1;
    }
    this.#describe(peer, node);
    this.joins.call({ node }, this.logger);
  }

  changed(node: NodeInfo): void {
    const peer = this.#peers.get(node.id);
    if (peer !== undefined) {
      this.#describe(peer, node);
      this.changes.call({ node }, this.logger);
    }
  }

  left(id: string, reason: NanowireError): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) {
      return;
    }
    this.#peers.delete(id);
    const { info } = peer;
    this.#undescribe(peer);
    peer.unreachable = reason;
    peer.fail(reason);
    peer.link.close();
    if (info === undefined) {
      this.#strangers--;
    } else {
      this.leaves.call({ node: info, reason }, this.logger);
    }
  }

  unreachable(id: string, reason: NanowireError): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) {
      peer.unreachable = reason;
      peer.fail(reason);
    }
  }

  received(from: string, frame: Uint8Array): void {
    let peer = this.#peers.get(from);
    if (peer === undefined) {
      if (this.#strangers >= mostStrangers || this.#info === undefined) {
        return;
      }
      this.#strangers++;
      peer = this.#addPeer(from);
    }
    peer.unreachable = undefined;
    peer.link.received(frame);
  }

  lost(reason: NanowireError): void {
    this.logger.warn({ reason: reason.message, node: this.#info?.id }, "the node is cut off from its cluster");
  }

  rejoined({ number }: Joined): void {
    this.#handlers.numbered(number);
    this.logger.info({ node: this.#info?.id }, "the node is back in its cluster");
  }

  #addPeer(id: string, speak?: (peer: Peer) => PeerVoice): Peer {
    this.#epoch = epochAfter(this.#epoch, this.clock);
    const peer = new Peer(id, this, this.#epoch, this.#handlers, speak);
    this.#peers.set(id, peer);
    return peer;
  }

  #describe(peer: Peer, info: NodeInfo): void {
    this.#undescribe(peer);
    if (info.protocol !== clusterProtocol && !peer.isForeign) {
      const message = `node ${info.id} speaks version ${info.protocol} of what nodes say to each other, and this one ${clusterProtocol}`;
      this.logger.warn({ node: info.id }, message);
      peer.describe({ ...info, services: [], remotes: [] });
      return;
    }
    peer.describe(info);
    this.#hosts.add(peer, info.services);
    this.#remoteHosts.add(peer, info.remotes);
  }

  #undescribe(peer: Peer): void {
    this.#hosts.remove(peer, peer.info?.services ?? []);
    this.#remoteHosts.remove(peer, peer.info?.remotes ?? []);
  }

  #sweep(): void {
    this.#sweeps++;
    for (const peer of this.#peers.values()) {
      if (peer.isForeign) {
        continue;
      }
      if (peer.unreachable !== undefined && this.#sweeps % sweepsPerHeartbeat === 0) {
        peer.link.ask();
      }
      if (peer.isIdle) {
        peer.link.rest();
      }
      peer.link.sweep();
    }
  }

  #forgetAll(): void {
    this.#info = undefined;
    const reason = new NanowireError("unavailable", "this node left its cluster");
    for (const peer of this.peers) {
      this.#peers.delete(peer.id);
      peer.fail(reason);
      peer.link.close();
    }
    this.#hosts.clear();
    this.#remoteHosts.clear();
    this.#strangers = 0;
  }
}

/** The version of what nodes say to each other. */
export const clusterProtocol = 1;

/** Of so many nodes at the most, frames are taken before the driver has told of them. */
const mostStrangers = 1_024;
