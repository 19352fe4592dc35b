import type { ProtobufCodec } from "../protocol/codec.js";
import type { ShardKey } from "../protocol/shard-key.js";

/**
 * One method of a REMOTE service, as the generator describes it. Both sides are generated with it: the node that calls and
 * the one that is called.
 *
 * @typeParam Req what is sent
 * @typeParam Res what comes back; `void` for a tell or an acknowledgement
 */
export interface RemoteMethod<Req, Res> {
  /** The service's name within the cluster, by which the nodes that host it are found: `Ledger`. */
  readonly service: string;
  /** `Ledger.Add`: the service's name, a dot, and the method's name in the .proto. There is no code: no client knows it. */
  readonly route: string;
  /** A call is answered exactly once; a tell never. */
  readonly kind: "call" | "tell";
  /** Writes and reads what is sent. */
  readonly request: ProtobufCodec<Req>;
  /** Writes and reads what is answered. */
  readonly response: ProtobufCodec<Res>;
  /**
   * Milliseconds that a call may take when the caller does not say, or that the handler of a tell may take; 0: for ever.
   * Default: the server's `requestTimeoutMs`. Of a tell it counts from its arrival, the wait for its turn included.
   */
  readonly timeoutMs?: number;
  /** By what of the request the node is chosen that is called, where none is named. Default: the cluster chooses. */
  readonly shardKey?: ShardKey;
  /**
   * 8 hex digits that say how the method's calls are written: nodes that have the same for it read them alike. It is a hash of the kind
   * and of the shapes of both messages and all that these hold: numbers, types, lists, maps, not names. Default: what the method reads is not
   * known to other nodes.
   */
  readonly fingerprint?: string;
  /** Whether jobs may call it: {@link ReliableMethod}. Default: false */
  readonly reliable?: boolean;
}

/** A method that may be called by a job: the .proto says `reliable = true` of it, and so that its handler bears to be called twice. */
export interface ReliableMethod<Req> extends RemoteMethod<Req, void> {
  /** There for the compiler, and for what hands jobs out. */
  readonly reliable: true;
}
