import { STATUS_CODES } from "node:http";
import type { NanowireError } from "../base/error.js";

/**
 * The HTTP response to a client whose upgrade is refused: its body is the code.
 *
 * @param status default: what the code means; 403 for one of the application's
 */
export function httpRefusal({ code }: NanowireError, status = statuses[code] ?? 403): string {
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
    "Connection: close",
    // What an upgrade has to have, for one that had something else.
    ...(status === 426 ? ["Upgrade: websocket"] : []),
    ...(status === 400 || status === 426 ? ["Sec-WebSocket-Version: 13"] : []),
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(code)}`,
    "",
    code,
  ].join("\r\n");
}

const statuses: Readonly<Record<string, number>> = {
  upgrade_refused: 400,
  invalid_proxy_header: 400,
  handshake_timeout: 408,
  too_many_connections: 429,
  server_full: 503,
  internal: 500,
};
