/** Arrays that were written to and are free again, for whoever writes next: who has nothing to say keeps none. */
export class SpareArrays {
  readonly #arrays: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;

  /** One of them; undefined when there is none. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    const array = this.#arrays.pop();
    if (array !== undefined) {
      this.#bytes -= array.length;
    }
    return array;
  }

  /** Keeps an array that nobody reads or writes any more, as long as there are few. */
  give(array: Uint8Array<ArrayBuffer>): void {
    if (array.length > 0 && this.#bytes + array.length <= mostBytes) {
      this.#bytes += array.length;
      this.#arrays.push(array);
    }
  }
}

/** What spare arrays hold at the most: some for each of a thousand connections that are written to in one turn. */
const mostBytes = 1_048_576;
