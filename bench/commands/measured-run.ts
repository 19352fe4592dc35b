import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

/** A command and where it runs. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
}

/** What a command used, with every process that it started. */
export interface RunFigures {
  readonly elapsedMs: number;
  /** User and system. */
  readonly cpuMs: number;
  /** The most that all of its processes had resident at once, as far as a look every few milliseconds sees. */
  readonly peakBytes: number;
}

const lookEveryMs = 10;

/**
 * Runs a command to its end. CPU is what bash's own `time` tells, of all processes that were waited for; memory is read from /proc,
 * so that nothing has to be installed.
 *
 * @throws Error when the command fails, with what it printed
 */
export async function runMeasured({ program, args, directory }: Command): Promise<RunFigures> {
  const child = spawn("bash", ["-c", 'TIMEFORMAT="%3R %3U %3S"; time "$0" "$@"', program, ...args], {
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
  });
  let peakBytes = 0;
  const { pid } = child;
  const look = setInterval(() => {
    peakBytes = Math.max(peakBytes, pid === undefined ? 0 : residentBytes(descendants(pid)));
  }, lookEveryMs);
  try {
    const exited = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", resolve);
    });
    const [printed, exitCode] = await Promise.all([text(child.stderr ?? Readable.from([])), exited]);
    const [, real, user, system] = /(\d+\.\d+) (\d+\.\d+) (\d+\.\d+)\n$/.exec(printed) ?? [];
    if (exitCode !== 0 || real === undefined) {
      throw new Error(`${program} ${args.join(" ")} ended with ${exitCode}: ${printed.trim()}`);
    }
    if (peakBytes === 0) {
      throw new Error("memory is measured on Linux only: there is nothing of the command in /proc");
    }
    return { elapsedMs: Number(real) * 1_000, cpuMs: (Number(user) + Number(system)) * 1_000, peakBytes };
  } finally {
    clearInterval(look);
  }
}

/** The processes below one, without itself: it is bash, which measures. */
function descendants(pid: number): number[] {
  const children = tasksOf(pid).flatMap((task) => readNumbers(`/proc/${pid}/task/${task}/children`));
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** The threads of a process, none when it has ended. */
function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function residentBytes(pids: readonly number[]): number {
  // The second number is of pages that are resident; of a process that has just ended there is none.
  return pids.reduce((sum, pid) => sum + (readNumbers(`/proc/${pid}/statm`)[1] ?? 0) * pageBytes, 0);
}

const pageBytes = 4_096;

function readNumbers(file: string): number[] {
  try {
    return readFileSync(file, "latin1").trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
