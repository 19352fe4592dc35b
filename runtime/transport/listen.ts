import cluster from "node:cluster";
import { chmod, lstat, unlink } from "node:fs/promises";
import { type AddressInfo, connect, type ListenOptions as NodeListenOptions, type Server } from "node:net";
import type { OptionKind } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { unixAddress } from "./networks.js";
import type { ListenAddress } from "./transport.js";

/** Where a listener listens: on a port, or on a Unix socket. */
export type ListenOptions = PortOptions | SocketPathOptions;

/** A port to listen on. */
export interface PortOptions {
  /**
   * The port, 0 to 65535; 0 takes a free one, which `server.addresses` tells. Workers of node:cluster, such as the processes of `nanowire up`, share one that is named:
   * each client comes to one of them.
   */
  readonly port: number;
  /** The address to listen on. Default: every address of the machine. */
  readonly host?: string;
  readonly socketPath?: undefined;
}

/** A Unix socket to listen on, for clients on the same machine: a proxy, for one. */
export interface SocketPathOptions {
  /**
   * Where the socket's file is to be: 1 to 107 bytes, 103 on macOS. One that a process left behind when it died is
   * replaced; the file is removed when the listener is closed.
   */
  readonly socketPath: string;
  /** Who may connect, as the rights of the file: `0o660`. Default: what the process's umask says */
  readonly socketMode?: number;
  readonly port?: undefined;
  readonly host?: undefined;
}

/** The names of the options. */
export const listenOptionKinds = {
  port: "checked",
  host: "string",
  socketPath: "checked",
  socketMode: "checked",
} as const satisfies Record<string, OptionKind>;

/**
 * Refuses what is no place to listen on.
 *
 * @throws NanowireError `invalid_option`
 */
export function assertListenOptions({
  port,
  socketPath,
  socketMode,
}: {
  readonly port?: unknown;
  readonly socketPath?: unknown;
  readonly socketMode?: unknown;
}): void {
  if (socketPath === undefined) {
    if (!Number.isInteger(port) || Number(port) < 0 || Number(port) > 65_535) {
      throw new NanowireError("invalid_option", `port ${String(port)} is not an integer from 0 to 65535`);
    }
  } else if (port !== undefined) {
    throw new NanowireError(
      "invalid_option",
      `there are a port ${String(port)} and a socketPath ${String(socketPath)}: a listener has one of them`,
    );
  } else if (typeof socketPath !== "string" || socketPath === "" || socketPath.includes("\0")) {
    throw new NanowireError(
      "invalid_option",
      `socketPath ${typeof socketPath === "string" ? JSON.stringify(socketPath) : String(socketPath)} is no path`,
    );
  } else if (Buffer.byteLength(socketPath) > mostPathBytes) {
    // The system would cut it off.
    throw new NanowireError(
      "invalid_option",
      `socketPath ${socketPath} has ${Buffer.byteLength(socketPath)} bytes, more than ${mostPathBytes}`,
    );
  }
  if (
    socketMode !== undefined &&
    !(Number.isInteger(socketMode) && Number(socketMode) >= 0 && Number(socketMode) <= 0o777)
  ) {
    throw new NanowireError("invalid_option", `socketMode ${String(socketMode)} is not an integer from 0 to 0o777`);
  }
}

/** What `sun_path` of the system holds, less its end. */
const mostPathBytes = process.platform === "darwin" ? 103 : 107;

/**
 * Begins to listen.
 *
 * @throws NanowireError `listen_failed` when the port or the path is taken, or the address is not the machine's, and
 * `invalid_option` for a place that cannot be
 */
export async function listen(server: Server, options: ListenOptions): Promise<void> {
  assertListenOptions(options);
  const { port, host, socketPath } = options;
  const where = socketPath ?? (host === undefined ? `port ${port}` : `${host}:${port}`);
  try {
    if (socketPath === undefined) {
      // Workers of node:cluster share a port that is named; a free one is each one's own, as without a cluster.
      await begin(server, { port, exclusive: port === 0, ...(host === undefined ? {} : { host }) });
    } else {
      await beginOnPath(server, socketPath);
      if (options.socketMode !== undefined) {
        await chmod(socketPath, options.socketMode);
      }
    }
  } catch (error) {
    if (server.listening) {
      server.close();
    }
    throw new NanowireError("listen_failed", `cannot listen on ${where}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function begin(server: Server, options: NodeListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListening = (): void => {
      server.off("error", onError);
      resolve();
    };
    const onError = (error: Error): void => {
      server.off("listening", onListening);
      reject(error);
    };
    server.once("listening", onListening);
    server.once("error", onError);
    server.listen(options);
  });
}

/** Replaces the socket of a process that is no more: nobody answers there. */
async function beginOnPath(server: Server, path: string): Promise<void> {
  try {
    await begin(server, { path });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || !(await lstat(path)).isSocket()) {
      throw error;
    }
    if (!(await answers(path))) {
      await unlink(path);
    } else if (!cluster.isWorker) {
      throw error;
    }
    // A worker of node:cluster that asks a second time shares what another one got when it did: after a file that was left behind, say.
    await begin(server, { path });
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED"));
  });
}

/** Takes no more connections. Resolved when the port is free; the connections that are open stay. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The callback comes when the last connection has ended; the port is free when close() returns.
    server.close();
    setImmediate(resolve);
  });
}

/**
 * Where a server listens, or undefined when it does not.
 *
 * @param path of the URL
 */
export function listenAddress(
  server: Server,
  transport: string,
  scheme: string,
  path: string,
): ListenAddress | undefined {
  const address = server.address() as AddressInfo | string | null;
  if (address === null) {
    return undefined;
  }
  if (typeof address === "string") {
    // As the package ws writes it: the socket's path, then the URL's.
    const url = `${scheme}+unix://${encodeURI(address).replace(/[?#]/g, encodeURIComponent)}${path === "" ? "" : `:${path}`}`;
    return { transport, host: unixAddress, port: 0, socketPath: address, url };
  }
  const { address: host, port, family } = address;
  const everywhere = host === "::" || host === "0.0.0.0";
  const name = everywhere ? "127.0.0.1" : family === "IPv6" ? `[${host}]` : host;
  return { transport, host, port, url: `${scheme}://${name}:${port}${path}` };
}
