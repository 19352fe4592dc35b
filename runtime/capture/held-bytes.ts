/** How much is held of all connections together: a file is not trusted to hold no more than memory does. */
export class HeldBytes {
  readonly max: number;
  #used = 0;

  /** @param max in bytes */
  constructor(max: number) {
    this.max = max;
  }

  get isFull(): boolean {
    return this.#used > this.max;
  }

  /** So many bytes more are held; fewer, where it is negative. */
  add(bytes: number): void {
    this.#used += bytes;
  }
}
