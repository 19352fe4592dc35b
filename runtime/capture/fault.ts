import { NanowireError } from "../base/error.js";

/** What to throw at a file that cannot be read on: the message names the file, and the place in it. */
export function captureFault(message: string, cause?: unknown): NanowireError {
  return new NanowireError("invalid_capture", message, { scope: "startup", cause });
}
