#!/usr/bin/env node
import type { CommandContext } from "./command-context.js";
import { runNanowire } from "./commands.js";
import { faultMessage, faultStack } from "./error.js";
import { fileFault } from "./file-fault.js";
import { readOwnPackage } from "./read/package-root.js";

const stop = new AbortController();

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads has read enough, as in `nanowire inspect --json | head`: no error of ours, and what runs until it is told to end ends.
  if (error.code !== "EPIPE") {
    process.stderr.write(`standard output cannot be written: ${fileFault(error) ?? error.message}\n`);
    process.exit(1);
  }
  stop.abort();
});

const context: CommandContext = {
  directory: process.cwd(),
  print: (line) => {
    process.stdout.write(`${line}\n`);
  },
  printError: (line) => {
    process.stderr.write(`${line}\n`);
  },
  untilStopped: () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => stop.abort());
    }
    return stop.signal;
  },
};

try {
  process.exitCode = await runNanowire(process.argv.slice(2), context);
} catch (error) {
  context.printError(faultMessage(error, readOwnPackage().version) + faultStack(error, process.env));
  process.exitCode = 1;
}
