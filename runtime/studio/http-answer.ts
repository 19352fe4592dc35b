import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorCode, NanowireError, toNanowireError } from "../base/error.js";
import type { ErrorAnswer } from "./answers.js";

/** Answers with JSON, which nobody keeps. */
export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    ...guards,
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  });
  response.end(body);
}

/** Answers with what went wrong. What was not meant for who asks is `internal`, and no more. */
export function answerError(response: ServerResponse, error: unknown): NanowireError {
  const { code, message } = toNanowireError(
    error,
    "internal",
    "the studio failed to answer; the server's log says why",
  );
  if (response.headersSent) {
    response.destroy();
  } else {
    if (code === "unauthenticated") {
      response.setHeader("WWW-Authenticate", "Bearer");
    }
    answerJson(response, { error: { code, message } } satisfies ErrorAnswer, statuses[code as ErrorCode] ?? 500);
  }
  return toNanowireError(error, "internal", message);
}

/**
 * Reads the JSON object that a request brings; none is an empty one.
 *
 * @throws NanowireError `payload_too_large`, `invalid_payload`
 */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let length = 0;
  // A page of elsewhere may send this type to nobody without asking first, and is not answered then.
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    throw new NanowireError("invalid_payload", "the Content-Type is not application/json");
  }
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > mostBodyBytes) {
      throw new NanowireError("payload_too_large", `the body is longer than ${mostBodyBytes} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}");
  } catch (cause) {
    throw new NanowireError("invalid_payload", "the body is no JSON", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new NanowireError("invalid_payload", "the body is no JSON object");
  }
  return value as Readonly<Record<string, unknown>>;
}

/** What every answer says to browsers. */
export const guards: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
};

const statuses: Partial<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  invalid_payload: 400,
  invalid_option: 400,
  unauthenticated: 401,
  origin_refused: 403,
  unknown_route: 404,
  wrong_kind: 405,
  invalid_state: 409,
  session_closed: 409,
  payload_too_large: 413,
  overloaded: 503,
  unavailable: 502,
};

const mostBodyBytes = 4_096;
