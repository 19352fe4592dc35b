import type { Clock } from "../base/clock.js";
import type { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { JobQueue } from "./job-queue.js";
import type { NodeInfo } from "./node-info.js";
import type { Peer } from "./peer.js";
import type { PeerVoice } from "./peer-voice.js";

/**
 * What carries a cluster: it knows which nodes there are, and takes frames of bytes from one to another. Everything else (sessions, calls, pushes, what is lost
 * and sent again) is the cluster's, and the same over every driver. `grpc()` and `nats()` make drivers, and so does `new MemoryNetwork().driver()`, for tests.
 *
 * A driver belongs to one node, and is used by one server at a time.
 */
export interface ClusterDriver {
  /** For logs and errors: `grpc`, `nats`, `memory`. */
  readonly name: string;

  /** Where jobs are kept. Absent: what carries the cluster can keep none. */
  readonly jobs?: JobQueue;

  /**
   * Takes part in the cluster. Resolved when the others can see the node, and the host was told of those that were there.
   *
   * @throws NanowireError `cluster_failed` when there is no way into the cluster; `node_exists` when another node of that id is alive
   */
  join(node: NodeInfo, host: ClusterHost): Promise<Joined>;

  /**
   * Tells the others that something about the node has changed: that it drains. Resolved when it is on its way to them.
   *
   * @throws NanowireError `cluster_failed`; the others see what they saw before
   */
  update(node: NodeInfo): Promise<void>;

  /**
   * Sends a frame to a node. Frames of one node arrive there in order and at most once; one that cannot be carried is lost without
   * a word: the cluster notices, and sends it again. The bytes are the driver's from then on, and nobody writes to them.
   *
   * Never throws. A node that is not known, or is gone, gets nothing.
   */
  send(to: string, frame: Uint8Array): void;

  /**
   * @internal Speaks with a node that is none of ours (its `protocol` is 0), in its own way. What it says is told to `peer`: to the visits and guests that it knows, and by
   * {@link Peer.opened} and {@link Peer.broken}. Absent: the driver knows no such nodes.
   */
  foreign?(node: NodeInfo, peer: Peer): PeerVoice;

  /**
   * Leaves the cluster: the others are told. Frames that were sent before are on their way when it is resolved. Nothing is called on the host from the moment
   * of the call on. What fails is logged. Calling it twice does nothing.
   */
  leave(): Promise<void>;
}

/** What a node gets when it joins. */
export interface Joined {
  /** A number that no other node of the cluster has: 0 to 1023. Session ids are made with it. */
  readonly number: number;
}

/** What a driver tells the node that it belongs to. None of these throws. */
export interface ClusterHost {
  /** Where a driver says what happens. */
  readonly logger: Logger;
  /** Time, as a driver is to ask for it. */
  readonly clock: Clock;
  /** The longest frame that is sent, in bytes. */
  readonly maxFrameBytes: number;
  /** A node is there; or one of that id is there anew, with another incarnation: the former one is gone. Not called for the node itself. */
  joined(node: NodeInfo): void;
  /** What a node says of itself has changed. */
  changed(node: NodeInfo): void;
  /** A node is gone: it left, or is taken to be dead. */
  left(id: string, reason: NanowireError): void;
  /** Nobody takes frames at a node at this moment, though it is listed: its process is gone perhaps. It need not be told again while that lasts. */
  unreachable(id: string, reason: NanowireError): void;
  /** A frame came. The bytes are the host's. It may come from a node that the host has not been told of yet. */
  received(from: string, frame: Uint8Array): void;
  /** The node is no longer part of the cluster, against its will, and the driver tries to get back in: it was partitioned perhaps. */
  lost(reason: NanowireError): void;
  /** The node is part of the cluster again, perhaps with another number. Nodes that went or came meanwhile were told of. */
  rejoined(joined: Joined): void;
}
