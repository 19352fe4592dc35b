import { onTestFinished } from "vitest";
import type { ServerOptions } from "../../runtime/server/options.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { Client, type HandshakeAnswer } from "./client.js";
import { SteppedClock } from "./clock.js";
import { KeptLog } from "./log.js";
import { components, echo, type Services } from "./service.js";

/** The transports that there are. */
export const transportNames = ["memory", "tcp", "ws"] as const;

/** A transport's name. */
export type TransportName = (typeof transportNames)[number];

/** Makes a transport; one with a port takes a free one. */
export function transportOf(name: TransportName): Transport {
  // Where the machine is busy more ears would say so in the log.
  const loopback = { host: "127.0.0.1", port: 0, ears: 1 };
  return name === "memory" ? memory() : name === "tcp" ? tcp(loopback) : ws(loopback);
}

/** What is told beside the options: everything of {@link ServerOptions}, services instead of components, one transport. */
export interface TestServerOptions extends Partial<ServerOptions> {
  readonly services?: Services;
  /** Routes of the dictionary that are no method's. */
  readonly extraRoutes?: readonly string[];
  /** Default: memory. */
  readonly transport?: TransportName | Transport;
  /** Whether the server outlives the test: its maker stops it. */
  readonly keepRunning?: boolean;
  /** Called before the start: pipelines are filled here. */
  readonly prepare?: (server: Server) => void;
}

/** A server that runs, and is stopped when the test is over. */
export interface TestServer {
  readonly server: Server;
  readonly transport: Transport;
  readonly log: KeptLog;
  readonly clock: SteppedClock;
  /** Connects a client that says nothing. */
  open(): Promise<Client>;
  /** Connects a client whose handshake was taken. */
  enter(handshake?: string | object): Promise<Client & { readonly answered: HandshakeAnswer }>;
}

/** Starts a server, with a clock that is stepped by hand and without heartbeats and a message rate unless the options say so. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { services = echo, extraRoutes = [], transport: wanted = "memory", prepare, keepRunning, ...rest } = options;
  const transport = typeof wanted === "string" ? transportOf(wanted) : wanted;
  const clock = new SteppedClock();
  const log = new KeptLog();
  const server = createServer({
    components: components(services, extraRoutes),
    listen: [transport],
    logger: log,
    clock,
    heartbeatIntervalMs: 0,
    // The clock stands still: nobody would ever be given a second second's messages.
    maxMessagesPerSecond: 1_000_000,
    ...rest,
  });
  prepare?.(server);
  await server.start();
  if (keepRunning !== true) {
    onTestFinished(() => (server.state === "running" ? server.stop() : undefined));
  }
  return {
    server,
    transport,
    log,
    clock,
    open: () => Client.open(transport),
    async enter(handshake) {
      const client = await Client.open(transport);
      const answered = await client.enter(handshake);
      return Object.assign(client, { answered });
    },
  };
}
