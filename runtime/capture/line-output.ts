import { once } from "node:events";
import type { Writable } from "node:stream";
import { printable } from "../base/printable.js";

/** Writes lines of JSON to a stream that may be slower than they come. What strangers wrote cannot command a terminal. */
export class LineOutput {
  readonly #stream: Writable;
  #fault: Error | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#fault = error;
    });
  }

  /** Whether nobody reads it any more: a pipe's other end is closed. */
  get isClosed(): boolean {
    return this.#fault !== undefined || this.#stream.destroyed;
  }

  /** What went wrong with it, where that is not a reader who has read enough. */
  get fault(): Error | undefined {
    return (this.#fault as NodeJS.ErrnoException | undefined)?.code === "EPIPE" ? undefined : this.#fault;
  }

  async write(line: object): Promise<void> {
    if (!this.isClosed && !this.#stream.write(`${printable(JSON.stringify(line))}\n`)) {
      const either = new AbortController();
      const { signal } = either;
      await Promise.race([
        once(this.#stream, "drain", { signal }).catch(() => {}),
        once(this.#stream, "close", { signal }).catch(() => {}),
      ]);
      either.abort();
    }
  }
}
