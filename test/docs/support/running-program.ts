import { format } from "node:util";
import { onTestFinished, vi } from "vitest";
import type { ClientConnection } from "../../../runtime/client/client-connection.js";
import { connect } from "../../../runtime/client/connect-node.js";
import type { ConnectOptions } from "../../../runtime/client/connect-options.js";
import type { Server } from "../../../runtime/server/server.js";
import type { Circumstances, PageProgram } from "./page-program.js";

/** A program whose server runs, until the test is over. */
export interface RunningProgram {
  readonly server: Server;
  /** Connects a client to the first listener, by WebSocket; it is closed when the test is over. */
  come(options?: ConnectOptions): Promise<ClientConnection>;
}

/** Runs a program of a page that names its server `server`, and starts that where the program does not. */
export async function runServer<T extends object = object>(
  page: PageProgram,
  words: string,
  exported: readonly string[] = [],
  circumstances: Circumstances = {},
): Promise<T & RunningProgram> {
  const program = await page.run<T & { readonly server: Server }>(words, ["server", ...exported], circumstances);
  const { server } = program;
  onTestFinished(() => (server.health.live ? server.stop() : undefined));
  if (server.state === "stopped") {
    await server.start();
  }
  const come = async (options: ConnectOptions = {}): Promise<ClientConnection> => {
    const connection = await connect(`ws://127.0.0.1:${server.addresses[0]?.port}`, options);
    onTestFinished(() => connection.close());
    return connection;
  };
  return { ...program, come };
}

/** What the programs print, from now on until the test is over; what their servers log is not heard. */
export function printedLines(): string[] {
  const lines: string[] = [];
  const spies = [
    vi.spyOn(console, "log").mockImplementation((...words: unknown[]) => void lines.push(format(...words))),
    ...(["debug", "info", "warn", "error"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(() => {}),
    ),
  ];
  onTestFinished(() => {
    for (const spy of spies) {
      spy.mockRestore();
    }
  });
  return lines;
}
