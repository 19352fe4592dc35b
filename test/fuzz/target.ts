/** What is fuzzed, and what may come out of it. */
export interface Target {
  /** Its name, and its folder in the corpus. */
  readonly name: string;
  /** How its share of the time compares with that of the others. Default: 1 */
  readonly weight?: number;
  /** Makes ready what takes the inputs. */
  open(): Promise<OpenTarget> | OpenTarget;
}

/** A target that takes inputs. */
export interface OpenTarget {
  /**
   * Takes an input.
   *
   * @returns whether it was taken for what it should be, rather than refused as it may be
   * @throws whatever else comes out: that is what is looked for
   */
  run(input: Uint8Array): boolean | Promise<boolean>;
  /** Ends what `open` began, and looks once more whether all is well. */
  close?(): void | Promise<void>;
}

/** A kind of error. */
export type ErrorKind = abstract new (...parameters: never[]) => Error;

/**
 * Runs what may refuse its input.
 *
 * @param allowed the only errors that may come out
 * @returns whether none did
 */
export function refusesWith(allowed: readonly ErrorKind[], task: () => unknown): boolean {
  try {
    task();
    return true;
  } catch (error) {
    if (allowed.some((kind) => error instanceof kind)) {
      return false;
    }
    throw error;
  }
}
