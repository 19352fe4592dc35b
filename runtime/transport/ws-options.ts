import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { assertOptions, type OptionKind } from "../base/assert-options.js";
import type { Awaitable } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import { whole } from "../base/limits.js";
import type { TlsOptions } from "./certificates.js";
import type { EarOptions } from "./ears.js";
import type { ListenOptions } from "./listen.js";
import { type OriginCheck, type Origins, originCheck } from "./origin-check.js";
import type { UpgradeRequest } from "./upgrade-request.js";

/** A WebSocket listener of its own: `{ port, host }` or `{ socketPath }`. Every other request is answered with 426. */
export type OwnWsOptions = ListenOptions &
  EarOptions &
  UpgradeOptions & {
    /** With TLS. Several certificates are told apart by the name that the client asks for (SNI). Default: without */
    readonly tls?: TlsOptions | readonly TlsOptions[];
    readonly server?: undefined;
  };

/** WebSocket on an HTTP server of somebody else's, which serves a page beside: `node:http`, Express, Fastify. */
export type SharedWsOptions = (ListenOptions | NoListenOptions) &
  UpgradeOptions & {
    /**
     * The server. With `port` or `socketPath` it is opened, unless it listens already, and closed again; without, that is
     * its owner's. Several listeners may share one, each with its own path; what is not theirs stays with others.
     */
    readonly server: HttpServer | HttpsServer;
    readonly tls?: undefined;
    readonly ears?: undefined;
  };

/** The HTTP server's owner sees to where it listens. */
export interface NoListenOptions {
  readonly port?: undefined;
  readonly host?: undefined;
  readonly socketPath?: undefined;
}

/** Where a WebSocket listener listens, and what it takes. */
export type WsOptions = OwnWsOptions | SharedWsOptions;

/** Which upgrades are taken. */
export interface UpgradeOptions {
  /** The path that clients connect to; a query after it is ignored. Default: `/` */
  readonly path?: string;
  /** The greatest length of a frame, which may hold several packets, in bytes. Default: `maxPacketBytes` and its header */
  readonly maxFrameBytes?: number;
  /**
   * Which pages may connect, by the `Origin` that browsers send. Others are refused with 403. A client that sends none is
   * no page, and is taken. Default: pages of the host that the client connects to, whatever their port
   */
  readonly origins?: Origins;
  /**
   * Subprotocols that are spoken, the dearest first. A client that asks for some, none of which is here, is refused with
   * 400. Default: whatever the client asks for first
   */
  readonly subprotocols?: readonly string[];
  /**
   * Judges an upgrade before it is answered: `true` takes it, `false` refuses it with 403, a number from 400 to 599 with
   * that status. A NanowireError that it throws refuses with 403, too, and its code is counted; any other error is logged,
   * and refuses with 500. It may wait as long as the handshake's time lasts. Default: everybody is taken
   */
  readonly verify?: (request: UpgradeRequest) => Awaitable<boolean | number>;
  /**
   * Whether frames may be compressed (permessage-deflate), where the client offers it. It costs memory and time for each
   * such connection. Default: false
   */
  readonly compression?: boolean | CompressionOptions;
}

/** How frames are compressed. */
export interface CompressionOptions {
  /** Turns smaller than this are sent as they are, in bytes. 0 to 1,073,741,824. Default: 1,024 */
  readonly thresholdBytes?: number;
  /** How hard is tried, 1 to 9. Default: 3 */
  readonly level?: number;
  /** The window, as a power of two, 9 to 15: memory for each connection, in each direction. Default: 12 */
  readonly windowBits?: number;
}

/** {@link UpgradeOptions} with everything filled in. */
export interface ResolvedUpgradeOptions {
  readonly path: string;
  readonly maxFrameBytes: number | undefined;
  readonly checkOrigin: OriginCheck;
  readonly subprotocols: readonly string[] | undefined;
  readonly verify: ((request: UpgradeRequest) => Awaitable<boolean | number>) | undefined;
  readonly compression: Required<CompressionOptions> | undefined;
}

/** The names of the options. */
export const upgradeOptionKinds = {
  path: "checked",
  maxFrameBytes: "checked",
  origins: "checked",
  subprotocols: "array",
  verify: "function",
  compression: "checked",
} as const satisfies Record<keyof UpgradeOptions, OptionKind>;

/**
 * Fills in the defaults.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveUpgradeOptions(options: UpgradeOptions): ResolvedUpgradeOptions {
  const { path = "/", maxFrameBytes, origins, subprotocols, verify, compression = false } = options;
  if (typeof path !== "string" || !path.startsWith("/")) {
    throw new NanowireError("invalid_option", `path ${String(path)} does not begin with /`);
  }
  if (maxFrameBytes !== undefined) {
    whole("maxFrameBytes", maxFrameBytes, 64, 1_073_741_824);
  }
  const wrong = subprotocols?.find((name) => typeof name !== "string" || !/^[\w!#$%&'*+.^`|~-]+$/.test(name));
  if (wrong !== undefined) {
    const name = typeof wrong === "string" ? JSON.stringify(wrong) : typeof wrong;
    throw new NanowireError("invalid_option", `subprotocols has ${name}, which is no HTTP token`);
  }
  return {
    path,
    maxFrameBytes,
    checkOrigin: originCheck(origins),
    subprotocols,
    verify,
    compression: resolveCompression(compression),
  };
}

function resolveCompression(given: boolean | CompressionOptions): Required<CompressionOptions> | undefined {
  if (given === false) {
    return undefined;
  }
  const options = given === true ? {} : given;
  assertOptions("compression", options, { thresholdBytes: "checked", level: "checked", windowBits: "checked" });
  const { thresholdBytes = 1_024, level = 3, windowBits = 12 } = options;
  whole("compression.thresholdBytes", thresholdBytes, 0, 1_073_741_824);
  whole("compression.level", level, 1, 9);
  whole("compression.windowBits", windowBits, 9, 15);
  return { thresholdBytes, level, windowBits };
}

/** The path as it stands in a listener's URL. */
export function urlPath({ path }: ResolvedUpgradeOptions): string {
  return path === "/" ? "" : path;
}
