import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A NATS server of the demo's own. */
export interface NatsServer {
  readonly url: string;
  /** Ends it, and removes what it stored. */
  stop(): Promise<void>;
}

/**
 * Starts nats-server with JetStream, on a free port of 127.0.0.1. NATS_SERVER names another one than /usr/sbin/nats-server.
 *
 * @throws Error when it is not there
 */
export function startNatsServer(): Promise<NatsServer> {
  const program = process.env["NATS_SERVER"] ?? "/usr/sbin/nats-server";
  const store = mkdtempSync(join(tmpdir(), "nanowire-demo-"));
  const server = spawn(program, ["-a", "127.0.0.1", "-p", "-1", "-js", "-sd", store], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  let port = "";
  return new Promise((resolve, reject) => {
    server.once("error", () => {
      rmSync(store, { recursive: true, force: true });
      reject(
        new Error(`there is no ${program}: scripts/install-nats-server.sh installs it, NATS_SERVER names another`),
      );
    });
    createInterface(server.stderr).on("line", (line) => {
      port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? port;
      if (line.includes("Server is ready")) {
        const stop = async (): Promise<void> => {
          server.kill("SIGTERM");
          await ended;
          rmSync(store, { recursive: true, force: true });
        };
        resolve({ url: `nats://127.0.0.1:${port}`, stop });
      }
    });
  });
}
