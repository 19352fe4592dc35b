import { formatPlace } from "../error.js";
import { optional } from "./optional.js";
import type { Order, RateLimit } from "./options.js";
import type { MethodDeclaration, ServiceDeclaration } from "./services.js";
import type { OverflowDeclaration, OverloadDeclaration } from "./waiting-policies.js";

/** Who gives way when calls of one session and method wait. */
export interface ProtocolOverload {
  readonly policy: "refuse" | "dropOldest" | "conflate";
  /** How many may wait; absent for `conflate`. */
  readonly maxWaiting?: number;
  /** The field by which calls are told apart, as in the .proto; absent: any newer one takes the place. */
  readonly key?: string;
}

/** What becomes of a push that a client does not take. */
export interface ProtocolOverflow {
  readonly policy: "drop" | "conflate";
  /** As of {@link ProtocolOverload}. */
  readonly key?: string;
}

/** Who sends the first message of a call. */
export type Direction = "client-to-server" | "server-to-client" | "server-to-server";

/** What is spoken, whatever is generated of it: what `nanowire inspect`, `nanowire docs` and the descriptors tell. */
export interface ProtocolModel {
  /** The hash of the route dictionary, as in `routes.ts`. */
  readonly dictVersion: string;
  /** By .proto file, and in the order of each. */
  readonly services: readonly ProtocolService[];
}

/** A service as its .proto declares it. */
export interface ProtocolService {
  /** `chat.v1.Room`. */
  readonly name: string;
  readonly kind: ServiceDeclaration["kind"];
  readonly direction: Direction;
  /** The first part of its routes. */
  readonly route: string;
  /** The .proto file as other files import it: `chat/v1/room.proto`. */
  readonly proto: string;
  /** Where it stands: `proto/chat/v1/room.proto:9:9`. */
  readonly place: string;
  /** The lines of its comment. */
  readonly comment: readonly string[];
  readonly deprecated: boolean;
  /** In the order of the .proto. */
  readonly methods: readonly ProtocolMethod[];
}

/** A method, its options laid over those of its service. */
export interface ProtocolMethod {
  /** `Join`. */
  readonly name: string;
  readonly kind: "request" | "notify" | "push" | "call" | "tell";
  readonly direction: Direction;
  readonly route: string;
  /** Absent for what nodes send each other: only clients have a dictionary. */
  readonly code?: number;
  /** The full name of the message that is sent: `chat.v1.JoinRequest`, `google.protobuf.Empty`. */
  readonly request: string;
  /** The full name of the message that comes back; `google.protobuf.Empty` also where none does. */
  readonly response: string;
  /** What waits for what; absent for a push. */
  readonly order?: Order;
  /** Milliseconds that its handler, or a call between nodes, may take, 0: for ever; absent: what the server is set to. */
  readonly timeoutMs?: number;
  /** How often one session may call; absent: as often as it likes. */
  readonly rateLimit?: RateLimit;
  /** Whether only a bound session may call. */
  readonly boundOnly: boolean;
  /** The most bytes that a payload may have; absent: as much as the server takes. */
  readonly maxPayloadBytes?: number;
  /** Absent: every call waits. */
  readonly overload?: ProtocolOverload;
  /** Of a push; absent: it waits, and a client for whom too much waits is closed. */
  readonly overflow?: ProtocolOverflow;
  /** The field on whose value a gate chooses the node that handles it, as in the .proto: `match.id`; absent: it chooses one for the session. */
  readonly shardKey?: string;
  /** True where the call can be made a job; else absent. */
  readonly reliable?: true;
  /** `1a2b3c4d`: whoever has the same reads its calls alike. Absent for a push. */
  readonly fingerprint?: string;
  /** The lines of its comment. */
  readonly comment: readonly string[];
  readonly deprecated: boolean;
  /** Where it stands: `proto/chat/v1/room.proto:11:7`. */
  readonly place: string;
}

const directions: Readonly<Record<ServiceDeclaration["kind"], Direction>> = {
  HANDLER: "client-to-server",
  PUSH: "server-to-client",
  REMOTE: "server-to-server",
};
/** Kind of service → what a method of it is, answered or not. */
const methodKinds = {
  HANDLER: { request: "request", notify: "notify" },
  PUSH: { request: "push", notify: "push" },
  REMOTE: { request: "call", notify: "tell" },
} as const;
const empty = ".google.protobuf.Empty";

/** Whether something comes back. */
export function isAnswered({ kind }: ProtocolMethod): boolean {
  return kind === "request" || kind === "call";
}

/** The services of a .proto file, and the fingerprints of their methods. */
export interface DeclaredFile {
  readonly proto: string;
  readonly services: readonly ServiceDeclaration[];
  readonly fingerprints: ReadonlyMap<MethodDeclaration, string>;
}

/** Makes the protocol of what the .proto files declare and the codes that the lock keeps. */
export function buildProtocol(
  files: readonly DeclaredFile[],
  codes: ReadonlyMap<string, number>,
  dictVersion: string,
): ProtocolModel {
  const services = files.flatMap(({ proto, services, fingerprints }) =>
    services.map((service): ProtocolService => {
      const { kind, route, comment, deprecated } = service;
      return {
        name: service.protoName,
        kind,
        direction: directions[kind],
        route,
        proto,
        place: formatPlace(service.place),
        comment,
        deprecated,
        methods: service.methods.map((method) => buildMethod(service, method, codes, fingerprints)),
      };
    }),
  );
  return { dictVersion, services };
}

function buildMethod(
  service: ServiceDeclaration,
  method: MethodDeclaration,
  codes: ReadonlyMap<string, number>,
  fingerprints: DeclaredFile["fingerprints"],
): ProtocolMethod {
  const { kind } = service;
  const order = { HANDLER: method.order ?? "session", PUSH: undefined, REMOTE: method.order ?? "none" } as const;
  return {
    name: method.name,
    kind: methodKinds[kind][method.notify ? "notify" : "request"],
    direction: directions[kind],
    route: method.route,
    ...optional("code", kind === "REMOTE" ? undefined : (codes.get(method.route) ?? 0)),
    request: (method.request ?? empty).slice(1),
    response: (method.response ?? empty).slice(1),
    ...optional("order", order[kind]),
    ...optional("timeoutMs", method.timeoutMs),
    ...optional("rateLimit", method.rateLimit),
    boundOnly: method.boundOnly,
    ...optional("maxPayloadBytes", method.maxPayloadBytes),
    ...optional("overload", method.overload && overloadOf(method.overload)),
    ...optional("overflow", method.overflow && overflowOf(method.overflow)),
    ...optional("shardKey", method.shardKey?.path),
    ...optional("reliable", method.reliable || undefined),
    ...optional("fingerprint", fingerprints.get(method)),
    comment: method.comment,
    deprecated: method.deprecated,
    place: formatPlace(method.place),
  };
}

function overloadOf({ policy, maxWaiting, key }: OverloadDeclaration): ProtocolOverload {
  return { policy, ...optional("maxWaiting", maxWaiting), ...optional("key", key?.name) };
}

function overflowOf({ policy, key }: OverflowDeclaration): ProtocolOverflow {
  return { policy, ...optional("key", key?.name) };
}
