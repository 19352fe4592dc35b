import { fileURLToPath } from "node:url";
import { createServer, type Logger, ws } from "nanowire";
import { createPageServer } from "../page-server.js";
import { Pond } from "./pond.js";

/** What {@link startPond} takes. */
export interface PondOptions {
  /** The port of the page and of WebSocket; 0 takes a free one. */
  readonly port: number;
  /** The address to listen on. Default: every address of the machine */
  readonly host?: string;
  /** Where the server says what happens. Default: the console */
  readonly logger?: Logger;
  /** Where the bundled page is. Default: `page/` beside this module, where `npm run build` puts it */
  readonly pageDirectory?: string;
}

/** A pond that runs. */
export interface RunningPond {
  /** The page: `http://127.0.0.1:3260/`. */
  readonly url: string;
  /** For clients over WebSocket. */
  readonly webSocketUrl: string;
  stop(): Promise<void>;
}

/**
 * Starts a pond: the page and WebSocket on one port.
 *
 * @throws NanowireError `listen_failed` when the port is taken
 */
export async function startPond(options: PondOptions): Promise<RunningPond> {
  const { port, host, logger, pageDirectory = fileURLToPath(new URL("page", import.meta.url)) } = options;
  const http = await createPageServer(pageDirectory);
  const server = createServer({
    components: [new Pond()],
    listen: [ws({ port, server: http, ...(host === undefined ? {} : { host }) })],
    ...(logger === undefined ? {} : { logger }),
  });
  await server.start();
  const [address] = server.addresses;
  const webSocketUrl = address?.url ?? "";
  return {
    url: `${webSocketUrl.replace(/^ws:/, "http:")}/`,
    webSocketUrl,
    async stop() {
      await server.stop();
      http.closeAllConnections();
    },
  };
}
