import { readFileSync, writeFileSync } from "node:fs";
import { NanowireError } from "../base/error.js";
import { printable } from "../base/printable.js";
import { captureHead } from "./capture-head.js";
import type { CaptureLine } from "./capture-line.js";
import { noTypes } from "./capture-types.js";
import { readCapture } from "./read-capture.js";
import { type ReplayOptions, replay } from "./replay.js";
import { showReport } from "./replay-report.js";
import type { CaptureProcess } from "./run-tap.js";

/** What `nanowire replay` is told. */
export interface RunReplayOptions extends Omit<ReplayOptions, "ca" | "onLine" | "onNote"> {
  /** The file with the capture. */
  readonly capture: string;
  /** A file with the issuers of certificates that are trusted, as PEM. Default: Node's own. */
  readonly caFile?: string;
  /** A file for the report as JSON. Default: none. */
  readonly report?: string;
  /** A file for the capture of what was said anew. Default: none. */
  readonly out?: string;
  /** Where it prints. Default: `process`. */
  readonly process?: CaptureProcess;
}

/**
 * What `nanowire replay` runs: replays a capture, and tells what differs. docs/capture.md tells more.
 *
 * @returns the exit code: 0 when all is as it was captured, 1 when something differs, 2 when nothing was tried, or the replay broke off
 */
export async function runReplay(options: RunReplayOptions): Promise<number> {
  const { capture: file, caFile, report: reportFile, out, process: around, ...given } = options;
  const { stdout, stderr } = around ?? process;
  const said: CaptureLine[] = [];
  try {
    const capture = readCapture(read(file).toString("utf8"), file);
    const report = await replay(capture, {
      ...given,
      ...(caFile === undefined ? {} : { ca: read(caFile) }),
      ...(out === undefined ? {} : { onLine: (line) => void said.push(line) }),
      onNote: (message) => void stderr.write(`${message}\n`),
    });
    for (const line of showReport(report)) {
      stdout.write(`${line}\n`);
    }
    if (reportFile !== undefined) {
      write(reportFile, `${JSON.stringify(report, undefined, 2)}\n`);
    }
    if (out !== undefined) {
      const head = captureHead(report.url, noTypes, capture.head.secrets === true);
      write(out, [head, ...said].map((line) => `${printable(JSON.stringify(line))}\n`).join(""));
    }
    return report.differenceCount === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NanowireError)) {
      throw error;
    }
    stderr.write(`${error.message}\n`);
    return 2;
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw fileFault(file, "read", cause);
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw fileFault(file, "written", cause);
  }
}

function fileFault(file: string, what: string, cause: unknown): NanowireError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new NanowireError("invalid_option", `${file} cannot be ${what}: ${code ?? message}`, { cause });
}
