import type { Dial } from "../transport/client-socket.js";
import type { ConnectSettings } from "./connect-options.js";
import { dialTcp } from "./dial-tcp.js";
import { dialWs } from "./dial-ws.js";

/** Where a server may send its clients, in Node: sockets in the file system are not its business. */
export const toldSchemes: readonly string[] = ["ws:", "wss:", "tcp:", "tls:"];

/** What can be dialled in Node. */
export const nodeSchemes: readonly string[] = [...toldSchemes, "ws+unix:", "tcp+unix:"];

/**
 * Dials whatever can be dialled in Node.
 *
 * @param url with one of {@link nodeSchemes}
 * @throws NanowireError `invalid_url`
 */
export function dialNode(url: URL, { maxPacketBytes, ca }: Pick<ConnectSettings, "maxPacketBytes" | "ca">): Dial {
  return url.protocol.startsWith("ws") ? dialWs(url, maxPacketBytes, ca) : dialTcp(url, ca);
}
