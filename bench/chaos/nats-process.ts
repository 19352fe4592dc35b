import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A nats-server that is killed and started again, with a store of its own. NATS_SERVER names another one than /usr/sbin/nats-server. */
export class NatsProcess {
  readonly #host: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "nanowire-chaos-"));
  #process: ChildProcess | undefined;
  #port = "-1";

  private constructor(host: string) {
    this.#host = host;
  }

  /**
   * Starts one, on a free port.
   *
   * @throws Error when it is not there, or ends before it is ready
   */
  static async start(host: string): Promise<NatsProcess> {
    const server = new NatsProcess(host);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://${this.#host}:${this.#port}`;
  }

  /** Starts it again, on the port that it had. */
  async start(): Promise<void> {
    const program = process.env["NATS_SERVER"] ?? "/usr/sbin/nats-server";
    const args = ["-a", this.#host, "-p", this.#port, "-js", "-sd", this.#store];
    const server = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#process = server;
    const log: string[] = [];
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.once("exit", (code) => reject(new Error(`nats-server ended with ${code}:\n${log.join("\n")}`)));
      createInterface(server.stderr).on("line", (line) => {
        log.push(line);
        this.#port = /Listening for client connections on [^ ]*:(\d+)/.exec(line)?.[1] ?? this.#port;
        if (line.includes("Server is ready")) {
          resolve();
        }
      });
    });
  }

  /** Ends it without a word. Resolved when it is gone. */
  async kill(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const gone = once(server, "exit");
      server.kill("SIGKILL");
      await gone;
    }
  }

  /** Removes what it stored, while it is gone. */
  loseStore(): void {
    rmSync(this.#store, { recursive: true, force: true });
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #store(): string {
    return join(this.#folder, "store");
  }
}
