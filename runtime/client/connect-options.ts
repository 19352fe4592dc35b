import { type Clock, systemClock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { type Logger, silentLogger } from "../base/logger.js";
import { encodeHandshake } from "../protocol/handshake.js";
import { encodePacket, maxBodyBytes, PacketType } from "../protocol/packet.js";
import type { Capability } from "../protocol/system.js";
import type { ConnectionStatus } from "./client-connection.js";
import type { ClientSerializer } from "./client-serializer.js";
import { type ReconnectOptions, type ReconnectSettings, resolveReconnectOptions } from "./reconnect-options.js";

/** What `connect` may be told. */
export interface ConnectOptions {
  /**
   * The hash of the route dictionary that the client was generated with: `dictVersion` of `generated/routes.ts`. A
   * server that has the same dictionary does not send it then, and routes travel as codes. 1 to 256 characters. Default:
   * none; the server sends its dictionary, when it has one.
   */
  readonly dictVersion?: string;
  /**
   * What the client speaks besides protobuf, each made by {@link clientSerializer}. It asks for the first; the server's answer
   * chooses one of them, or protobuf. Default: none.
   */
  readonly serializers?: readonly ClientSerializer[];
  /** Data for the application on the server, anything that JSON can say. Default: none. */
  readonly user?: unknown;
  /** Milliseconds to wait for an answer, where a call says nothing else; 0: for ever. To 2,147,483,647. Default: 10,000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds for connecting and the handshake together; 0: for ever. To 2,147,483,647. Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /**
   * The most bytes of a packet's body that the server may send, and of a compressed payload when it is inflated. 256 to
   * 16,777,215. Default: 1,048,576.
   */
  readonly maxPacketBytes?: number;
  /**
   * The issuers of certificates that are trusted with `wss://` and `tls://`, as PEM, in Node; a browser has its own list.
   * Default: Node's, and those of `NODE_EXTRA_CA_CERTS`.
   */
  readonly ca?: string | Uint8Array;
  /**
   * Gives up connecting: `connect` rejects with `canceled`. With `reconnect` it ends the connection for good, whatever it is at; without,
   * it has no effect once connected. Default: none.
   */
  readonly signal?: AbortSignal;
  /**
   * Whether the connection is made again when it breaks, and how; `true`: with every default. Off by default: a server knows nothing of a client that comes
   * back, so a program that turns this on logs in again in `onReconnected`, or needs no login. Default: false.
   */
  readonly reconnect?: boolean | ReconnectOptions;
  /** Told of every state from the first attempt on, as by `connection.onState`. Default: none. */
  readonly onState?: (status: ConnectionStatus) => void;
  /** Told what happens, never a payload. Default: `silentLogger`. */
  readonly logger?: Logger;
  /** Time; a test hands in its own. Default: the machine's. */
  readonly clock?: Clock;
}

/** The options with every default filled in. */
export interface ConnectSettings {
  readonly dictVersion: string | undefined;
  readonly serializers: readonly ClientSerializer[];
  /** The packet with the client's handshake. */
  readonly handshake: Uint8Array;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxPacketBytes: number;
  readonly ca: string | Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
  readonly reconnect: ReconnectSettings | undefined;
  readonly onState: ((status: ConnectionStatus) => void) | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** The client's version, as the handshake tells it: the package's own. */
export const clientVersion = "0.1.0";

/** The longest time that a timer takes. */
export const maxTimeoutMs = 2_147_483_647;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveConnectOptions(options: ConnectOptions): ConnectSettings {
  const { dictVersion, requestTimeoutMs = 10_000, connectTimeoutMs = 10_000, maxPacketBytes = 1_048_576 } = options;
  if (
    dictVersion !== undefined &&
    (typeof dictVersion !== "string" || dictVersion === "" || dictVersion.length > 256)
  ) {
    throw invalidOption("dictVersion", dictVersion, "a text of 1 to 256 characters");
  }
  assertTimeout("requestTimeoutMs", requestTimeoutMs);
  assertTimeout("connectTimeoutMs", connectTimeoutMs);
  if (!Number.isInteger(maxPacketBytes) || maxPacketBytes < 256 || maxPacketBytes > maxBodyBytes) {
    throw invalidOption("maxPacketBytes", maxPacketBytes, `an integer from 256 to ${maxBodyBytes}`);
  }
  const { serializers = [] } = options;
  const reconnect = resolveReconnectOptions(options.reconnect);
  const capabilities: readonly Capability[] =
    reconnect === undefined
      ? ["ping"]
      : reconnect.resume === undefined
        ? ["drain", "ping"]
        : ["drain", "ping", "resume"];
  return {
    dictVersion,
    serializers,
    handshake: encodeRequest(serializers[0]?.name ?? "protobuf", dictVersion, options.user, capabilities),
    requestTimeoutMs,
    connectTimeoutMs,
    maxPacketBytes,
    ca: options.ca,
    signal: options.signal,
    reconnect,
    onState: options.onState,
    logger: options.logger ?? silentLogger,
    clock: options.clock ?? systemClock,
  };
}

/**
 * Refuses what is no time-out.
 *
 * @throws NanowireError `invalid_option`
 */
export function assertTimeout(name: string, value: number): void {
  if (!(value >= 0 && value <= maxTimeoutMs)) {
    throw invalidOption(name, value, `a number of milliseconds from 0 (for ever) to ${maxTimeoutMs}`);
  }
}

function encodeRequest(
  serializer: string,
  dictVersion: string | undefined,
  user: unknown,
  capabilities: readonly Capability[],
): Uint8Array {
  const sys = { type: "nanowire", version: clientVersion, serializer, capabilities };
  let body: Uint8Array;
  try {
    body = encodeHandshake({ sys: dictVersion === undefined ? sys : { ...sys, dictVersion }, user });
  } catch (error) {
    throw new NanowireError("invalid_option", "user cannot be written as JSON", { cause: error });
  }
  if (body.length > maxBodyBytes) {
    throw new NanowireError(
      "invalid_option",
      `user makes a handshake of ${body.length} bytes, more than ${maxBodyBytes}`,
    );
  }
  return encodePacket(PacketType.handshake, body);
}

function invalidOption(name: string, value: unknown, limit: string): NanowireError {
  return new NanowireError("invalid_option", `${name} ${String(value)} is not ${limit}`);
}
