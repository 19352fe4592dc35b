import { type Component, createServer, type Server, type ServerOptions, silentLogger, tcp, ws } from "nanowire";

/**
 * A server as a user writes it, with default options but for the limits that keep one machine from being a thousand busy
 * clients, and a logger that says nothing. It listens on a port of its own.
 *
 * @param transport `ws`, or `tcp`
 */
export function benchServer(
  transport: string | undefined,
  components: readonly Component[],
  options: Partial<ServerOptions> = {},
): Server {
  const listen = transport === "ws" ? ws : tcp;
  return createServer({
    components,
    listen: [listen({ port: 0, host: "127.0.0.1" })],
    ...manyBusyClients,
    ...options,
  });
}

/** The limits, and the logger. */
export const manyBusyClients = {
  logger: silentLogger,
  maxConnections: 1_000_000,
  maxConnectionsPerAddress: 1_000_000,
  maxMessagesPerSecond: 1_000_000,
} as const;
