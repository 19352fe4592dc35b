import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Repl } from "./repl.js";
import { goesOn } from "./split-line.js";

/**
 * Does what a script says, up to the first command that fails.
 *
 * @param name what it is called in errors
 * @param begin what is done first, as a command is
 * @param signal ends it
 * @returns whether all is well
 */
export async function runScript(
  repl: Repl,
  input: Readable,
  name: string,
  begin: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const fault = await repl.execute(begin ?? "", signal);
  if (fault !== undefined) {
    repl.screen.complain(fault);
    return false;
  }
  let number = 0;
  let startedAt = 0;
  let command = "";
  // Made no earlier: lines that come before somebody asks for them are lost.
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY, signal })) {
    number++;
    startedAt = command === "" ? number : startedAt;
    command = command === "" ? line : `${command}\n${line}`;
    if (goesOn(command)) {
      continue;
    }
    const problem = signal.aborted ? "it was ended" : await repl.execute(command, signal);
    if (problem !== undefined) {
      repl.screen.complain(`${name}:${startedAt}: ${problem}`);
      return false;
    }
    command = "";
    if (repl.isOver) {
      return true;
    }
  }
  if (command !== "") {
    repl.screen.complain(`${name}:${startedAt}: the JSON of the last command is not closed`);
    return false;
  }
  return !signal.aborted;
}
