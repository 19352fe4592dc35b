import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** How a server is started. */
export interface NatsServerOptions {
  /** Whether it has JetStream. Default: true */
  readonly jetStream?: boolean;
  /** What its configuration says besides: `max_payload: 4096`. */
  readonly config?: string;
}

/** A nats-server of a test's own, on a port and with a store of its own. */
export class NatsServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "nanowire-nats-"));
  readonly #options: NatsServerOptions;
  #process: ChildProcess | undefined;
  /** What it says, the newest last. */
  readonly log: string[] = [];
  port = 0;

  private constructor(options: NatsServerOptions) {
    this.#options = options;
  }

  /** Starts one, on a free port. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
    try {
      await server.start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it again, on the port that it had. */
  async start(): Promise<void> {
    const { jetStream = true, config = "" } = this.#options;
    const file = join(this.#folder, "nats.conf");
    writeFileSync(file, config);
    const port = this.port === 0 ? "-1" : String(this.port);
    const server = spawn(
      process.env["NATS_SERVER"] ?? "/usr/sbin/nats-server",
      ["-c", file, "-a", "127.0.0.1", "-p", port, ...(jetStream ? ["-js", "-sd", join(this.#folder, "store")] : [])],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#process = server;
    const lines = createInterface({ input: server.stderr });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.once("exit", (code) => reject(new Error(`nats-server ended with ${code}:\n${this.log.join("\n")}`)));
      lines.on("line", (line) => {
        this.log.push(line);
        const [, listening] = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
        this.port = Number(listening ?? this.port);
        if (line.includes("Server is ready")) {
          resolve();
        }
      });
    });
  }

  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  /** Ends it, and waits until it is gone. Its store stays. */
  async stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const gone = once(server, "exit");
      server.kill(signal);
      await gone;
    }
  }

  /** Removes what it stored; only while it is stopped. */
  loseStore(): void {
    rmSync(join(this.#folder, "store"), { recursive: true, force: true });
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
