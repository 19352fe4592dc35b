/** A place in a file that the user wrote. */
export interface Place {
  /** The file's path, relative to the working directory, with forward slashes. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
}

/** One thing that is wrong: what it is and what to write instead, and where. */
export interface Problem {
  readonly message: string;
  /** Absent when the trouble is not in a file: a flag, a package that is not installed. */
  readonly place?: Place;
}

/** What the generator says when it cannot go on. It holds everything that was found wrong, not only the first thing. */
export class GeneratorError extends Error {
  override readonly name = "GeneratorError";
  /** At least one. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }

  /** An error without a place: a flag, a package that is not installed. */
  static of(message: string): GeneratorError {
    return new GeneratorError([{ message }]);
  }
}

/** What the file system said while files were written: of several, some may have been. */
export class WriteError extends GeneratorError {
  constructor(message: string) {
    super([{ message }]);
  }
}

/** `proto/chat/v1/room.proto:12:3: what is wrong`: as compilers write it, so that editors find the place. */
export function formatProblem(problem: Problem): string {
  return problem.place === undefined ? problem.message : `${formatPlace(problem.place)}: ${problem.message}`;
}

/** `proto/chat/v1/room.proto:12:3`. */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

/**
 * What to say of an error that nobody foresaw: no stack, which helps only who mends nanowire.
 *
 * @param version nanowire's
 */
export function faultMessage(error: unknown, version: string): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `nanowire ${version} failed where it should not: ${what}\nThis is a fault of nanowire's, not of your files. Please report it with these lines and the .proto files; with NANOWIRE_STACK=1 in the environment it says where it happened`;
}

/** The stack of an error that nobody foresaw, when the environment asks for it. */
export function faultStack(error: unknown, environment: Readonly<Record<string, string | undefined>>): string {
  const isAsked = environment["NANOWIRE_STACK"] === "1";
  return isAsked && error instanceof Error && error.stack !== undefined ? `\n${error.stack}` : "";
}
