import { assertMethods, assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { whole } from "../base/limits.js";
import type { ClusterDriver } from "./driver.js";
import { type JobOptions, type JobSettings, resolveJobOptions } from "./job-settings.js";
import { defaultLinkSettings, type LinkSettings } from "./link.js";
import { isNodeId } from "./node-json.js";
import type { CallMetadata } from "./remote-calls.js";
import type { Routing } from "./routing.js";

/** How a server is part of a cluster. */
export interface ClusterOptions {
  /** What carries the cluster: `grpc({ … })`, `nats({ … })`, or, in tests, a driver of a {@link MemoryNetwork}. It is this server's alone. */
  readonly driver: ClusterDriver;
  /** What the node is called: 1 to 64 letters, digits, `-` and `_`, unique in the cluster. Default: one that is made up anew with each start */
  readonly id?: string;
  /** What the node says of itself to programs on the others: a zone, a version, the address that clients are to be sent to. Default: nothing */
  readonly labels?: Readonly<Record<string, string>>;
  /** How the node is chosen that handles a session's messages of a service, for each service that needs it otherwise: `{ Room: "leastLoaded" }`. Default: `random` */
  readonly routing?: Readonly<Record<string, Routing>>;
  /**
   * What every call and tell of a remote that this node makes carries besides its own metadata, which comes first where both have a name: always the same, or a function that is
   * asked each time, for the id of the request that is being handled, say. Default: nothing
   */
  readonly callMetadata?: CallMetadata;
  /** How the node has jobs done that it takes from the queue, where it hosts methods that are `reliable`. */
  readonly jobs?: JobOptions;
  /** Milliseconds after which a node that says nothing is asked for a word. 10 to 60,000. Default: 1,000 */
  readonly heartbeatMs?: number;
  /** Milliseconds after which a node that says nothing is taken to be gone: what it had under way fails. Twice `heartbeatMs` to 600,000. Default: 5,000 */
  readonly silenceMs?: number;
  /** The most bytes that may be on their way to one node; where there are more, it is taken to be gone. 65,536 to 1,073,741,824. Default: 16,777,216 */
  readonly maxUnackedBytes?: number;
  /** The longest frame that goes to another node, in bytes: what is longer goes in several. 1,024 to 16,777,216. Default: 1,048,576, which is as much as NATS takes where nobody says otherwise */
  readonly maxFrameBytes?: number;
}

/** The options with everything filled in. */
export interface ResolvedClusterOptions {
  readonly driver: ClusterDriver;
  /** Undefined: one is made up with each start. */
  readonly id: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly routing: ReadonlyMap<string, Routing>;
  readonly callMetadata: CallMetadata;
  readonly jobs: JobSettings;
  readonly link: LinkSettings;
}

/**
 * Fills in the defaults.
 *
 * @param services the services that are forwarded: a routing of another is a mistake
 * @throws NanowireError `invalid_option`
 */
export function resolveClusterOptions(options: ClusterOptions, services: readonly string[]): ResolvedClusterOptions {
  assertOptions("cluster", options, {
    driver: "checked",
    id: "string",
    labels: "object",
    routing: "object",
    callMetadata: "object",
    jobs: "object",
    heartbeatMs: "checked",
    silenceMs: "checked",
    maxUnackedBytes: "checked",
    maxFrameBytes: "checked",
  });
  const { driver, id, labels = {}, routing = {}, callMetadata = {} } = options;
  assertMethods("cluster.driver", driver, ["join", "update", "send", "leave"]);
  if (id !== undefined && !isNodeId(id)) {
    throw new NanowireError("invalid_option", `cluster.id ${id} is not 1 to 64 letters, digits, "-" or "_"`);
  }
  for (const [name, value] of Object.entries(labels)) {
    if (typeof value !== "string") {
      throw new NanowireError("invalid_option", `cluster.labels.${name} ${String(value)} is not a string`);
    }
  }
  for (const [service, value] of Object.entries(routing)) {
    if (!services.includes(service)) {
      const known = services.length === 0 ? "none is" : `those are ${services.join(", ")}`;
      throw new NanowireError(
        "invalid_option",
        `cluster.routing.${service} is for no service that is forwarded: ${known}`,
      );
    }
    if (typeof value !== "function" && value !== "random" && value !== "leastLoaded") {
      const message = `cluster.routing.${service} ${String(value)} is not random, leastLoaded or a function`;
      throw new NanowireError("invalid_option", message);
    }
  }
  const { heartbeatMs: given, silenceMs, maxUnackedBytes, maxFrameBytes } = options;
  const defaults = defaultLinkSettings;
  const heartbeatMs = whole("cluster.heartbeatMs", given ?? defaults.heartbeatMs, 10, 60_000);
  const leastSilenceMs = 2 * heartbeatMs;
  const silence = silenceMs ?? Math.max(defaults.silenceMs, leastSilenceMs);
  const unacked = maxUnackedBytes ?? defaults.maxUnackedBytes;
  return {
    driver,
    id,
    labels,
    routing: new Map(Object.entries(routing)),
    callMetadata,
    jobs: resolveJobOptions(options.jobs),
    link: {
      heartbeatMs,
      silenceMs: whole("cluster.silenceMs", silence, leastSilenceMs, 600_000),
      maxUnackedBytes: whole("cluster.maxUnackedBytes", unacked, 65_536, 1_073_741_824),
      maxFrameBytes: whole("cluster.maxFrameBytes", maxFrameBytes ?? 1_048_576, 1_024, 16_777_216),
    },
  };
}
