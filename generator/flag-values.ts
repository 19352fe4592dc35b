import { GeneratorError } from "./error.js";

/** Milliseconds that a flag tells; undefined where it is not given. @throws GeneratorError */
export function readMilliseconds(flag: string, text: string | undefined): number | undefined {
  if (text !== undefined && !/^\d{1,10}$/.test(text)) {
    throw GeneratorError.of(`${flag} cannot be ${text}: write milliseconds, as 5000`);
  }
  return text === undefined ? undefined : Number(text);
}

/** The JSON that a flag tells; undefined where it is not given. @throws GeneratorError */
export function readJson(flag: string, text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch (error) {
    throw GeneratorError.of(`${flag} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** A port that a flag tells. @throws GeneratorError */
export function readPort(flag: string, text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw GeneratorError.of(`${flag} cannot be ${text}: write a number from 1 to 65535`);
  }
  return port;
}
