import cluster, { type Worker } from "node:cluster";
import type { Awaitable } from "../base/awaitable.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import { readLines } from "./read-lines.js";
import type { ResolvedUpRole } from "./up-config.js";
import type { UpLine } from "./up-events.js";
import { isReadyMessage, variables } from "./up-worker.js";

/** What a {@link WorkerProcess} is made with. */
export interface WorkerProcessOptions {
  readonly role: ResolvedUpRole;
  readonly instance: number;
  readonly node: string;
  readonly clock: Clock;
  readonly readyTimeoutMs: number;
  readonly onReady: () => void;
  /** Called once: it has ended, and what it printed was read. */
  readonly onEnd: (reason: string) => void;
  /** A place that it shares with the other processes that listen there: `port 3250`. @returns why it must not */
  readonly onListen: (place: string) => string | undefined;
  readonly onLine: (stream: UpLine["stream"], text: string) => Awaitable<void>;
}

/** A process that runs a role's program: a worker of node:cluster, so that those of a role listen on one port. */
export class WorkerProcess {
  /** Where it listens together with others. */
  readonly places = new Set<string>();
  readonly #worker: Worker;
  readonly #options: WorkerProcessOptions;
  readonly #lastLines: string[] = [];
  readonly #cancelReady: CancelTimer;
  /** Why we ended it. */
  #reason: string | undefined;
  #hasEnded = false;

  constructor(options: WorkerProcessOptions) {
    const { role, instance, node, clock, readyTimeoutMs } = options;
    const { entry, args, nodeArgs, env } = role;
    this.#options = options;
    cluster.setupPrimary({
      exec: entry,
      args: [...args],
      execArgv: [deafTo("SIGINT", "SIGHUP"), ...nodeArgs],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#worker = cluster.fork({
      ...env,
      [variables.up]: String(process.pid),
      [variables.role]: role.name,
      [variables.instance]: String(instance),
      [variables.node]: node,
    });
    this.#cancelReady = clock.after(readyTimeoutMs, () => this.kill(`was not ready within ${readyTimeoutMs} ms`));
    const ended = this.#readOutput();
    this.#worker
      .on("message", (message: unknown) => isReadyMessage(message) && this.#ready())
      .on("listening", ({ address, port, addressType }) => {
        this.#listens(addressType === -1 ? String(address) : `${address ? `${address}:` : "port "}${port}`);
      })
      .on("error", (error) => {
        if (this.pid === undefined) {
          this.#end(`could not be started: ${error.message}`);
        }
      })
      .on("exit", (code: number | null, signal: string | null) => {
        const reason = signal === null || signal === "" ? `ended with code ${code}` : `was ended by ${signal}`;
        void ended().then(() => this.#end(reason));
      });
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** The last that it wrote to standard error. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** Asks it to end. */
  terminate(): void {
    this.#cancelReady();
    this.#worker.process.kill("SIGTERM");
  }

  /** Ends it. */
  kill(reason: string): void {
    this.#reason ??= reason;
    this.#worker.process.kill("SIGKILL");
  }

  #ready(): void {
    if (this.#reason === undefined && !this.#hasEnded) {
      this.#cancelReady();
      this.#options.onReady();
    }
  }

  #listens(place: string): void {
    this.places.add(place);
    const problem = this.#options.onListen(place);
    if (problem !== undefined) {
      this.kill(problem);
    }
  }

  #end(reason: string): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#cancelReady();
      this.#options.onEnd(this.#reason ?? reason);
    }
  }

  /** @returns what waits until all is read that it has printed; a process of its own may keep that open */
  #readOutput(): () => Promise<unknown> {
    const { onLine, clock } = this.#options;
    const { stdout, stderr } = this.#worker.process;
    const read = Promise.all([
      stdout && readLines(stdout, (text) => onLine("stdout", text)),
      stderr &&
        readLines(stderr, (text) => {
          this.#lastLines.push(text);
          this.#lastLines.splice(0, this.#lastLines.length - mostLastLines);
          return onLine("stderr", text);
        }),
    ]);
    return () => {
      let cancel: CancelTimer = () => {};
      const patience = new Promise<void>((resolve) => {
        cancel = clock.after(outputPatienceMs, resolve);
      });
      return Promise.race([read, patience]).finally(() => cancel());
    };
  }
}

/**
 * Who presses Ctrl-C, or closes the terminal, tells all processes at once: `up` alone is to hear it, and to stop them in their order.
 *
 * @returns an argument for Node
 */
function deafTo(...signals: readonly NodeJS.Signals[]): string {
  const code = signals.map((signal) => `process.on("${signal}",()=>{});`).join("");
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

const mostLastLines = 50;

/** How long is waited, behind a process's end, for what it printed. */
const outputPatienceMs = 1_000;
