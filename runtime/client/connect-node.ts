import { systemClock } from "../base/clock.js";
import type { Dial } from "../transport/client-socket.js";
import type { ClientConnection, ConnectionStatus } from "./client-connection.js";
import type { ConnectOptions } from "./connect-options.js";
import { type MakeDial, openConnection } from "./connection.js";
import { dialNode, nodeSchemes, toldSchemes } from "./dial-node.js";
import { parseDialUrl, schemesAfter } from "./dial-url.js";

/**
 * Connects to a server, and shakes hands with it. Resolved when messages can be sent.
 *
 * It rejects with a NanowireError:
 * - `invalid_url`, `invalid_option`: nothing was tried
 * - `connect_failed`: the server is not reached, within `connectTimeoutMs`
 * - `handshake_timeout`: the server does not answer within `connectTimeoutMs`
 * - `handshake_refused`: the server does not take the client; `details` hold its `code`, and `error` and `reason` where it tells them
 * - `invalid_handshake`: the answer cannot be read, or the server chose a serializer that the client does not have
 * - `canceled`: `options.signal` was aborted; the cause is the signal's reason
 * - `connection_lost`, `kicked`, or another reason of a connection's end, when it ends before the handshake does
 *
 * @param target `ws://host:port/path`, `wss://…`, and in Node `tcp://host:port`, `tls://…`, `tcp+unix:///path`; or a function
 * that connects by itself
 */
export async function connect(target: string | Dial, options: ConnectOptions = {}): Promise<ClientConnection> {
  const makeDial: MakeDial = (settings, url) => {
    const to = url ?? target;
    return typeof to === "string"
      ? dialNode(parseDialUrl(to, url === undefined ? nodeSchemes : schemesAfter(target, toldSchemes)), settings)
      : to;
  };
  return await openConnection(makeDial, { ...options, onState: holding(options.onState) }, systemClock);
}

/** While a pause between two attempts lasts nothing else may keep the process alive, and it is to go on. */
function holding(onState: ConnectOptions["onState"]): (status: ConnectionStatus) => void {
  let hold: ReturnType<typeof setInterval> | undefined;
  return (status) => {
    clearInterval(hold);
    if (status.state === "reconnecting") {
      hold = setInterval(() => {}, 60_000);
    }
    return onState?.(status);
  };
}
