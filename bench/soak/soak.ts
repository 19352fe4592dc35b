/** How long clients of every kind are at a server, and how many. */
export interface SoakOptions {
  readonly clients: number;
  readonly seconds: number;
}

/** The kinds of clients, and of a hundred how many are of each. */
export const clientKinds = {
  /** Asks, waits for the answers, reads every tick. */
  steady: 60,
  /** As a steady one, but its connection is cut again and again, and made again. */
  cut: 10,
  /** Asks for much, and reads nothing. */
  slow: 10,
  /** Sends bytes of any kind, some of them nearly right. */
  garbage: 10,
  /** Half-open: stops in the middle of a packet, or after the handshake, and says nothing more. */
  silent: 10,
} as const;

/** A kind of client. */
export type ClientKind = keyof typeof clientKinds;

/** What the parent asks the server's process. */
export type SoakServerQuestion = { readonly ask: "ports" } | { readonly ask: "measure" };

/** Where the server listens. */
export interface SoakPorts {
  readonly tcp: number;
  readonly ws: number;
}

/** How the server's process does. */
export interface SoakMeasure {
  /** After a collection of garbage, in bytes: objects, and bytes outside the heap. */
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly cpuMicros: number;
  readonly openConnections: number;
  readonly accepted: number;
  readonly requests: number;
  readonly pushes: number;
  /** Connections that were closed, by reason. */
  readonly closed: Readonly<Record<string, number>>;
  /** How late a timer of 10 ms was, in milliseconds, since the last time it was asked. */
  readonly delayMs: { readonly p50: number; readonly p99: number; readonly most: number };
}

/** What the parent asks the process of the clients. */
export type SoakClientsQuestion =
  | { readonly ask: "open"; readonly ports: SoakPorts; readonly clients: number }
  /** Those that keep to nothing go away, and nothing is cut: what is in use then is what the others need. */
  | { readonly ask: "rest" }
  /** They come again. */
  | { readonly ask: "goOn" }
  | { readonly ask: "report" };

/** What the clients saw. */
export interface SoakReport {
  /** Of steady clients and of those that were cut. */
  readonly asked: number;
  readonly answered: number;
  /** Questions that went down with a cut connection: their caller was told so. */
  readonly lostWithConnection: number;
  readonly ticks: number;
  readonly cuts: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly most: number };
  /** What no client should see: the first few, in words. */
  readonly broken: readonly string[];
  readonly brokenCount: number;
}
