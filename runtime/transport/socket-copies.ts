import { type ChildProcess, spawn } from "node:child_process";
import cluster from "node:cluster";
import type { Server } from "node:net";
import { basename } from "node:path";
import type { Clock } from "../base/clock.js";

/** What is beneath a server: the listening socket, in this process. */
export interface ListeningSocket {
  readonly fd: number;
  close(): void;
}

/** How {@link SocketCopies} are made. */
export interface SocketCopiesOptions {
  readonly count: number;
  /** What runs this program: `process.execPath`. */
  readonly program: string;
  readonly clock: Clock;
  /** Whoever takes it closes it. */
  readonly onCopy: (copy: ListeningSocket) => void;
  /** Called once: no more come. `problem` tells why there are not as many as there should be. */
  readonly onEnd: (problem: string | undefined) => void;
}

/**
 * The socket that a server listens on, to be copied; undefined where that cannot be: on Windows, of a Unix socket, in a worker of node:cluster,
 * whose port is another process's, and in a Node that keeps it elsewhere.
 */
export function listeningSocket(server: Server): ListeningSocket | undefined {
  const { _handle: handle } = server as { readonly _handle?: unknown };
  return cluster.isWorker ? undefined : toListeningSocket(handle);
}

/**
 * Lets a server listen on a copy, whose owner it is then.
 *
 * @throws Error where Node takes no such thing
 */
export function listenOn(server: Server, copy: ListeningSocket): void {
  server.listen({ _handle: copy });
}

/**
 * Copies a listening socket within this process. Two servers cannot watch one descriptor, and Node makes another of it only when it goes to a
 * process and comes back (decision 34): one is started that sends it back so many times, and ends.
 */
export class SocketCopies {
  readonly #options: SocketCopiesOptions;
  readonly #relay: ChildProcess;
  #hasEnded = false;
  /** Resolved when the process is gone, and its channel. */
  readonly #gone: Promise<void>;

  /** @throws Error when no process can be started, or it cannot be told of the socket */
  constructor(socket: ListeningSocket, options: SocketCopiesOptions) {
    const { program, count } = options;
    if (!isNode(program)) {
      throw new Error(`${program} is not Node itself, which could be started once more`);
    }
    this.#options = options;
    const relay = spawn(program, ["-e", relayCode], { cwd: "/", env: plainEnvironment(), stdio });
    this.#relay = relay;
    relay.on("message", (_index, copy) => this.#take(copy));
    relay.on("error", ({ message }) => this.#end(message));
    this.#gone = new Promise((resolve) => {
      // Comes when it has ended and all is read that it has sent.
      relay.on("close", (code, signal) => {
        this.#end(code === 0 ? undefined : `the process that was to copy it has ended with ${signal ?? code}`);
        resolve();
      });
    });
    relay.unref();
    relay.channel?.unref();
    if (relay.connected) {
      this.#send(count, socket);
    }
  }

  /**
   * Makes no more. Resolved when nobody has the socket but who took copies.
   *
   * @returns whether that is so: false after five seconds without it
   */
  async close(): Promise<boolean> {
    const relay = this.#relay;
    // One that could not be started has no number, and nothing of ours.
    if (relay.pid === undefined) {
      return true;
    }
    // Who waits for this is not to see this process end meanwhile.
    relay.ref();
    relay.channel?.ref();
    relay.kill("SIGKILL");
    const patience = new Promise<boolean>((resolve) => {
      const cancel = this.#options.clock.after(patienceMs, () => resolve(false));
      void this.#gone.then(cancel);
    });
    const isGone = await Promise.race([this.#gone.then(() => true), patience]);
    relay.unref();
    relay.channel?.unref();
    return isGone;
  }

  /** The socket itself: as a server it would listen over there too, and take clients that nobody serves. */
  #send(count: number, socket: ListeningSocket): void {
    try {
      this.#relay.send(
        count,
        socket as unknown as Server,
        { keepOpen: true },
        (error) => error && this.#end(error.message),
      );
    } catch (error) {
      this.#relay.kill("SIGKILL");
      throw error;
    }
  }

  #take(copy: unknown): void {
    const socket = toListeningSocket(copy);
    if (socket !== undefined) {
      this.#options.onCopy(socket);
    }
  }

  #end(problem: string | undefined): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#options.onEnd(problem);
    }
  }
}

/** A socket of TCP that has a descriptor, as Node keeps it: its class has a name alone. */
function toListeningSocket(handle: unknown): ListeningSocket | undefined {
  const socket = Object(handle) as { readonly [Key in keyof ListeningSocket]?: unknown } & object;
  const isOne = socket.constructor?.name === "TCP" && typeof socket.close === "function";
  return isOne && typeof socket.fd === "number" && socket.fd >= 0 ? (socket as ListeningSocket) : undefined;
}

/** A program that was packed into one file, or Electron, would start itself once more. */
function isNode(path: string): boolean {
  return /^node(js)?[-\d.]*$/.test(basename(path));
}

/** Without what is said to this Node: inspectors, loaders, and where it writes what its code covers. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NODE_")));
}

const stdio = ["ignore", "ignore", "ignore", "ipc"] as const satisfies unknown[];

/** How long is waited for a process that was killed. */
const patienceMs = 5_000;

/** Each is sent when the one before has come. The process lives as long as it listens to messages: without its server it ends by itself. */
const relayCode = `process.on("message", (count, socket) => {
  let left = count;
  const sent = () => {
    if (--left === 0) {
      process.disconnect();
    }
  };
  for (let index = 0; index < count; index++) {
    process.send(index, socket, { keepOpen: true }, sent);
  }
});`;
