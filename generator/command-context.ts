/** Where a command runs and where it prints. */
export interface CommandContext {
  /** The working directory: an absolute path. */
  readonly directory: string;
  /** Prints a line of the result. */
  readonly print: (line: string) => void;
  /** Prints a line of an error. */
  readonly printError: (line: string) => void;
  /** Called by a command that runs until it is told to end; the signal tells. Absent: nobody will tell. */
  readonly untilStopped?: () => AbortSignal;
}
