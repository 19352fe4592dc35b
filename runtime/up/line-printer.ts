import { once } from "node:events";
import type { Writable } from "node:stream";

/** Colours that can be read on dark and on light, as terminals number them. */
const colours = [36, 33, 35, 32, 34] as const;

/** Prints lines of several processes, each behind its name: `gate-1 | listening`. */
export class LinePrinter {
  readonly #width: number;
  readonly #streams: Readonly<Record<"stdout" | "stderr", Writable>>;
  readonly #hasColours: boolean;
  /** Of each stream that takes no more: when it does again. */
  readonly #drained = new Map<Writable, Promise<void>>();

  /** @param width as long as the longest name */
  constructor(width: number, streams: Readonly<Record<"stdout" | "stderr", Writable>>, hasColours: boolean) {
    this.#width = width;
    this.#streams = streams;
    this.#hasColours = hasColours;
  }

  /**
   * Prints one.
   *
   * @param colour any number: each has its own colour, as far as there are so many; undefined: none
   * @returns what is kept when another may come, where that is not at once
   */
  print(name: string, stream: "stdout" | "stderr", text: string, colour?: number): Promise<void> | undefined {
    const target = this.#streams[stream];
    const head = `${name.padEnd(this.#width)} |`;
    const number = colour === undefined || !this.#hasColours ? undefined : colours[colour % colours.length];
    const coloured = number === undefined ? head : `\u001b[${number}m${head}\u001b[0m`;
    if (target.writableEnded || target.destroyed || target.write(`${coloured} ${text}\n`)) {
      return undefined;
    }
    let drained = this.#drained.get(target);
    if (drained === undefined) {
      // One that breaks takes nothing any more: whoever has made it hears of that.
      drained = once(target, "drain")
        .then(noop, noop)
        .then(() => void this.#drained.delete(target));
      this.#drained.set(target, drained);
    }
    return drained;
  }
}

function noop(): void {}
