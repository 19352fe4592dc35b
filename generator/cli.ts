#!/usr/bin/env node
import { runNanowire } from "./commands.js";

process.exitCode = await runNanowire(process.argv.slice(2), {
  directory: process.cwd(),
  print: (line) => {
    process.stdout.write(`${line}\n`);
  },
  printError: (line) => {
    process.stderr.write(`${line}\n`);
  },
});
