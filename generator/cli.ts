#!/usr/bin/env node
import { runNanowire } from "./commands.js";

// Whoever reads has read enough, as in `nanowire inspect --json | head`: no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") {
    throw error;
  }
});

process.exitCode = await runNanowire(process.argv.slice(2), {
  directory: process.cwd(),
  print: (line) => {
    process.stdout.write(`${line}\n`);
  },
  printError: (line) => {
    process.stderr.write(`${line}\n`);
  },
});
