import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { NanowireError } from "../base/error.js";
import type { BotsOptions } from "./bots-options.js";
import type { BotsProgress } from "./progress.js";
import { reportHtml } from "./report-html.js";
import { msText, numberText, reportText } from "./report-text.js";
import { runBots } from "./run-bots.js";

/** What `nanowire bots` is told. */
export interface BotsProgramOptions extends Omit<BotsOptions, "onProgress"> {
  /** In how many processes, 1 to 256. Default: one for each 500 bots, one for each core at the most; one where the scenario is no module. */
  readonly processes?: number;
  /** What `json` and `html` are relative to. Default: the working directory. */
  readonly directory?: string;
  /** Where the report is written to as JSON: the object that {@link runBots} returns. Default: nowhere. */
  readonly json?: string;
  /** Where the report is written to as one page of HTML. Default: nowhere. */
  readonly html?: string;
  /** Where it prints. Default: `process`. */
  readonly process?: BotsProcess;
}

/** What is asked of `process`. */
export interface BotsProcess {
  /** The report. */
  readonly stdout: BotsOutput;
  /** How it stands, every second on a terminal, every ten seconds elsewhere; and what went wrong. */
  readonly stderr: BotsOutput;
}

/** Where a text is written to. */
export interface BotsOutput {
  /** Writes it. */
  write(text: string): unknown;
  /** Whether it is a terminal, whose last line can be written over. */
  readonly isTTY?: boolean;
}

/**
 * What `nanowire bots` runs: {@link runBots}, with its progress and its report for people and files.
 *
 * @returns the exit code: 0 when every threshold holds, 1 when one does not or a file cannot be written, 2 when nothing was tried, because an option or the scenario is of no use
 */
export async function runBotsProgram(options: BotsProgramOptions): Promise<number> {
  const { json, html, directory = ".", process: surroundings = process, ...rest } = options;
  const { stdout, stderr } = surroundings;
  const progress = new ProgressLine(stderr);
  try {
    const report = await runBots({ processes: processesFor(rest), ...rest, onProgress: (told) => progress.show(told) });
    progress.clear();
    stdout.write(reportText(report));
    const written = await Promise.all([
      writeReport(directory, json, () => `${JSON.stringify(report, undefined, 2)}\n`, stderr),
      writeReport(directory, html, () => reportHtml(report), stderr),
    ]);
    return report.passed && !written.includes(false) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NanowireError)) {
      throw error;
    }
    stderr.write(`${error.message}\n`);
    return 2;
  }
}

/** @returns whether it is where it is to be */
async function writeReport(
  directory: string,
  file: string | undefined,
  text: () => string,
  stderr: BotsOutput,
): Promise<boolean> {
  if (file === undefined) {
    return true;
  }
  try {
    await writeFile(resolve(directory, file), text());
    return true;
  } catch (error) {
    stderr.write(`the report cannot be written to ${file}: ${(error as NodeJS.ErrnoException).code}\n`);
    return false;
  }
}

function processesFor({ scenario, url, bots }: BotsOptions): number {
  const canBeSent = (typeof scenario === "string" || scenario instanceof URL) && typeof url === "string";
  const wanted = canBeSent && Number.isInteger(bots) ? Math.ceil((bots as number) / botsAProcess) : 1;
  return Math.max(1, Math.min(wanted, availableParallelism(), 256));
}

const botsAProcess = 500;

/** How it stands: a line that is written over, or a line now and then. */
class ProgressLine {
  readonly #output: BotsOutput;
  #toldAtMs = 0;

  constructor(output: BotsOutput) {
    this.#output = output;
  }

  show(progress: BotsProgress): void {
    if (this.#output.isTTY === true) {
      this.#output.write(`\r${textOf(progress)}\u001b[K`);
    } else if (progress.elapsedMs - this.#toldAtMs >= seldomMs) {
      this.#toldAtMs = progress.elapsedMs;
      this.#output.write(`${textOf(progress)}\n`);
    }
  }

  clear(): void {
    if (this.#output.isTTY === true) {
      this.#output.write("\r\u001b[K");
    }
  }
}

/** Timers are late by a little. */
const seldomMs = 9_500;

function textOf({ elapsedMs, bots, begun, active, callsPerSecond, errors, latency }: BotsProgress): string {
  const clock = `${Math.floor(elapsedMs / 60_000)}:${String(Math.floor(elapsedMs / 1_000) % 60).padStart(2, "0")}`;
  const ramp = begun < bots ? `${numberText(begun)}/${numberText(bots)} begun, ` : "";
  const times = latency === undefined ? "" : `  p50 ${msText(latency.p50)} ms  p99 ${msText(latency.p99)} ms`;
  return `${clock}  ${ramp}${numberText(active)} bots  ${numberText(callsPerSecond)} calls/s  ${numberText(errors)} errors${times}`;
}
