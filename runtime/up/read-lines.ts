import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Awaitable } from "../base/awaitable.js";

/** A line that is longer is told in pieces. */
const mostCharacters = 16_384;

/**
 * Reads what a process prints, line by line, and no faster than the lines are taken. Resolved at its end; a stream that breaks has ended, too.
 *
 * @param onLine the next is read when what it returns is settled
 */
export async function readLines(stream: Readable, onLine: (line: string) => Awaitable<void>): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  try {
    for await (const chunk of stream) {
      const lines = (rest + decoder.write(chunk as Buffer)).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        for (const piece of piecesOf(line)) {
          await onLine(piece);
        }
      }
      while (rest.length > mostCharacters) {
        await onLine(rest.slice(0, mostCharacters));
        rest = rest.slice(mostCharacters);
      }
    }
  } catch {
    // Its process is gone: what came of it came.
  }
  rest += decoder.end();
  if (rest !== "") {
    await onLine(rest);
  }
}

function piecesOf(line: string): readonly string[] {
  return line.length <= mostCharacters ? [line] : (line.match(new RegExp(`.{1,${mostCharacters}}`, "gsu")) ?? []);
}
