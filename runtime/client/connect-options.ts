import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { type Logger, silentLogger } from "../base/logger.js";
import { maxBodyBytes } from "../protocol/limits.js";
import { encodePacket } from "../protocol/packet.js";
import * as packetType from "../protocol/packet-type.js";
import type { Capability } from "../protocol/system.js";
import { encodeJson } from "../protocol/utf8.js";
import type { ConnectionStatus } from "./client-connection.js";
import type { ClientSerializer } from "./client-serializer.js";
import { maxTimeoutMs } from "./limits.js";
import { assertNumber, invalidOption } from "./number-option.js";
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
export interface ConnectSettings extends Omit<ConnectOptions, "reconnect" | "user"> {
  readonly serializers: readonly ClientSerializer[];
  /** The packet with the client's handshake. */
  readonly handshake: Uint8Array;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxPacketBytes: number;
  readonly reconnect: ReconnectSettings | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** The client's version, as the handshake tells it: the package's own. */
export const clientVersion = "0.1.0";

/**
 * Checks the options and fills in the defaults.
 *
 * @param machine the machine's clock
 * @throws NanowireError `invalid_option`
 */
export function resolveConnectOptions(options: ConnectOptions, machine: Clock): ConnectSettings {
  const {
    dictVersion,
    serializers = [],
    requestTimeoutMs = 10_000,
    connectTimeoutMs = 10_000,
    maxPacketBytes = 1_048_576,
    logger = silentLogger,
    clock = machine,
  } = options;
  if (
    dictVersion !== undefined &&
    (typeof dictVersion !== "string" || dictVersion === "" || dictVersion.length > 256)
  ) {
    throw invalidOption("dictVersion", dictVersion, "a text of 1 to 256 characters");
  }
  assertNumber("requestTimeoutMs", requestTimeoutMs, 0, maxTimeoutMs);
  assertNumber("connectTimeoutMs", connectTimeoutMs, 0, maxTimeoutMs);
  assertNumber("maxPacketBytes", maxPacketBytes, 256, maxBodyBytes, "an integer");
  const reconnect = resolveReconnectOptions(options.reconnect);
  const handshake = encodeRequest(options, serializers, reconnect);
  return {
    ...options,
    serializers,
    handshake,
    requestTimeoutMs,
    connectTimeoutMs,
    maxPacketBytes,
    reconnect,
    logger,
    clock,
  };
}

function encodeRequest(
  { dictVersion, user }: ConnectOptions,
  serializers: readonly ClientSerializer[],
  reconnect: ReconnectSettings | undefined,
): Uint8Array {
  const capabilities: readonly Capability[] =
    reconnect === undefined
      ? ["ping"]
      : reconnect.resume === undefined
        ? ["drain", "ping"]
        : ["drain", "ping", "resume"];
  const serializer = serializers[0]?.name ?? "protobuf";
  const sys = { type: "nanowire", version: clientVersion, serializer, capabilities, dictVersion };
  try {
    return encodePacket(packetType.handshake, encodeJson({ sys, user }));
  } catch (error) {
    throw new NanowireError("invalid_option", `user cannot be sent: ${String(error)}`, { cause: error });
  }
}
