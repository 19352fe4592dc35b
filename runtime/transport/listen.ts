import type { AddressInfo, Server } from "node:net";
import { NanowireError } from "../base/error.js";
import type { ListenAddress } from "./transport.js";

/** Where a listener listens. */
export interface ListenOptions {
  /** The port, 0 to 65535; 0 takes a free one, which `server.addresses` tells. */
  readonly port: number;
  /** The address to listen on. Default: every address of the machine. */
  readonly host?: string;
}

/**
 * Begins to listen.
 *
 * @throws NanowireError `listen_failed` when the port is taken or the address is not the machine's, and
 * `invalid_option` for a port that does not exist
 */
export async function listen(server: Server, { port, host }: ListenOptions): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new NanowireError("invalid_option", `port ${port} is not an integer from 0 to 65535`);
  }
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const where = host === undefined ? `port ${port}` : `${host}:${port}`;
    throw new NanowireError("listen_failed", `cannot listen on ${where}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Takes no more connections. Resolved when the port is free; the connections that are open stay. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The callback comes when the last connection has ended; the port is free when close() returns.
    server.close();
    setImmediate(resolve);
  });
}

/** Where a server listens, or undefined when it does not. */
export function listenAddress(
  server: Server,
  transport: string,
  scheme: string,
  path: string,
): ListenAddress | undefined {
  const address = server.address() as AddressInfo | string | null;
  if (address === null || typeof address === "string") {
    return undefined;
  }
  const { address: host, port, family } = address;
  const everywhere = host === "::" || host === "0.0.0.0";
  const name = everywhere ? "127.0.0.1" : family === "IPv6" ? `[${host}]` : host;
  return { transport, host, port, url: `${scheme}://${name}:${port}${path}` };
}
