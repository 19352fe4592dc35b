import type { Dial } from "../transport/client-socket.js";
import { browserClock } from "./browser-clock.js";
import type { ClientConnection } from "./client-connection.js";
import type { ConnectOptions } from "./connect-options.js";
import { type MakeDial, openConnection } from "./connection.js";
import { dialBrowser } from "./dial-browser.js";
import { parseDialUrl, schemesAfter } from "./dial-url.js";

/**
 * Connects to a server, and shakes hands with it: what `connect` of connect-node.ts does, but for `tcp://`, which a
 * browser cannot dial: it is refused with `invalid_url`.
 *
 * @param target `ws://host:port/path` or `wss://…`; or a function that connects by itself
 */
export async function connect(target: string | Dial, options: ConnectOptions = {}): Promise<ClientConnection> {
  const makeDial: MakeDial = (_, url) => {
    const to = url ?? target;
    return typeof to === "string" ? dialBrowser(parseDialUrl(to, schemesAfter(target, ["ws:", "wss:"]))) : to;
  };
  return await openConnection(makeDial, options, browserClock);
}
