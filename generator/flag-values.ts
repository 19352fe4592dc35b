import { GeneratorError } from "./error.js";

/** Milliseconds that a flag tells; undefined where it is not given. @throws GeneratorError */
export function readMilliseconds(flag: string, text: string | undefined): number | undefined {
  return readWhole(flag, text, "milliseconds, as 5000");
}

/** A number of things that a flag tells; undefined where it is not given. @throws GeneratorError */
export function readNumber(flag: string, text: string | undefined): number | undefined {
  return readWhole(flag, text, "a number, as 2000");
}

/** The JSON that a flag tells; undefined where it is not given. @throws GeneratorError */
export function readJson(flag: string, text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch (error) {
    throw GeneratorError.of(`${flag} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * A port that a flag tells.
 *
 * @param least 0 where any free one may be asked for
 * @throws GeneratorError
 */
export function readPort(flag: string, text: string, least: 0 | 1 = 1): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < least || port > 65_535) {
    throw GeneratorError.of(`${flag} cannot be ${text}: write a number from ${least} to 65535`);
  }
  return port;
}

function readWhole(flag: string, text: string | undefined, what: string): number | undefined {
  if (text !== undefined && !/^\d{1,10}$/.test(text)) {
    throw GeneratorError.of(`${flag} cannot be ${text}: write ${what}`);
  }
  return text === undefined ? undefined : Number(text);
}
