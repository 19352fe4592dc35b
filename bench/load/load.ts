import type { PeerFormat } from "./peers.js";

/** What a load generator is to do. */
export interface LoadOptions {
  /**
   * What the connections do. `ping-pong`: each asks, and asks again when it is answered. `broadcast`: the first one has all of
   * them told something, again and again. `visits`: clients come, ask once and go. `quiet`: each asks twice a second, or as often as `perSecond` says. `bursts`: one connection
   * asks very often at once.
   */
  readonly work: "ping-pong" | "broadcast" | "visits" | "quiet" | "bursts";
  readonly transport: "tcp" | "ws";
  readonly port: number;
  /** Where more servers listen, whose clients are in one broadcast: they connect to `port` and these in turn. Default: none */
  readonly otherPorts?: readonly number[];
  readonly connections: number;
  /** How many requests of one connection are unanswered at any time; of a broadcast: how often all are told, for one request. */
  readonly inFlight: number;
  /**
   * What the bytes are. `raw`: the answers are the requests, one after another. `packets`: requests and answers are
   * packets (PROTOCOL.md, 1), and the connection begins with a handshake. Any other: they are WebSocket frames of that
   * server's own protocol.
   */
  readonly format: "raw" | "packets" | PeerFormat;
  /** The requests of one connection, `inFlight` of them; after the last comes the first again. A broadcast has one, a burst fewer. */
  readonly requests: readonly Uint8Array[];
  /** How many clients of a broadcast ask, the first ones: where there are several servers that tell their own clients each, as many as those. Default: 1 */
  readonly askers?: number;
  /** What each client of a broadcast sends when it is connected. Default: nothing */
  readonly first?: Uint8Array;
  /** What each is to be answered with. */
  readonly answers: readonly Uint8Array[];
  /** How often `quiet` clients ask in a second, all together. Default: each twice */
  readonly perSecond?: number;
}

/** A load generator. */
export interface Load {
  /** How many heartbeats have come and were answered. */
  readonly heartbeats: number;
  /** Opens the connections, a few at a time. */
  connect(): Promise<void>;
  /**
   * Keeps the load up for `ms` milliseconds, then waits for the answers that are under way.
   *
   * @param perSecond how often `quiet` clients ask in this round. Default: as the options say
   */
  run(ms: number, perSecond?: number): Promise<LoadFigures>;
}

/** What the parent asks a load generator. */
export type LoadQuestion =
  | { readonly ask: "connect"; readonly options: LoadOptions }
  | { readonly ask: "run"; readonly ms: number; readonly perSecond?: number }
  | { readonly ask: "heartbeats" };

/** What came of a run. Every request was answered, and every answer was the right one. */
export interface LoadFigures {
  readonly messages: number;
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  /** The load generator's own, user and system. */
  readonly cpuMicros: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** From the write of a request to the arrival of its answer. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly p999: number; readonly most: number };
  /** How late 99 of 100 requests left that were due at a moment, at the most. Absent: they were due at none. */
  readonly lateMs?: number;
}
