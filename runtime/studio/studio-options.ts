import { isIPv4, isIPv6 } from "node:net";
import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { type Descriptors, type DescriptorsFile, readDescriptorsFile } from "../protocol/descriptors-file.js";

/** What {@link studio} takes. */
export interface StudioOptions {
  /**
   * The port of its HTTP listener, 0 to 65535; 0 takes a free one, which {@link Studio.url} tells. `false`: it has none, and the program hands it requests: {@link Studio.handle}.
   * Default: 7350
   */
  readonly port?: number | false;
  /** The address to listen on. Any other than this machine's own (`127.0.0.1`, `::1`) needs a token. Default: `127.0.0.1` */
  readonly host?: string;
  /**
   * What whoever looks in has to know, 16 to 256 characters: `Authorization: Bearer …`. Take it from the environment, `openssl rand -hex 24` makes one. Default: none; the studio is
   * then for this machine alone, and is not there where `NODE_ENV` is `production`
   */
  readonly token?: string;
  /** What `nanowire generate --descriptors FILE` writes: messages are shown by it, and forms made. Default: none; messages are bytes then */
  readonly descriptors?: Descriptors;
  /** What the page calls the server, 1 to 64 characters. Default: `nanowire` */
  readonly title?: string;
  /**
   * Host names by which the studio is reached, besides `localhost` and addresses: a request for any other is refused, so that no page of a stranger's domain that points
   * here gets in. Default: none
   */
  readonly hostNames?: readonly string[];
  /** Whether nobody can kick or drain. Default: false */
  readonly readOnly?: boolean;
  /** Whether what messages hold is shown, but for what is marked `debug_redact`, which never is. Default: true */
  readonly payloads?: boolean;
  /** Whether the server measures itself for the charts, where it has no reporter of metrics: docs/metrics.md says what that costs. Default: true */
  readonly charts?: boolean;
}

/** The options with everything filled in. */
export interface StudioSettings {
  readonly port: number | false;
  readonly host: string;
  readonly token: string | undefined;
  /** Whether it is there at all. */
  readonly on: boolean;
  readonly descriptors: DescriptorsFile | undefined;
  readonly title: string;
  readonly hostNames: ReadonlySet<string>;
  readonly readOnly: boolean;
  readonly payloads: boolean;
  readonly charts: boolean;
}

/** @throws NanowireError `invalid_option` */
export function resolveStudioOptions(options: StudioOptions): StudioSettings {
  assertOptions("studio", options, {
    port: "checked",
    host: "string",
    token: "secret",
    descriptors: "checked",
    title: "string",
    hostNames: "array",
    readOnly: "boolean",
    payloads: "boolean",
    charts: "boolean",
  });
  const { port = 7350, host = "127.0.0.1", token, descriptors, title = "nanowire", hostNames = [] } = options;
  if (port !== false && (!Number.isInteger(port) || port < 0 || port > 65_535)) {
    const message = `studio.port ${String(port)} is not an integer from 0 to 65535, or false`;
    throw new NanowireError("invalid_option", message);
  }
  if (title.length < 1 || title.length > 64) {
    throw new NanowireError("invalid_option", `studio.title of ${title.length} characters is not one of 1 to 64`);
  }
  assertToken(token, port === false || !isLoopback(host), port === false ? "port is false" : `host is ${host}`);
  return {
    port,
    host,
    token,
    on: token !== undefined || process.env["NODE_ENV"] !== "production",
    descriptors: descriptors === undefined ? undefined : readDescriptorsFile(descriptors),
    title,
    hostNames: new Set(hostNames.map(hostName)),
    readOnly: options.readOnly ?? false,
    payloads: options.payloads ?? true,
    charts: options.charts ?? true,
  };
}

function assertToken(token: string | undefined, isNeeded: boolean, why: string): void {
  if (token === undefined) {
    if (isNeeded) {
      throw new NanowireError("invalid_option", `studio.token is missing: ${why}, and whoever gets there would get in`);
    }
  } else if (!/^[\x21-\x7e]{16,256}$/.test(token)) {
    const message = `studio.token of ${token.length} characters is not 16 to 256 characters of ASCII without spaces`;
    throw new NanowireError("invalid_option", message);
  }
}

/** Whether only this machine gets there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Whether it is an address and no name: of a name a stranger may say where it leads. */
export function isAddress(host: string): boolean {
  return isIPv4(host) || isIPv6(host);
}

function hostName(name: unknown, index: number): string {
  if (typeof name !== "string" || !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(name)) {
    const message = `studio.hostNames[${index}] ${String(name)} is no host name such as studio.example.com`;
    throw new NanowireError("invalid_option", message);
  }
  return name.toLowerCase();
}
