import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A node in a process of its own. */
export interface NodeProcess {
  readonly id: string;
  /** Of a gate: where clients connect, by transport. */
  readonly urls: ReadonlyMap<string, string>;
  /** The process is gone at once, without a word. */
  kill(): void;
  /** Asks it to stop. Resolved when it has. */
  stop(): Promise<void>;
}

/**
 * Starts a node. Resolved when it is in the cluster.
 *
 * @param flags those of main.ts
 * @throws Error with what it said, when it ends before
 */
export function startProcess(id: string, flags: readonly string[]): Promise<NodeProcess> {
  const program = fileURLToPath(new URL("main.js", import.meta.url));
  const child = spawn(process.execPath, [program, "--id", id, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const urls = new Map<string, string>();
  const said: string[] = [];
  createInterface(child.stderr).on("line", (line) => said.push(line));
  return new Promise((resolve, reject) => {
    const ended = endOf(child);
    void ended.then(() => reject(new Error(`${id} ended before it was ready: ${said.join("\n")}`)));
    createInterface(child.stdout).on("line", (line) => {
      const [word = "", value = ""] = line.split(" ");
      if (word !== "ready") {
        urls.set(word, value);
        return;
      }
      resolve({
        id,
        urls,
        kill: () => void child.kill("SIGKILL"),
        stop: () => {
          child.kill("SIGTERM");
          return ended;
        },
      });
    });
  });
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
    }
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
}
