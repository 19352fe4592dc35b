import { fileURLToPath } from "node:url";
import { createServer, type Logger, type Server, tcp, ws } from "nanowire";
import { createPageServer } from "../page-server.js";
import { Room } from "./room.js";

/** What {@link startChat} takes. */
export interface ChatOptions {
  /** The port of the page and of WebSocket, which share it; 0 takes a free one. */
  readonly port: number;
  /** The port of TCP; 0 takes a free one. */
  readonly tcpPort: number;
  /** The address to listen on. Default: every address of the machine */
  readonly host?: string;
  /** Where the server says what happens. Default: the console */
  readonly logger?: Logger;
  /** Where the bundled page is. Default: `page/` beside this module, where `npm run build` puts it */
  readonly pageDirectory?: string;
}

/** A chat server that runs. */
export interface Chat {
  /** The page: `http://127.0.0.1:3250/`. */
  readonly url: string;
  /** For clients over WebSocket: `ws://127.0.0.1:3250`. */
  readonly webSocketUrl: string;
  /** For clients over TCP: `tcp://127.0.0.1:3251`. */
  readonly tcpUrl: string;
  /** Closes every connection and frees the ports. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

/**
 * Starts the chat: the page and WebSocket on one port, TCP on another.
 *
 * @throws NanowireError `listen_failed` when a port is taken, `invalid_option` when there is no such port
 */
export async function startChat(options: ChatOptions): Promise<Chat> {
  const { port, tcpPort, logger, pageDirectory = fileURLToPath(new URL("page", import.meta.url)) } = options;
  const host = options.host === undefined ? {} : { host: options.host };
  const http = await createPageServer(pageDirectory);
  const server = createServer({
    components: [new Room()],
    listen: [ws({ port, server: http, ...host }), tcp({ port: tcpPort, ...host })],
    ...(logger === undefined ? {} : { logger }),
  });
  await server.start();

  const webSocketUrl = urlOf(server, "ws");
  let stopped: Promise<void> | undefined;
  return {
    url: `${webSocketUrl.replace(/^ws:/, "http:")}/`,
    webSocketUrl,
    tcpUrl: urlOf(server, "tcp"),
    stop: () => {
      stopped ??= server.stop().then(() => http.closeAllConnections());
      return stopped;
    },
  };
}

function urlOf(server: Server, transport: string): string {
  const address = server.addresses.find((candidate) => candidate.transport === transport);
  if (address === undefined) {
    throw new Error(`the server does not listen on ${transport}`);
  }
  return address.url;
}
