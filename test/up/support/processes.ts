import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { onTestFinished } from "vitest";
import type { ClientConnection } from "../../../runtime/client/client-connection.js";
import { connect } from "../../../runtime/client/index.js";
import type { ReconnectOptions } from "../../../runtime/client/reconnect-options.js";
import { type Up, type UpOptions, up } from "../../../runtime/up/up.js";
import type { UpConfig } from "../../../runtime/up/up-config.js";
import type { UpEvent, UpLine } from "../../../runtime/up/up-events.js";
import { text } from "../../client/support/text-codec.js";

/** Asks a process for its name. */
export const who = { route: "S.who", code: 1, request: text, response: text };

/** Has a process end with code 7. */
export const die = { route: "S.die", code: 2, request: text, response: text };

/** What runs in this process, and what it told. */
export interface Running {
  readonly up: Up;
  readonly events: readonly UpEvent[];
  readonly lines: readonly UpLine[];
}

/** Runs {@link up}; every process is gone with the test. */
export function start(config: UpConfig, options: UpOptions = {}): Running {
  const events: UpEvent[] = [];
  const lines: UpLine[] = [];
  const running = up(config, {
    onEvent: (event) => void events.push(event),
    onLine: (line) => void lines.push(line),
    ...options,
  });
  onTestFinished(() => running.kill());
  return { up: running, events, lines };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A client, which is gone with the test. */
export async function client(port: number, reconnect?: ReconnectOptions): Promise<ClientConnection> {
  const connection = await connect(`ws://127.0.0.1:${port}`, reconnect === undefined ? {} : { reconnect });
  onTestFinished(() => connection.close());
  return connection;
}

/** Comes again and again until every one of the processes has answered: a client of each. */
export async function clientOfEach(
  port: number,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, ClientConnection>> {
  const found = new Map<string, ClientConnection>();
  while (!nodes.every((node) => found.has(node))) {
    const connection = await client(port);
    found.set(await connection.request(who, ""), connection);
  }
  return found;
}

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
