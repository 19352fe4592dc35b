/** What carries a cluster, and where a node of it finds that. */
export type Carrier =
  | { readonly kind: "grpc" /** Where the master is, `host:port` */; readonly join: string }
  | { readonly kind: "nats"; readonly url: string };

/** How soon a cluster notices that a node is gone. */
export interface Patience {
  /** Milliseconds between two signs of life, of links and of members. */
  readonly heartbeatMs: number;
  /** Milliseconds after which a node that says nothing is taken to be gone. */
  readonly silenceMs: number;
}

/** What a process is. */
export type NodeSettings =
  | {
      readonly role: "gate" | "member";
      readonly id: string;
      readonly carrier: Carrier;
      readonly patience: Patience;
      /** The address that it listens on for other nodes, over gRPC. */
      readonly host: string;
    }
  | {
      /** Keeps the list of members over gRPC, and hosts nothing. */
      readonly role: "master";
      /** `host:port`. */
      readonly listen: string;
      readonly patience: Patience;
    };

/** What a process tells when it is ready. */
export interface NodeReady {
  /** Of a gate: where clients connect. */
  readonly url: string;
  /** Of a master: where it listens, `host:port`. */
  readonly address: string;
}

/** What a process is asked. */
export type NodeQuestion =
  | { readonly ask: "ready" }
  | { readonly ask: "view" }
  /** It leaves. Clients of a gate are told to go to `url`. */
  | { readonly ask: "stop"; readonly graceMs: number; readonly url?: string };

/** A session, as a node sees it. */
export interface SessionView {
  readonly id: string;
  readonly uid: string;
  /** The node that holds the client; undefined: this one does. */
  readonly gate: string | undefined;
  /** Of a session of this node: the node that its messages go to. */
  readonly member: string | undefined;
  /** Its data, as JSON. */
  readonly data: string;
}

/** The calls of a node, as it sees them. */
export interface CallsView {
  readonly answered: number;
  /** Those that failed because a node was gone. */
  readonly lost: number;
  /** For how many milliseconds the oldest of those waits that are under way. */
  readonly oldestMs: number;
  /** What should not have been: another error, another call's answer. */
  readonly strange: readonly string[];
}

/** What a node believes. */
export interface NodeView {
  readonly id: string;
  /** Those that it sees, as `id incarnation`, and what it is itself: equal in all nodes that agree. */
  readonly members: readonly string[];
  readonly sessions: readonly SessionView[];
  /** Ids of the sessions in the node's group. */
  readonly group: readonly string[];
  /** What its counters say is open. */
  readonly counted: { readonly sessions: number; readonly guests: number };
  /** What became of its calls of other nodes, and of itself. */
  readonly calls: CallsView;
}
