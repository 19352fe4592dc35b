import { isIP } from "node:net";
import type { Authenticator } from "@nats-io/transport-node";
import { assertOptions, type OptionKind } from "../../base/assert-options.js";
import { NanowireError } from "../../base/error.js";
import { whole } from "../../base/limits.js";

/** How to reach NATS, and how the cluster keeps itself over it. All nodes of a cluster are given the same timings. */
export interface NatsOptions {
  /**
   * Where NATS is: a URL, or several of which any will do: `nats://10.0.0.1:4222`, `tls://nats.example.com`. Servers of the same NATS cluster that are not
   * named here are learnt of. Default: `nats://127.0.0.1:4222`
   */
  readonly servers?: string | readonly string[];
  /**
   * The cluster's name: nodes that have the same one see each other. All subjects begin with it, and its bucket is called so: 1 to 32 letters, digits, `-`, `_`.
   * Default: `nanowire`
   */
  readonly cluster?: string;
  /** Who the node is to NATS, with `password`. Default: nobody. One way to say who it is can be given at most. */
  readonly user?: string;
  /** The password of `user`. */
  readonly password?: string;
  /** A token that NATS asks for, in place of a user. */
  readonly token?: string;
  /** The path of a credentials file (`.creds`), read anew for each connection. */
  readonly credentialsFile?: string;
  /** The seed of an nkey (`SU…`): alone, or with `jwt`. */
  readonly nkeySeed?: string;
  /** A user's JWT: alone where it is a bearer token, else with `nkeySeed`. */
  readonly jwt?: string;
  /** What answers to NATS's challenge, where none of the others will do: an authenticator of @nats-io/transport-node. */
  readonly authenticator?: Authenticator;
  /**
   * TLS to NATS. Its certificate is held against the host name in `servers`: an address will not do. Default: as NATS asks for it, with the authorities that Node knows
   */
  readonly tls?: NatsTlsOptions;
  /** How often a node says that it is alive, in milliseconds. 50 to 60,000. Default: 1,000 */
  readonly heartbeatMs?: number;
  /**
   * How long a node may be silent before the others take it to be dead, in milliseconds: at least three times `heartbeatMs`. 150 to 600,000. Default: 4,000
   */
  readonly memberTtlMs?: number;
  /**
   * How often it is looked whether nodes still take frames, in milliseconds. One whose process is gone is told to be unreachable after twice that. 50 to
   * 60,000. Default: 200
   */
  readonly probeMs?: number;
  /** How long a node that starts waits for NATS to come up, in milliseconds. 0 to 3,600,000. Default: 10,000 */
  readonly startTimeoutMs?: number;
  /** How long one attempt to connect may take, in milliseconds. 100 to 60,000. Default: 2,000 */
  readonly connectTimeoutMs?: number;
  /**
   * How many bytes may be under way to NATS, which has not taken them yet. Frames beyond are dropped, and the cluster sends them again. 65,536 to 1,073,741,824. Default:
   * 33,554,432
   */
  readonly maxBufferedBytes?: number;
  /** On how many servers NATS keeps the list of members: 1, 3 or 5. It counts when the bucket is made. Default: 1 */
  readonly replicas?: number;
  /** How long jobs are kept that nobody does, and those that failed, in milliseconds. It counts when the first job of all is kept. 60,000 to 31,536,000,000. Default: 604,800,000, a week */
  readonly jobKeepMs?: number;
  /**
   * How long nothing may be heard of a job that a node works on before another gets it, in milliseconds: a node says each third of that time that it is still at it. It counts when the
   * first job of a service is taken. 1,000 to 3,600,000. Default: 15,000
   */
  readonly jobSilenceMs?: number;
}

/** TLS to NATS. */
export interface NatsTlsOptions {
  /** Certificates of the authorities that are trusted, in PEM. Default: those that Node knows */
  readonly ca?: string;
  /** The path of a file with them. */
  readonly caFile?: string;
  /** The node's own certificate, in PEM, where NATS asks for one. */
  readonly cert?: string;
  /** The path of a file with it. */
  readonly certFile?: string;
  /** The certificate's key, in PEM. */
  readonly key?: string;
  /** The path of a file with it. */
  readonly keyFile?: string;
  /** Whether TLS comes before anything else, where NATS is configured so (`handshake_first`). Default: false */
  readonly handshakeFirst?: boolean;
  /** Whether NATS's certificate must be good. Default: true */
  readonly rejectUnauthorized?: boolean;
}

/** The address of a server. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** How a node shows who it is. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "user"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "nkey"; readonly seed: string }
  | { readonly kind: "jwt"; readonly jwt: string; readonly seed: string | undefined }
  | { readonly kind: "authenticator"; readonly authenticator: Authenticator };

/** The options with everything filled in. */
export interface NatsSettings {
  readonly servers: readonly ServerAddress[];
  readonly cluster: string;
  readonly credentials: Credentials;
  readonly tls: NatsTlsOptions | undefined;
  readonly heartbeatMs: number;
  readonly memberTtlMs: number;
  readonly probeMs: number;
  readonly startTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxBufferedBytes: number;
  readonly replicas: number;
  readonly jobKeepMs: number;
  readonly jobSilenceMs: number;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveNatsOptions(options: NatsOptions): NatsSettings {
  assertOptions("nats", options, optionKinds);
  const { cluster = "nanowire", servers = "nats://127.0.0.1:4222" } = options;
  const { heartbeatMs = 1_000, memberTtlMs = Math.max(4_000, 3 * heartbeatMs), probeMs = 200 } = options;
  const { startTimeoutMs = 10_000, connectTimeoutMs = 2_000, maxBufferedBytes = 33_554_432, replicas = 1 } = options;
  const { jobKeepMs = 604_800_000, jobSilenceMs = 15_000 } = options;
  if (!/^[\w-]{1,32}$/.test(cluster)) {
    throw invalid(`nats.cluster ${JSON.stringify(cluster)} is not 1 to 32 letters, digits, - or _`);
  }
  whole("nats.heartbeatMs", heartbeatMs, 50, 60_000);
  whole("nats.memberTtlMs", memberTtlMs, 150, 600_000);
  whole("nats.probeMs", probeMs, 50, 60_000);
  whole("nats.startTimeoutMs", startTimeoutMs, 0, 3_600_000);
  whole("nats.connectTimeoutMs", connectTimeoutMs, 100, 60_000);
  whole("nats.maxBufferedBytes", maxBufferedBytes, 65_536, 1_073_741_824);
  whole("nats.jobKeepMs", jobKeepMs, 60_000, 31_536_000_000);
  whole("nats.jobSilenceMs", jobSilenceMs, 1_000, 3_600_000);
  if (memberTtlMs < 3 * heartbeatMs) {
    throw invalid(`nats.memberTtlMs ${memberTtlMs} is less than three times heartbeatMs ${heartbeatMs}`);
  }
  if (![1, 3, 5].includes(replicas)) {
    throw invalid(`nats.replicas ${String(replicas)} is not 1, 3 or 5`);
  }
  const { addresses, encrypted } = resolveServers(typeof servers === "string" ? [servers] : servers);
  return {
    servers: addresses,
    cluster,
    credentials: resolveCredentials(options),
    tls: resolveTls(options.tls, encrypted),
    heartbeatMs,
    memberTtlMs,
    probeMs,
    startTimeoutMs,
    connectTimeoutMs,
    maxBufferedBytes,
    replicas,
    jobKeepMs,
    jobSilenceMs,
  };
}

/**
 * Reads the address of a server.
 *
 * @param server a URL, or a host with or without a port, as NATS tells of them
 * @returns undefined where it is none
 */
export function parseServer(server: string): (ServerAddress & { readonly encrypted: boolean }) | undefined {
  const [, scheme = "nats", rest = ""] = /^(?:(nats|tls):\/\/)?(.*)$/s.exec(server) ?? [];
  if (!URL.canParse(`nats://${rest}`)) {
    return undefined;
  }
  const url = new URL(`nats://${rest}`);
  const bare = url.username === "" && url.password === "" && /^\/?$/.test(url.pathname + url.search + url.hash);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return bare && host !== ""
    ? { host, port: url.port === "" ? 4_222 : Number(url.port), encrypted: scheme === "tls" }
    : undefined;
}

/** How an address is written. */
export function showServer({ host, port }: ServerAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

const optionKinds: Readonly<Record<keyof NatsOptions, OptionKind>> = {
  servers: "checked",
  cluster: "string",
  user: "string",
  password: "string",
  token: "string",
  credentialsFile: "string",
  nkeySeed: "string",
  jwt: "string",
  authenticator: "function",
  tls: "object",
  heartbeatMs: "checked",
  memberTtlMs: "checked",
  probeMs: "checked",
  startTimeoutMs: "checked",
  connectTimeoutMs: "checked",
  maxBufferedBytes: "checked",
  replicas: "checked",
  jobKeepMs: "checked",
  jobSilenceMs: "checked",
};

const tlsOptionKinds: Readonly<Record<keyof NatsTlsOptions, OptionKind>> = {
  ca: "string",
  caFile: "string",
  cert: "string",
  certFile: "string",
  key: "string",
  keyFile: "string",
  handshakeFirst: "boolean",
  rejectUnauthorized: "boolean",
};

function resolveServers(servers: readonly unknown[]): { addresses: ServerAddress[]; encrypted: boolean } {
  if (!Array.isArray(servers) || servers.length === 0) {
    throw invalid("nats.servers is not a URL, or an array of at least one");
  }
  const addresses = servers.map((server) => {
    const address = typeof server === "string" ? parseServer(server) : undefined;
    if (address === undefined) {
      const shown = typeof server === "string" ? withoutPassword(server) : typeof server;
      throw invalid(
        `nats.servers ${shown} is not a URL like nats://host:4222 or tls://host:4222; a user has an option of its own`,
      );
    }
    return address;
  });
  return {
    addresses: addresses.map(({ host, port }) => ({ host, port })),
    encrypted: addresses.some(({ encrypted }) => encrypted),
  };
}

function withoutPassword(server: string): string {
  return JSON.stringify(server.replace(/\/\/.*@/s, "//…@"));
}

function resolveCredentials(options: NatsOptions): Credentials {
  const { user, password, token, credentialsFile, nkeySeed, jwt, authenticator } = options;
  const ways = Object.entries({ user, token, credentialsFile, "nkeySeed or jwt": jwt ?? nkeySeed, authenticator })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (ways.length > 1) {
    throw invalid(`nats has ${ways.join(" and ")}: one way to say who the node is will do`);
  }
  if ((user === undefined) !== (password === undefined)) {
    throw invalid("nats.user and nats.password are given together");
  }
  if (user !== undefined && password !== undefined) {
    return { kind: "user", user, password };
  }
  if (token !== undefined) {
    return { kind: "token", token };
  }
  if (credentialsFile !== undefined) {
    return { kind: "file", path: credentialsFile };
  }
  if (jwt !== undefined) {
    return { kind: "jwt", jwt, seed: nkeySeed };
  }
  if (nkeySeed !== undefined) {
    return { kind: "nkey", seed: nkeySeed };
  }
  return authenticator === undefined ? { kind: "none" } : { kind: "authenticator", authenticator };
}

function resolveTls(tls: NatsTlsOptions | undefined, encrypted: boolean): NatsTlsOptions | undefined {
  if (tls === undefined) {
    return encrypted ? {} : undefined;
  }
  assertOptions("nats.tls", tls, tlsOptionKinds);
  if ((tls.cert ?? tls.certFile) === undefined || (tls.key ?? tls.keyFile) === undefined) {
    if ((tls.cert ?? tls.certFile ?? tls.key ?? tls.keyFile) !== undefined) {
      throw invalid("nats.tls has a certificate or a key, and not both");
    }
  }
  return tls;
}

function invalid(message: string): NanowireError {
  return new NanowireError("invalid_option", message);
}
