// What the door of the studio says, as JSON: to its page, to scripts, to curl. docs/studio.md shows each.

/** `GET api/server`: what is asked first. */
export interface ServerAnswer {
  /** What the program calls the server, as the studio's option `title` says. */
  readonly title: string;
  /** The version of what is said here: 1. Another number is another way to speak. */
  readonly door: 1;
  /** Where the server is in its life: `running`, `draining`. */
  readonly state: string;
  /** The id of its node; empty where there is no cluster. */
  readonly node: string;
  /** When the studio started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Sessions that are open. */
  readonly sessions: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Where clients connect. */
  readonly addresses: readonly { readonly transport: string; readonly url: string }[];
  /** The hash of the dictionary of routes. */
  readonly dictVersion: string;
  /** Whether `api/descriptors` answers. */
  readonly descriptors: boolean;
  /** Whether what messages hold is shown. */
  readonly payloads: boolean;
  /** Whether nothing can be done here but looking. */
  readonly readOnly: boolean;
}

/** A page of a list. */
export interface Page<T> {
  /** How many there are in all. */
  readonly total: number;
  /** How many of them are what was searched for. */
  readonly matched: number;
  /** The place of the first of these among them. */
  readonly offset: number;
  /** These. */
  readonly items: readonly T[];
}

/** `GET api/sessions`: a client. What it said of its user in its handshake, and the session's data, are not told. */
export interface SessionEntry {
  /** Its id, a decimal number of 64 bits. */
  readonly id: string;
  /** Who it is bound to; empty for nobody. */
  readonly uid: string;
  /** What carries it: `ws`. */
  readonly transport: string;
  /** The client's address, without its port. */
  readonly address: string;
  /** The node that holds the client, where that is another one; else empty. */
  readonly gate: string;
  /** When it was opened, in milliseconds since 1970; 0: before the studio was there. */
  readonly openedAtMs: number;
  /** What the client says it is: `js-websocket 0.1.0`. */
  readonly client: string;
  /** What its payloads are written in. */
  readonly serializer: string;
  /** The names of its groups, the first 32. */
  readonly groups: readonly string[];
  /** Bytes that wait to be sent to it. */
  readonly waitingBytes: number;
  /** `open`; `blocked`: it does not take what was written; `suspended`: it is away and may come back. */
  readonly state: "open" | "blocked" | "suspended";
}

/** `GET api/groups`: a group that has members. */
export interface GroupEntry {
  /** Tells it from another of its name: the `group` of `api/sessions`. */
  readonly id: number;
  /** What it is called. */
  readonly name: string;
  /** How many members it has. */
  readonly members: number;
}

/** `GET api/nodes`: a node of the cluster, this one first. */
export interface NodeEntry {
  /** Its id. */
  readonly id: string;
  /** Whether it is the one that answers. */
  readonly self: boolean;
  /** Whether it holds clients. */
  readonly gate: boolean;
  /** Whether it is about to stop. */
  readonly draining: boolean;
  /** The services that it hosts for clients. */
  readonly services: readonly string[];
  /** Those that it hosts for other nodes. */
  readonly remotes: readonly string[];
  /** What the program says of it. */
  readonly labels: Readonly<Record<string, string>>;
}

/** `GET api/routes`: a route of the dictionary. */
export interface RouteEntry {
  /** `Room.Join`. */
  readonly route: string;
  /** Its code; 0: it has none. */
  readonly code: number;
  /** `request`, `notify` or `push`; empty where it is not known: the server does not handle it, and has no descriptors. */
  readonly kind: "request" | "notify" | "push" | "";
  /** Whether other nodes handle it. */
  readonly forwarded: boolean;
  /** The full name of its message's type; empty without descriptors. */
  readonly request: string;
  /** The full name of its answer's type; empty without descriptors. */
  readonly response: string;
  /** Whether a session must be bound to send it. */
  readonly boundOnly: boolean;
  /** Whether it is on its way out. */
  readonly deprecated: boolean;
  /** What the .proto says of it. */
  readonly comment: string;
}

/** A line of `GET api/messages`. What came before is told before. */
export type FeedLine = FeedStart | FeedMessage | FeedSession | FeedLost | FeedAlive;

/** The first line: from here on everything that is wanted is told, or counted as lost. */
export interface FeedStart {
  /** The beginning. */
  readonly type: "start";
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** The node that tells; empty where there is no cluster. */
  readonly node: string;
  /** The hash of the dictionary of routes. */
  readonly dictVersion: string;
}

/** A message came, or went. */
export interface FeedMessage {
  /** A message. */
  readonly type: "message";
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** `in`: from a client. */
  readonly direction: "in" | "out";
  /** What it is. `failure`: a message failed, and its client is not told. */
  readonly kind: "request" | "notify" | "response" | "push" | "failure";
  /** The id of its session. */
  readonly session: string;
  /** Who that is bound to; empty for nobody. */
  readonly uid: string;
  /** Its route; of one that the server does not have, what the client has written there. */
  readonly route: string;
  /** Of a request and its answer, as a decimal number; else empty. */
  readonly id: string;
  /** Why it failed: an error's code; `dropped` of a push. Else empty. */
  readonly code: string;
  /** How long its payload is. */
  readonly bytes: number;
  /** Of an answer: milliseconds since the request came; absent where that was not seen. */
  readonly durationMs?: number;
  /** What its payload is written in: `protobuf`. */
  readonly serializer: string;
  /** Whether the payload is a zlib stream. */
  readonly compressed: boolean;
  /** The payload in base64. Absent where it is withheld, or of no bytes. */
  readonly payload?: string;
  /**
   * Why the payload is not told. `secret`: its type has fields that the .proto marks `debug_redact`, or is not known here; `size`: it is longer than `payload` bytes;
   * `off`: payloads are not told, or nobody has asked for them.
   */
  readonly withheld?: "secret" | "size" | "off";
}

/** Something befell a session. */
export interface FeedSession {
  /** A session. */
  readonly type: "session";
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** What befell it. */
  readonly event: "opened" | "bound" | "unbound" | "suspended" | "resumed" | "closed";
  /** The id of the session. */
  readonly session: string;
  /** Who it is bound to; empty for nobody. */
  readonly uid: string;
  /** Why it was closed, or suspended: an error's code; else empty. */
  readonly code: string;
}

/** Lines were lost: more came than who reads took, or than `rate` allows. */
export interface FeedLost {
  /** Lines that were lost. */
  readonly type: "lost";
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** How many, since the last time. */
  readonly count: number;
}

/** Nothing came for a while, and the feed is alive. */
export interface FeedAlive {
  /** A sign of life. */
  readonly type: "alive";
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
}

/** `GET api/metrics`: what a server measures, as it stands. */
export interface MetricsAnswer {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** Counts that are there whether it measures or not. */
  readonly counters: {
    readonly sessions: number;
    readonly connections: number;
    readonly requests: number;
    readonly notifies: number;
    readonly pushes: number;
    readonly droppedPushes: number;
    /** Messages that failed, by the code of the error. */
    readonly failed: Readonly<Record<string, number>>;
  };
  /** Everything that it measures; empty where the studio's option `charts` is false and there is no reporter. */
  readonly metrics: readonly MetricEntry[];
}

/** A metric. */
export interface MetricEntry {
  /** `nanowire_requests_total`. */
  readonly name: string;
  /** Which of the three it is. */
  readonly kind: "counter" | "gauge" | "histogram";
  /** What it tells, in a sentence. */
  readonly help: string;
  /** Of a histogram: the upper bounds of its ranges. */
  readonly bounds?: readonly number[];
  /** One for each combination of labels: a value; of a histogram how many fell into each range, and their sum. */
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value?: number;
    readonly counts?: readonly number[];
    readonly sum?: number;
  }[];
}

/** What is answered with a status of 400 and more. */
export interface ErrorAnswer {
  /** What went wrong. */
  readonly error: {
    /** A code of docs/errors.md. */
    readonly code: string;
    /** What is wrong, and what would be right. */
    readonly message: string;
  };
}
