import { isatty } from "node:tty";
import { NanowireError } from "../base/error.js";
import { LinePrinter } from "./line-printer.js";
import { type Up, up } from "./up.js";
import { type ResolvedUpConfig, resolveUpConfig, type UpConfig } from "./up-config.js";
import type { UpEvent } from "./up-events.js";

/** How {@link runUp} runs. */
export interface RunUpOptions {
  /** What `entry` is relative to. Default: the working directory */
  readonly directory?: string;
  /** Ends it as SIGTERM does. Default: only signals do */
  readonly signal?: AbortSignal;
}

/**
 * What `nanowire up` runs: {@link up} as a program of its own. It prints what happens and what the processes print, each line behind a name, and listens to signals. SIGTERM
 * and SIGINT stop everything in order, a second one at once; SIGHUP rolls, but for that of a terminal that is closed, which stops.
 *
 * @returns the exit code: 0 when everything was started and ended when it was asked to, else 1
 * @throws NanowireError as {@link up} does
 */
export async function runUp(config: UpConfig, options: RunUpOptions = {}): Promise<number> {
  const { directory = process.cwd(), signal } = options;
  const { stdout, stderr, env } = process;
  const width = widthOf(resolveUpConfig(config, directory));
  const hasColours = stdout.isTTY && stderr.isTTY && !env["NO_COLOR"];
  const printer = new LinePrinter(width, { stdout, stderr }, hasColours);
  const say = (text: string): void => void printer.print(ownName, "stdout", text);
  const complain = (text: string): void => void printer.print(ownName, "stderr", text);
  const running = up(config, {
    directory,
    onEvent: (event) => (isTrouble(event) ? complain : say)(textOf(event)),
    onLine: ({ node, roleIndex, stream, text }) => printer.print(node, stream, text, roleIndex),
  });
  say(`pid ${process.pid}: SIGTERM stops, SIGHUP rolls`);
  const release = listenToSignals(running, complain);
  const onAbort = (): void => void running.stop();
  signal?.addEventListener("abort", onAbort);
  const { orderly, problem, lastLines } = await running.finished;
  signal?.removeEventListener("abort", onAbort);
  release();
  if (problem !== undefined) {
    complain(`could not start: ${problem}${lastLines.length === 0 ? "" : "; the last that it wrote:"}`);
    for (const line of lastLines) {
      complain(`  ${line}`);
    }
  }
  return orderly ? 0 : 1;
}

function listenToSignals(running: Up, complain: (text: string) => void): () => void {
  const onTerminal = isatty(0);
  let isStopping = false;
  const stop = (): void => {
    void (isStopping ? running.kill() : running.stop());
    isStopping = true;
  };
  const roll = (): void => {
    // A terminal that has been closed is none any more.
    if (onTerminal && !isatty(0)) {
      stop();
      return;
    }
    running.roll().catch((error: unknown) => {
      if (!(error instanceof NanowireError)) {
        throw error;
      }
      complain(error.message);
    });
  };
  process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGHUP", roll);
  return () => void process.off("SIGTERM", stop).off("SIGINT", stop).off("SIGHUP", roll);
}

/** As long as the longest name that a process can have: while they are rolled there is one more than there are instances. */
function widthOf({ roles }: ResolvedUpConfig): number {
  return Math.max(ownName.length, ...roles.map(({ name, instances }) => `${name}-${instances + 1}`.length));
}

function isTrouble(event: UpEvent): boolean {
  return event.type === "crashed" || event.type === "killed" || (event.type === "state" && event.problem !== undefined);
}

function textOf(event: UpEvent): string {
  switch (event.type) {
    case "started":
      return `${event.node} starts (pid ${event.pid})`;
    case "ready":
      return `${event.node} is ready after ${Math.round(event.afterMs)} ms`;
    case "crashed": {
      const { node, reason, restartInMs } = event;
      return `${node} ${reason}${restartInMs === undefined ? "" : `: it starts anew in ${restartInMs} ms`}`;
    }
    case "stopping":
      return `${event.node} is to stop`;
    case "killed":
      return `${event.node} has not ended within ${event.afterMs} ms: SIGKILL`;
    case "stopped":
      return `${event.node} has stopped`;
    default:
      return event.problem === undefined ? event.state : `the roll has ended: ${event.problem}`;
  }
}

const ownName = "up";
