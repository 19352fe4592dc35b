import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { processCpuMicros } from "./process-cpu.js";

/** A nats-server of the bench's own, with JetStream, on a free port and with a store that goes with it. */
export class NatsServer {
  readonly #process: ChildProcess;
  readonly #store: string;
  readonly port: number;

  private constructor(process: ChildProcess, store: string, port: number) {
    this.#process = process;
    this.#store = store;
    this.port = port;
  }

  /**
   * Starts one; resolved when it takes clients.
   *
   * @param launcher a command that it is started through
   */
  static async start(launcher: readonly string[]): Promise<NatsServer> {
    const store = mkdtempSync(join(tmpdir(), "nanowire-bench-nats-"));
    const [command = "", ...args] = [...launcher, natsServerPath(), "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", store];
    const server = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    try {
      return new NatsServer(server, store, await portOf(server));
    } catch (error) {
      server.kill("SIGKILL");
      rmSync(store, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** The CPU time that it has used. */
  cpuMicros(): number {
    return processCpuMicros(this.#process.pid as number);
  }

  /** Ends it, and removes its store. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#store, { recursive: true, force: true });
  }
}

/** Why there is no NATS to be had; undefined: there is one. */
export function missingNats(): string | undefined {
  return existsSync(natsServerPath()) ? undefined : "`scripts/install-nats-server.sh` installs nats-server";
}

function natsServerPath(): string {
  return process.env["NATS_SERVER"] ?? "/usr/sbin/nats-server";
}

function portOf(server: ChildProcess): Promise<number> {
  const said: string[] = [];
  let port = 0;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`nats-server ended with ${code}:\n${said.join("\n")}`)));
    createInterface({ input: server.stderr as NodeJS.ReadableStream }).on("line", (line) => {
      said.push(line);
      const [, listening] = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      port = Number(listening ?? port);
      if (line.includes("Server is ready")) {
        resolve(port);
      }
    });
  });
}
