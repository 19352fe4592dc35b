import { assertOptions } from "../../base/assert-options.js";
import { NanowireError } from "../../base/error.js";
import { whole } from "../../base/limits.js";
import { type Address, parseAddress } from "./address.js";
import type { UnregisteredMember } from "./master.js";
import { assertTls, type GrpcTlsOptions } from "./tls.js";

/** How a node takes part in a cluster over gRPC: `grpc({ master: true, listen: "0.0.0.0:7000" })`, `grpc({ join: "10.0.0.1:7000" })`. */
export interface GrpcOptions extends GrpcServerOptions {
  /** Whether this node keeps the list of members. One node of the cluster does; the others {@link join} it. Default: false */
  readonly master?: boolean;
  /** Where the master is, `host:port`: a Go nano master does, too. Of several, the first that answers; they are tried in turn. */
  readonly join?: string | readonly string[];
  /** Where the others reach this node, `host:port`. Default: where it listens; of every address the machine's first that is not its own loopback */
  readonly advertise?: string;
  /** What nano's nodes are told of this node: its label. Default: the node's id */
  readonly label?: string;
  /** Milliseconds for which `start` tries to get into the cluster. 100 to 3,600,000. Default: 15,000 */
  readonly joinTimeoutMs?: number;
  /** What the clients of nano's gates write their messages in, for all of them: nano's nodes do not say. Default: `protobuf`, which is nano's */
  readonly nanoSerializer?: "protobuf" | "json";
  /**
   * How many bytes wait for a node that takes nothing at this moment; what is beyond is lost here, and sent again by the cluster. 65,536 to 1,073,741,824.
   * Default: 16,777,216
   */
  readonly maxWaitingBytes?: number;
}

/** What a node and a master that hosts nothing have in common. */
export interface GrpcServerOptions {
  /** Where the node's gRPC server listens, `host:port`; port 0 takes a free one. Default: `127.0.0.1:0` */
  readonly listen?: string;
  /**
   * Milliseconds between two heartbeats to the master. Who is silent for four of them is taken to be dead. 50 to 60,000. Default: 1,000
   */
  readonly heartbeatIntervalMs?: number;
  /** The same of members that do not tell theirs: Go nano's. 50 to 600,000. Default: 30,000, which is nano's */
  readonly nanoHeartbeatIntervalMs?: number;
  /** Called by the master when a member left, or was silent for too long. What it throws is logged. Default: nothing */
  readonly onUnregister?: (member: UnregisteredMember) => void;
  /** TLS between the nodes. Go nano's nodes know none. Default: without */
  readonly tls?: GrpcTlsOptions;
}

/** {@link GrpcServerOptions} with everything filled in. */
export interface ResolvedGrpcServerOptions {
  readonly listen: Address;
  readonly heartbeatIntervalMs: number;
  readonly nanoHeartbeatIntervalMs: number;
  readonly onUnregister: ((member: UnregisteredMember) => void) | undefined;
  readonly tls: GrpcTlsOptions | undefined;
}

/** {@link GrpcOptions} with everything filled in. */
export interface ResolvedGrpcOptions extends ResolvedGrpcServerOptions {
  /** The masters' addresses; none: this node is the master. */
  readonly join: readonly string[];
  readonly advertise: string | undefined;
  readonly label: string | undefined;
  readonly joinTimeoutMs: number;
  readonly maxWaitingBytes: number;
  readonly nanoSerializer: "protobuf" | "json";
}

/**
 * Fills in the defaults.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveGrpcOptions(options: GrpcOptions): ResolvedGrpcOptions {
  assertOptions("grpc", options, {
    ...serverOptionKinds,
    master: "boolean",
    join: "checked",
    advertise: "string",
    label: "string",
    nanoSerializer: "checked",
    joinTimeoutMs: "checked",
    maxWaitingBytes: "checked",
  });
  const {
    master = false,
    join,
    advertise,
    label,
    nanoSerializer = "protobuf",
    joinTimeoutMs = 15_000,
    maxWaitingBytes = 16_777_216,
  } = options;
  const masters = join === undefined ? [] : typeof join === "string" ? [join] : [...join];
  for (const address of masters) {
    assertAddress("grpc.join", address, 1);
  }
  if (master === masters.length > 0) {
    throw new NanowireError("invalid_option", "grpc needs either master: true or join, the address of the master");
  }
  if (advertise !== undefined) {
    assertAddress("grpc.advertise", advertise, 1);
  }
  if (label !== undefined && label.length > 1_024) {
    throw new NanowireError("invalid_option", `grpc.label of ${label.length} characters is longer than 1024`);
  }
  if (nanoSerializer !== "protobuf" && nanoSerializer !== "json") {
    throw new NanowireError("invalid_option", `grpc.nanoSerializer ${String(nanoSerializer)} is not protobuf or json`);
  }
  return {
    ...resolveServer(options),
    join: masters,
    advertise,
    label,
    nanoSerializer,
    joinTimeoutMs: whole("grpc.joinTimeoutMs", joinTimeoutMs, 100, 3_600_000),
    maxWaitingBytes: whole("grpc.maxWaitingBytes", maxWaitingBytes, 65_536, 1_073_741_824),
  };
}

/**
 * Fills in the defaults of a master that hosts nothing.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveGrpcServerOptions(options: GrpcServerOptions): ResolvedGrpcServerOptions {
  assertOptions("grpcMaster", options, serverOptionKinds);
  return resolveServer(options);
}

const serverOptionKinds = {
  listen: "string",
  heartbeatIntervalMs: "checked",
  nanoHeartbeatIntervalMs: "checked",
  onUnregister: "function",
  tls: "checked",
} as const;

function resolveServer(options: GrpcServerOptions): ResolvedGrpcServerOptions {
  const { listen = "127.0.0.1:0", heartbeatIntervalMs = 1_000, nanoHeartbeatIntervalMs = 30_000 } = options;
  assertTls(options.tls);
  return {
    listen: assertAddress("grpc.listen", listen, 0),
    heartbeatIntervalMs: whole("grpc.heartbeatIntervalMs", heartbeatIntervalMs, 50, 60_000),
    nanoHeartbeatIntervalMs: whole("grpc.nanoHeartbeatIntervalMs", nanoHeartbeatIntervalMs, 50, 600_000),
    onUnregister: options.onUnregister,
    tls: options.tls,
  };
}

function assertAddress(name: string, text: unknown, leastPort: number): Address {
  const address = parseAddress(text);
  if (address === undefined || address.port < leastPort) {
    throw new NanowireError("invalid_option", `${name} ${String(text)} is not an address, host:port`);
  }
  return address;
}
