import { readFile } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  jwtAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import { NanowireError } from "../../base/error.js";
import { type Credentials, type NatsSettings, type ServerAddress, showServer } from "./nats-options.js";

/**
 * Connects to one server of NATS. The connection is not mended when it breaks: another is made then.
 *
 * @param name for NATS's own lists of its clients
 * @throws NanowireError `cluster_failed`, with the server's address
 */
export async function connectNats(
  server: ServerAddress,
  name: string,
  settings: NatsSettings,
): Promise<NatsConnection> {
  const { cluster, connectTimeoutMs, credentials, tls } = settings;
  const address = showServer(server);
  try {
    await reach(server, tls?.handshakeFirst === true, connectTimeoutMs);
    const authentication = await authenticationOf(credentials);
    return await connect({
      ...authentication,
      ...(tls === undefined ? {} : { tls: { ...tls } }),
      servers: [address],
      name,
      // Everything under the cluster's own name: that is what a user needs to be allowed.
      inboxPrefix: `${cluster}.inbox`,
      timeout: connectTimeoutMs,
      reconnect: false,
      ignoreClusterUpdates: true,
      pingInterval: Math.max(leastPingMs, settings.heartbeatMs),
      maxPingOut: 2,
      noAsyncTraces: true,
    });
  } catch (error) {
    throw new NanowireError("cluster_failed", `NATS at ${address}: ${sayingWhy(error)}`, { cause: error });
  }
}

/** What an error of a connection says, in one line. */
export function sayingWhy(error: unknown): string {
  const { message = String(error), code } = Object(error) as { message?: string; code?: unknown };
  const inner = error instanceof AggregateError ? error.errors.map(sayingWhy).join("; ") : "";
  return message || inner || String(code ?? "no reason was given");
}

/** Whether a connection failed because NATS does not know the node, or does not let it in. Trying again is of no use. */
export function isRefusal(error: unknown): boolean {
  const cause = error instanceof NanowireError ? error.cause : error;
  const { name } = Object(cause) as { name?: unknown };
  return name === "AuthorizationError" || name === "UserAuthenticationExpiredError" || name === "RefusedCredentials";
}

/**
 * Sees whether NATS answers there. nats.js leaves a socket open behind each attempt that gets no answer at all: a node that is cut off tries
 * for hours.
 */
function reach({ host, port }: ServerAddress, silent: boolean, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port, timeout: timeoutMs });
    const end = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    };
    const timer = setTimeout(() => end(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.on("error", end);
    socket.on("close", () => end(new Error("it closes the connection at once")));
    // NATS speaks first, unless TLS comes before anything else.
    socket.on(silent ? "connect" : "data", () => end());
  });
}

async function authenticationOf(credentials: Credentials): Promise<NodeConnectionOptions> {
  switch (credentials.kind) {
    case "none":
      return {};
    case "user":
      return { user: credentials.user, pass: credentials.password };
    case "token":
      return { token: credentials.token };
    case "authenticator":
      return { authenticator: credentials.authenticator };
    case "nkey":
      return { authenticator: nkeyAuthenticator(encode(credentials.seed)) };
    case "jwt":
      return {
        authenticator: jwtAuthenticator(
          credentials.jwt,
          credentials.seed === undefined ? undefined : encode(credentials.seed),
        ),
      };
    case "file":
      return { authenticator: await authenticatorOf(credentials.path) };
  }
}

async function authenticatorOf(path: string): Promise<Authenticator> {
  let contents: Uint8Array;
  try {
    contents = await readFile(path);
  } catch (error) {
    throw Object.assign(new Error(`the credentials file ${path} cannot be read: ${sayingWhy(error)}`), {
      name: "RefusedCredentials",
    });
  }
  return credsAuthenticator(contents);
}

/** One that does not answer for three of these is given up: a machine that is busy for a moment is not. */
const leastPingMs = 1_000;

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
