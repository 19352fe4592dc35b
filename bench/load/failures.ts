/** Remembers the first failure of many connections, and ends whatever waits for them. */
export class Failures {
  #first: Error | undefined;
  #tell = (_error: Error): void => {};

  failed(error: Error): void {
    this.#first ??= error;
    this.#tell(error);
  }

  /** A promise that is also rejected when something fails, or has failed. */
  unlessFailed(begin: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#first !== undefined) {
        reject(this.#first);
        return;
      }
      this.#tell = reject;
      begin(resolve);
    });
  }
}
