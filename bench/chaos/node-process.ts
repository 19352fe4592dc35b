import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Reply } from "../parent-process.js";
import type { NodeQuestion, NodeReady, NodeSettings, NodeView } from "./node-settings.js";

/** How a node is started. */
export interface NodeStart {
  /** The program: node.ts, as JavaScript. */
  readonly program: string;
  readonly settings: NodeSettings;
  /** A command that the process is started through: `["ip", "netns", "exec", "far"]`. Default: none */
  readonly launcher?: readonly string[];
}

/** A node in a process of its own, which may be stopped, paused and killed at any time. It ends with this process at the latest. */
export class NodeProcess {
  readonly id: string;
  readonly role: NodeSettings["role"];
  readonly #process: ChildProcess;
  /** Who waits for an answer, in the order of the questions. */
  readonly #waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  #url = "";
  #address = "";

  private constructor({ program, settings, launcher = [] }: NodeStart) {
    this.role = settings.role;
    this.id = settings.role === "master" ? "master" : settings.id;
    const [command = process.execPath, ...launcherArgs] = [...launcher, process.execPath];
    this.#process = fork(program, [JSON.stringify(settings)], {
      execPath: command,
      execArgv: launcherArgs,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#process.on("message", (reply) => this.#answered(reply as Reply));
    this.#process.on("error", (error) => this.#failed(error));
    this.#process.on("exit", (code, signal) => this.#failed(new Error(`${this.id} ended (${signal ?? code})`)));
  }

  /**
   * Starts one. Resolved when it is in the cluster.
   *
   * @throws Error when it ends before
   */
  static async start(how: NodeStart): Promise<NodeProcess> {
    const node = new NodeProcess(how);
    try {
      const { url, address } = await node.#ask<NodeReady>({ ask: "ready" });
      node.#url = url;
      node.#address = address;
      return node;
    } catch (error) {
      await node.kill();
      throw error;
    }
  }

  /** Of a gate: where clients connect. */
  get url(): string {
    return this.#url;
  }

  /** Of a master: where it listens, `host:port`. */
  get address(): string {
    return this.#address;
  }

  /** What it believes. */
  view(): Promise<NodeView> {
    return this.#ask({ ask: "view" });
  }

  /**
   * Has it leave, and end. Resolved when it has left.
   *
   * @param url where the clients of a gate are to go
   */
  async stop(graceMs: number, url?: string): Promise<void> {
    await this.#ask({ ask: "stop", graceMs, ...(url === undefined ? {} : { url }) });
    await this.kill();
  }

  /** Lets it stand still. */
  pause(): void {
    this.#process.kill("SIGSTOP");
  }

  /** Lets it go on. */
  resume(): void {
    this.#process.kill("SIGCONT");
  }

  /** Ends it without a word. Resolved when it is gone; at once when it is already. */
  async kill(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#process;
    if (exitCode === null && signalCode === null && pid !== undefined) {
      const gone = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await gone;
    }
  }

  #ask<Answer>(question: NodeQuestion): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (!this.#process.connected) {
        reject(new Error(`${this.id} is gone, and cannot be asked`));
        return;
      }
      this.#waiting.push({ resolve: (value) => resolve(value as Answer), reject });
      this.#process.send(question, (error) => error === null || this.#failed(error));
    });
  }

  #answered(reply: Reply): void {
    const waiting = this.#waiting.shift();
    if ("error" in reply) {
      waiting?.reject(new Error(`${this.id}: ${reply.error}`));
    } else {
      waiting?.resolve(reply.value);
    }
  }

  #failed(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(error);
    }
  }
}
