/** A service that a node hosts. */
export interface HostedService {
  /** The first part of its routes: `Room`, `Ledger`. */
  readonly name: string;
  /**
   * Its routes, each with the fingerprint of the method: what two nodes must agree on to understand each other. Empty for a method
   * that has none, which every node takes as its own.
   */
  readonly methods: Readonly<Record<string, string>>;
}

/** What a node tells the others of itself. It is JSON, and known to every node: keep it small. */
export interface NodeInfo {
  /** Unique in the cluster: `room-1`. 1 to 64 letters, digits, `-`, `_`. */
  readonly id: string;
  /** Made anew each time that the node joins: tells a node from the one that had its id before. */
  readonly incarnation: string;
  /** The version of what nodes say to each other (docs/cluster-protocol.md): those that do not share it do not talk. 0: it is no node of ours, and its driver speaks with it. */
  readonly protocol: number;
  /** Whether it holds clients. */
  readonly gate: boolean;
  /** The services of kind HANDLER that it hosts. */
  readonly services: readonly HostedService[];
  /** The services of kind REMOTE that it hosts. */
  readonly remotes: readonly HostedService[];
  /** Whether it is about to stop: no session is sent there that is not there already, and no call that another node can answer. */
  readonly draining: boolean;
  /** What the program says of it: a zone, a version, the address that clients are to be sent to. */
  readonly labels: Readonly<Record<string, string>>;
}
