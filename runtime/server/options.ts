import { assertMethods, assertOptions, type OptionKind } from "../base/assert-options.js";
import type { Awaitable } from "../base/awaitable.js";
import { type Clock, systemClock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { consoleLogger, type Logger } from "../base/logger.js";
import { type ClusterOptions, type ResolvedClusterOptions, resolveClusterOptions } from "../cluster/cluster-options.js";
import { type AnyService, Component } from "../component/component.js";
import type { NamedModule } from "../component/module.js";
import { Remote } from "../component/remote.js";
import { Metrics } from "../metrics/metrics.js";
import type { Reporter } from "../metrics/reporter.js";
import type { HandshakeRequest } from "../protocol/handshake.js";
import { maxBodyBytes } from "../protocol/packet.js";
import { type Serializer, serializerNames } from "../protocol/serializer.js";
import type { BindingOptions, BindJudge } from "../session/session-registry.js";
import type { Tracing } from "../tracing/tracing.js";
import { Proxies, type ProxyOptions } from "../transport/proxies.js";
import type { Transport } from "../transport/transport.js";
import { assertInspectors, type Inspector } from "./inspector.js";
import { assertMetricsOptions, type MetricsOptions } from "./metrics-options.js";
import { type GivenModule, Modules } from "./modules.js";
import { assertProfile, type Profile } from "./profile.js";
import { type ResumeOptions, type ResumeSettings, resolveResumeOptions } from "./resume-options.js";
import { maxNodeId } from "./session-ids.js";
import { type SerializerOption, serializerNamed } from "./terms.js";

/** What a handshake is judged by. */
export interface HandshakeContext {
  /** The transport's name. */
  readonly transport: string;
  /** The client's address, without its port: the real one, where a trusted proxy told it. */
  readonly remoteAddress: string;
  /** The address of the proxy that told it; undefined when the client came by itself. */
  readonly proxyAddress?: string | undefined;
}

/** A service whose messages can be forwarded: what a generated component class knows, and no instance is needed. */
export interface ForwardedService {
  /** How the service is described. */
  readonly service: AnyService;
}

/** What {@link createServer} takes. */
export interface ServerOptions {
  /** What answers the clients, in the order in which they are started. Each service once. */
  readonly components: readonly Component[];
  /**
   * What else the server starts, before all components, and stops after them: a database's pool, a cache. In the order of their start; a
   * module's `after` names others that come before it. Default: none
   */
  readonly modules?: readonly NamedModule[];
  /** Where clients connect: `[ws({ port: 3250 }), tcp({ port: 3251 })]`. One or more; in a cluster, a node without any holds no clients. */
  readonly listen: readonly Transport[];
  /** What answers other nodes of the cluster, in the order in which they are started: after the modules, before the components. Each service once; needs `cluster`. Default: none */
  readonly remotes?: readonly Remote[];
  /** The cluster that the server is a node of. Default: none */
  readonly cluster?: ClusterOptions;
  /**
   * Services that other nodes of the cluster host, and whose messages clients send here: the generated classes, `[RoomComponent, TopicComponent]`. One that
   * `components` implements is handled here. Default: none
   */
  readonly forward?: readonly ForwardedService[];
  /** Where the server says what happens. Default: the console, from `info` on */
  readonly logger?: Logger;
  /** What the server tells of itself, and whom: `{ reporters: [prometheus({ port: 9464 })] }`. Default: nothing is measured */
  readonly metrics?: MetricsOptions;
  /** Who looks into the server while it runs: `[studio({ port: 7350 })]`. Each once. Default: nobody */
  readonly inspectors?: readonly Inspector[];
  /** Who follows messages through the nodes of the cluster: `openTelemetryTracing()` of `nanowire/tracing`. Default: nobody */
  readonly tracing?: Tracing;
  /**
   * Milliseconds between heartbeats; a client that is silent for twice as long is closed. 0: no heartbeats. Default:
   * 30,000. Use whole seconds where clients other than ours connect: some read an integer.
   */
  readonly heartbeatIntervalMs?: number;
  /**
   * Milliseconds that a client has, from connecting to the handshake's end, with all that comes between: a PROXY header,
   * TLS, an upgrade. 100 to 600,000. Default: 10,000
   */
  readonly handshakeTimeoutMs?: number;
  /**
   * How many connections there may be, those that are on their way included; whoever comes then is refused with
   * `server_full`. 1 to 1,000,000. Default: 10,000
   */
  readonly maxConnections?: number;
  /**
   * How many of them one address may have, an IPv6 network of 64 bits counting as one; more are refused with
   * `too_many_connections`. Proxies that are trusted, and Unix sockets, are not counted. 1 to 1,000,000. Default: 256
   */
  readonly maxConnectionsPerAddress?: number;
  /**
   * How many messages one client may send in a second, on the average, and at once. A request beyond it is answered with
   * `rate_limited`, a notify dropped; a client that goes on at more than twice the rate is closed with
   * `too_many_messages`. Heartbeats, and a WebSocket's pings, pongs and empty frames, count as messages. 1 to 1,000,000. Default: 1,000
   */
  readonly maxMessagesPerSecond?: number;
  /** The proxies before the server, which tell where a client really comes from. Default: none, and nobody is believed */
  readonly proxy?: ProxyOptions;
  /** The greatest length of a packet's body from a client, in bytes. 64 to 16,777,215. Default: 65,536 */
  readonly maxPacketBytes?: number;
  /** The greatest length of a handshake, in bytes. 64 to 16,777,215. Default: 4,096 */
  readonly maxHandshakeBytes?: number;
  /** What a payload that a client compressed may grow to, in bytes. 64 to 1,073,741,824. Default: 1,048,576 */
  readonly maxInflatedBytes?: number;
  /**
   * The most bytes that may wait to be sent to one client; a client with more is closed. 1,024 to 1,073,741,824.
   * Default: 1,048,576
   */
  readonly maxOutboxBytes?: number;
  /**
   * The most messages that may wait to be sent to one client; a client with more is closed. 16 to 16,777,216. Default:
   * 16,384, as many as the default of `maxOutboxBytes` holds at 64 bytes each
   */
  readonly maxOutboxMessages?: number;
  /**
   * How many messages of one client may wait or be under way. From there on the client is not read until half of them
   * are handled. 1 to 1,000,000. Default: 256
   */
  readonly maxQueuedMessages?: number;
  /** Milliseconds that a handler may take, where the .proto names no time-out; 0: for ever. Default: 30,000 */
  readonly requestTimeoutMs?: number;
  /**
   * How finely time is divided for timers: one is late by this at the most, and those that are due in one such piece are called
   * together. A whole number of milliseconds, 1 to 1,000. Default: 1
   */
  readonly timerPrecisionMs?: number;
  /** Which serializer clients are answered in, by its name. Default: `auto`, each client's own */
  readonly serializer?: SerializerOption;
  /** Serializers of your own, for clients that name them in their handshake. Default: none; protobuf and JSON are there */
  readonly serializers?: readonly Serializer[];
  /** Kinds of clients of your own, asked before those that are known ({@link wireProfiles}). Default: none */
  readonly profiles?: readonly Profile[];
  /**
   * From how many bytes on a payload goes out as a zlib stream, to clients that know that, and where it gets smaller by it.
   * 0 to 16,777,215; 0: never. Default: 0
   */
  readonly compressPayloadsFromBytes?: number;
  /** Whether the answer to a handshake goes out as a zlib stream, on the same two conditions. Default: false */
  readonly compressHandshakes?: boolean;
  /**
   * Judges a client's handshake, once it was found to be one. What it returns is the `user` of the answer. An error
   * refuses the client: a NanowireError tells it why. Default: everybody is taken
   */
  readonly onHandshake?: (handshake: HandshakeRequest, context: HandshakeContext) => Awaitable<unknown>;
  /** How sessions are bound to users: `{ second: "kick" }`. */
  readonly binding?: BindingOptions;
  /**
   * Judges a session that is about to be bound to a uid. An error that it throws is what `session.bind` throws. Default: every
   * session may be bound
   */
  readonly onBind?: BindJudge;
  /**
   * Whether a session outlives a connection that breaks, for a while, for clients that ask for it; `true`: with every default. Default: false, a session ends with its
   * connection
   */
  readonly resume?: boolean | ResumeOptions;
  /** This node's number in session ids: 0 to 1023, different for each node. Default: a random one */
  readonly nodeId?: number;
  /** Time. Default: the machine's */
  readonly clock?: Clock;
}

/** The options with everything filled in. */
export type ResolvedOptions = Required<
  Omit<
    ServerOptions,
    "binding" | "cluster" | "forward" | "metrics" | "modules" | "onBind" | "proxy" | "remotes" | "resume" | "tracing"
  >
> & {
  readonly cluster: ResolvedClusterOptions | undefined;
  readonly forward: readonly AnyService[];
  readonly metrics: { readonly reporters: readonly Reporter[]; readonly own: Metrics };
  readonly tracing: Tracing | undefined;
  readonly modules: Modules;
  readonly remotes: readonly Remote[];
  readonly binding: Required<BindingOptions>;
  readonly onBind: BindJudge | undefined;
  readonly proxies: Proxies;
  readonly resume: ResumeSettings | undefined;
};

/**
 * Fills in the defaults.
 *
 * @throws NanowireError `invalid_option` that names the option, its value and its limits
 */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  assertOptions("", options, optionKinds);
  assertComponents(list(options, "components"));
  assertRemotes(list(options, "remotes"), options.cluster !== undefined);
  assertTransports(list(options, "listen"), options.cluster !== undefined);
  const forward = forwardedServices(list(options, "forward"), options.cluster !== undefined);
  const { serializer = "auto", serializers = [], profiles = [], compressHandshakes = false } = options;
  assertSerializers(serializers);
  assertProfiles(profiles, serializers);
  if (serializer !== "auto" && serializerNamed(serializer, { serializers }) === undefined) {
    const names = ["auto", ...serializerNames, ...serializers.map(({ name }) => name)];
    throw new NanowireError("invalid_option", `serializer ${String(serializer)} is not one of ${names.join(", ")}`);
  }
  const { logger = consoleLogger(), clock = systemClock } = options;
  assertMethods("logger", logger, ["debug", "info", "warn", "error"]);
  assertMethods("clock", clock, ["now", "steady", "after", "every"]);
  const { metrics = { reporters: [] } } = options;
  assertMetricsOptions(metrics);
  const { inspectors = [] } = options;
  assertInspectors(inspectors);
  const { tracing } = options;
  if (tracing !== undefined) {
    assertMethods("tracing", tracing, ["route", "send", "attempt", "push"]);
  }
  const maxOutboxBytes = number(options, "maxOutboxBytes", 1_048_576, 1_024, gibibyte);
  return {
    components: options.components,
    modules: new Modules(list(options, "modules") as readonly GivenModule[]),
    remotes: options.remotes ?? [],
    listen: options.listen,
    forward,
    cluster:
      options.cluster &&
      resolveClusterOptions(
        options.cluster,
        forward.map(({ name }) => name),
      ),
    logger,
    metrics: { reporters: metrics.reporters, own: metrics.own ?? new Metrics(logger) },
    inspectors,
    tracing,
    heartbeatIntervalMs: number(options, "heartbeatIntervalMs", 30_000, 0, maxDelayMs, false),
    handshakeTimeoutMs: number(options, "handshakeTimeoutMs", 10_000, 100, 600_000, false),
    maxConnections: number(options, "maxConnections", 10_000, 1, 1_000_000),
    maxConnectionsPerAddress: number(options, "maxConnectionsPerAddress", 256, 1, 1_000_000),
    maxMessagesPerSecond: number(options, "maxMessagesPerSecond", 1_000, 1, 1_000_000),
    proxies: new Proxies(options.proxy),
    maxPacketBytes: number(options, "maxPacketBytes", 65_536, 64, maxBodyBytes),
    maxHandshakeBytes: number(options, "maxHandshakeBytes", 4_096, 64, maxBodyBytes),
    maxInflatedBytes: number(options, "maxInflatedBytes", 1_048_576, 64, gibibyte),
    maxOutboxBytes,
    maxOutboxMessages: number(options, "maxOutboxMessages", 16_384, 16, 16_777_216),
    maxQueuedMessages: number(options, "maxQueuedMessages", 256, 1, 1_000_000),
    requestTimeoutMs: number(options, "requestTimeoutMs", 30_000, 0, maxDelayMs, false),
    timerPrecisionMs: number(options, "timerPrecisionMs", 1, 1, 1_000),
    serializer,
    serializers,
    profiles,
    compressPayloadsFromBytes: number(options, "compressPayloadsFromBytes", 0, 0, maxBodyBytes),
    compressHandshakes,
    onHandshake: options.onHandshake ?? (() => undefined),
    binding: resolveBinding(options.binding ?? {}),
    onBind: options.onBind,
    resume: resolveResumeOptions(options.resume, maxOutboxBytes),
    nodeId: options.nodeId ?? Math.floor(Math.random() * (maxNodeId + 1)),
    clock,
  };
}

function resolveBinding(binding: BindingOptions): Required<BindingOptions> {
  assertOptions("binding", binding, { second: "checked", kickReason: "string", rebind: "boolean" });
  const { second = "allow", kickReason = "signed in elsewhere", rebind = false } = binding;
  if (!["allow", "refuse", "kick"].includes(second)) {
    throw new NanowireError("invalid_option", `binding.second ${String(second)} is not allow, refuse or kick`);
  }
  return { second, kickReason, rebind };
}

/** Programs in JavaScript, too, are told what is missing. */
function list(
  options: ServerOptions,
  name: "components" | "forward" | "modules" | "remotes" | "listen",
): readonly unknown[] {
  const value: unknown = options[name] ?? (name === "components" || name === "listen" ? undefined : []);
  if (!Array.isArray(value)) {
    throw new NanowireError("invalid_option", `${name} ${String(value)} is not an array`);
  }
  return value;
}

function forwardedServices(given: readonly unknown[], hasCluster: boolean): readonly AnyService[] {
  if (given.length > 0 && !hasCluster) {
    throw new NanowireError("invalid_option", "forward names services of other nodes, but there is no cluster");
  }
  return given.map((item, index) => {
    const { service } = Object(item) as Partial<ForwardedService>;
    if (!Array.isArray(service?.methods)) {
      throw new NanowireError("invalid_option", `forward[${index}] is no generated component class: it has no service`);
    }
    return service;
  });
}

function assertTransports(transports: readonly unknown[], hasCluster: boolean): void {
  if (transports.length === 0 && !hasCluster) {
    throw new NanowireError("invalid_option", "listen is empty: a server needs one transport or more");
  }
  for (const [index, transport] of transports.entries()) {
    assertMethods(`listen[${index}]`, transport as Transport, ["listen", "close"]);
  }
}

/** The types say the same; plain JavaScript, or a list that was put together elsewhere, comes here. */
function assertComponents(components: readonly unknown[]): void {
  for (const [index, component] of components.entries()) {
    if (component instanceof Remote) {
      throw new NanowireError(
        "invalid_option",
        `components[${index}] is ${component.constructor.name}, a Remote: other nodes call it, and no client reaches it; its place is among remotes`,
      );
    }
    if (!(component instanceof Component)) {
      throw new NanowireError("invalid_option", `components[${index}] is not a Component`);
    }
  }
}

function assertRemotes(remotes: readonly unknown[], hasCluster: boolean): void {
  if (remotes.length > 0 && !hasCluster) {
    throw new NanowireError("invalid_option", "remotes answer other nodes, but there is no cluster");
  }
  const taken = new Set<string>();
  for (const [index, remote] of remotes.entries()) {
    if (remote instanceof Component) {
      throw new NanowireError(
        "invalid_option",
        `remotes[${index}] is ${remote.constructor.name}, a Component: clients call it; its place is among components`,
      );
    }
    if (!(remote instanceof Remote)) {
      throw new NanowireError("invalid_option", `remotes[${index}] is not a Remote`);
    }
    const { name } = Remote.definitionOf(remote);
    if (taken.has(name)) {
      throw new NanowireError("invalid_option", `remotes[${index}] is a second remote of the service ${name}`);
    }
    taken.add(name);
  }
}

function assertSerializers(serializers: readonly Serializer[]): void {
  const taken = new Set<string>(["auto", ...serializerNames]);
  for (const [index, serializer] of serializers.entries()) {
    const { name, encode, decode } = Object(serializer) as Partial<Serializer>;
    if (typeof name !== "string" || name === "" || typeof encode !== "function" || typeof decode !== "function") {
      throw new NanowireError("invalid_option", `serializers[${index}] lacks a name, encode or decode`);
    }
    if (taken.has(name)) {
      throw new NanowireError("invalid_option", `serializers[${index}] has the name ${name}, which is taken`);
    }
    taken.add(name);
  }
}

function assertProfiles(profiles: readonly Profile[], serializers: readonly Serializer[]): void {
  for (const [index, profile] of profiles.entries()) {
    assertProfile(profile, index);
    if (serializerNamed(profile.serializer, { serializers }) === undefined) {
      const message = `profiles[${index}] (${profile.name}) speaks ${profile.serializer}, a serializer that there is not`;
      throw new NanowireError("invalid_option", message);
    }
  }
}

type NumberOption = {
  [Name in keyof ResolvedOptions]: ResolvedOptions[Name] extends number ? Name : never;
}[keyof ResolvedOptions];

function number(
  options: ServerOptions,
  name: NumberOption,
  fallback: number,
  least: number,
  most: number,
  integer = true,
): number {
  const value = options[name] ?? fallback;
  if (typeof value !== "number" || !(value >= least && value <= most) || (integer && !Number.isInteger(value))) {
    const kind = integer ? "an integer" : "a number";
    throw new NanowireError("invalid_option", `${name} ${String(value)} is not ${kind} from ${least} to ${most}`);
  }
  return value;
}

const gibibyte = 1_073_741_824;

/** The longest that a timer of the machine can wait. */
const maxDelayMs = 2_147_483_647;

/** The names of the options. */
export const optionKinds = {
  components: "checked",
  modules: "checked",
  remotes: "checked",
  listen: "checked",
  cluster: "checked",
  forward: "checked",
  logger: "checked",
  metrics: "checked",
  inspectors: "array",
  tracing: "checked",
  heartbeatIntervalMs: "checked",
  handshakeTimeoutMs: "checked",
  maxConnections: "checked",
  maxConnectionsPerAddress: "checked",
  maxMessagesPerSecond: "checked",
  proxy: "checked",
  maxPacketBytes: "checked",
  maxHandshakeBytes: "checked",
  maxInflatedBytes: "checked",
  maxOutboxBytes: "checked",
  maxOutboxMessages: "checked",
  maxQueuedMessages: "checked",
  requestTimeoutMs: "checked",
  timerPrecisionMs: "checked",
  serializer: "checked",
  serializers: "array",
  profiles: "array",
  compressPayloadsFromBytes: "checked",
  compressHandshakes: "boolean",
  onHandshake: "function",
  binding: "checked",
  onBind: "function",
  resume: "checked",
  nodeId: "checked",
  clock: "checked",
} as const satisfies Record<keyof ServerOptions, OptionKind>;
