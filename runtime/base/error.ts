/**
 * Who pays for an error: the request gets an error reply, the connection is closed, or the process refuses to start.
 */
export type ErrorScope = "request" | "connection" | "startup";

/**
 * Every code that Nanowire itself raises, with its scope and its meaning. docs/errors.md shows the same table.
 * A handler may raise others of its own: `new NanowireError("room_full", "the room holds 8 already")`.
 */
export const errorCodes = {
  // A request gets one of these as its reply, or a client as its rejection.
  unknown_route: ["request", "no component has that route"],
  wrong_kind: ["request", "a request was sent to the route of a notify, or the other way round"],
  invalid_payload: ["request", "the payload is no message of the type that the route takes"],
  invalid_argument: ["request", "the message breaks a rule that its .proto declares"],
  unauthenticated: ["request", "the route is for bound sessions only, and the session is not bound"],
  rate_limited: ["request", "the session calls the route, or the server, more often than the rate limit allows"],
  payload_too_large: ["request", "the payload is longer than the route takes"],
  overloaded: [
    "request",
    "as many messages of the session wait for the route as may: this one was refused, or gave way to a newer one",
  ],
  replaced: ["request", "a newer message of the session took the place of this one while it waited"],
  deadline_exceeded: ["request", "the handler, or the answer, took longer than the time-out"],
  canceled: ["request", "the caller gave the request up"],
  unavailable: [
    "request",
    "the connection, the server or the node of the cluster that had the request was gone before the answer came, or there is none",
  ],
  unsupported: ["request", "what carries the cluster has nothing that could do that"],
  internal: ["request", "the handler failed with an error that was not raised for the client"],
  message_too_large: ["request", "the message to be sent is longer than a packet, or its receiver, takes"],
  invalid_response: ["request", "the answer is no message of the type that the route returns"],
  already_bound: ["request", "the session is bound to another uid"],
  uid_in_use: ["request", "another session is bound to the uid, and the server allows one"],
  invalid_uid: ["request", "a uid is empty or too long"],
  group_closed: ["request", "the group is closed"],
  already_member: ["request", "the session is a member of the group already"],
  not_a_member: ["request", "the session is no member of the group"],
  session_closed: ["request", "the session is closed"],
  queue_full: ["request", "as much waits in the queue as it takes"],
  scheduler_closed: ["request", "the queue or the scheduler is closed"],

  // A client is turned away, before it has a connection, with one of these as the reason.
  server_full: ["connection", "the server has as many connections as it takes"],
  too_many_connections: ["connection", "the client's address has as many connections as one may have"],
  invalid_proxy_header: ["connection", "a trusted proxy's PROXY header is missing, cannot be read, or is one too many"],
  tls_failed: ["connection", "the TLS handshake failed"],
  upgrade_refused: ["connection", "an HTTP request is no upgrade to WebSocket that the listener takes"],
  origin_refused: ["connection", "a page's origin is not one that may connect"],

  // A connection is closed with one of these as its reason.
  invalid_packet_type: ["connection", "a packet has a type other than 1 to 5, or one that its receiver does not take"],
  packet_too_large: ["connection", "a packet is longer than the limit"],
  invalid_message: ["connection", "a message's header cannot be read"],
  unknown_code: ["connection", "a message names a route code that is not in the dictionary"],
  unexpected_packet: ["connection", "a packet came in a state in which it may not"],
  text_frame: ["connection", "a WebSocket text frame came where only binary frames may"],
  invalid_frame: ["connection", "a WebSocket frame breaks RFC 6455"],
  invalid_handshake: ["connection", "the handshake is no JSON, too large, too deep, or misses something"],
  handshake_refused: ["connection", "the server refused the handshake"],
  handshake_timeout: ["connection", "the handshake was not finished in time"],
  heartbeat_timeout: ["connection", "nothing was heard from the other side for two heartbeat intervals"],
  too_many_messages: ["connection", "the client went on sending far more often than the message rate allows"],
  outbox_overflow: ["connection", "more bytes, or more messages, wait for the connection than its outbox holds"],
  inbox_overflow: ["connection", "more arrived, while a payload was inflated, than may wait"],
  invalid_acknowledgment: ["connection", "the other side says that it has got messages that were never sent"],
  resume_overflow: ["connection", "more is to be kept for clients that may come back than the server's limits allow"],
  connection_lost: ["connection", "the connection broke"],
  connect_failed: ["connection", "the connection could not be made"],
  kicked: ["connection", "the server told the client to go"],
  closed: ["connection", "the connection was closed on purpose"],
  server_stopped: ["connection", "the server stopped"],
  server_draining: ["connection", "the server is about to stop, and takes no new connections"],

  // `createServer`, `server.start` or a constructor throws one of these.
  invalid_option: ["startup", "an option has a value outside its limits"],
  invalid_route: ["startup", "a route or its code is outside its limits, or is given twice"],
  invalid_url: ["startup", "a URL is not one that a client can connect to"],
  invalid_state: ["startup", "the object is in a state in which it cannot do that"],
  invalid_certificate: ["startup", "a certificate and its key cannot be read, or do not belong together"],
  listen_failed: ["startup", "a listener could not be opened"],
  cluster_failed: ["startup", "there is no way into the cluster"],
  node_exists: ["startup", "another node of the cluster has that id"],
} as const satisfies Record<string, readonly [ErrorScope, string]>;

/** A code that Nanowire itself raises. */
export type ErrorCode = keyof typeof errorCodes;

/** What a {@link NanowireError} carries besides its code and message. */
export interface NanowireErrorOptions {
  /** Facts for a program, as text. They travel to the client in an error reply (`metadata`). Default: none. */
  readonly details?: Readonly<Record<string, string>>;
  /** What led to it. It is logged, and never leaves the process. */
  readonly cause?: unknown;
  /** Who pays. Default: the code's own scope; `request` for a code that is not Nanowire's. */
  readonly scope?: ErrorScope | undefined;
}

/**
 * The one error class. A handler raises it to tell the client something: code, message and details then travel in
 * the error reply. Any other error that a handler throws reaches the client as `internal` and nothing more.
 */
export class NanowireError extends Error {
  /** What a program tests: one of {@link errorCodes}, or one of the application's own. */
  readonly code: string;
  /** Who pays. */
  readonly scope: ErrorScope;
  /** Facts for a program, as text. */
  readonly details: Readonly<Record<string, string>>;

  /**
   * @param code one of {@link errorCodes}, or one of the application's own
   * @param message names the thing, the value and the limit
   */
  constructor(code: ErrorCode | (string & {}), message: string, options: NanowireErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "NanowireError";
    this.code = code;
    this.scope = options.scope ?? scopeOf(code);
    this.details = options.details ?? {};
  }
}

function scopeOf(code: string): ErrorScope {
  return connectionCodes.has(code) ? "connection" : startupCodes.has(code) ? "startup" : "request";
}

/** The codes of {@link errorCodes} that have a scope. */
type CodeOf<Scope extends ErrorScope> = {
  [Code in ErrorCode]: (typeof errorCodes)[Code][0] extends Scope ? Code : never;
}[ErrorCode];

// A browser loads these, and not the meanings.

const connectionCodes: ReadonlySet<string> = new Set<CodeOf<"connection">>([
  "server_full",
  "too_many_connections",
  "invalid_proxy_header",
  "tls_failed",
  "upgrade_refused",
  "origin_refused",
  "invalid_packet_type",
  "packet_too_large",
  "invalid_message",
  "unknown_code",
  "unexpected_packet",
  "text_frame",
  "invalid_frame",
  "invalid_handshake",
  "handshake_refused",
  "handshake_timeout",
  "heartbeat_timeout",
  "too_many_messages",
  "outbox_overflow",
  "inbox_overflow",
  "invalid_acknowledgment",
  "resume_overflow",
  "connection_lost",
  "connect_failed",
  "kicked",
  "closed",
  "server_stopped",
  "server_draining",
]);

const startupCodes: ReadonlySet<string> = new Set<CodeOf<"startup">>([
  "invalid_option",
  "invalid_route",
  "invalid_url",
  "invalid_state",
  "invalid_certificate",
  "listen_failed",
  "cluster_failed",
  "node_exists",
]);

/** The code that an error is told by: its own, or `internal` where nobody has raised it on purpose. */
export function codeOf(error: unknown): string {
  return error instanceof NanowireError ? error.code : "internal";
}

/**
 * The error as a NanowireError: itself when it is one, else one of the given code with the error as its cause.
 *
 * @param scope default: the code's own
 */
export function toNanowireError(error: unknown, code: ErrorCode, message: string, scope?: ErrorScope): NanowireError {
  return error instanceof NanowireError ? error : new NanowireError(code, message, { cause: error, scope });
}
