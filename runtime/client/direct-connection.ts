import type { ClientConnection } from "./client-connection.js";
import type { Link } from "./link.js";
import type { CallOptions, ClientMethod } from "./method.js";

/** A connection that can be told on which link to send. */
interface Whole extends ClientConnection {
  requestOn<Req, Res>(
    link: Link,
    method: ClientMethod<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
  ): Promise<Res>;
  notifyOn<Req>(link: Link, method: ClientMethod<Req, void>, message: Req): void;
}

/** A connection as `onReconnected` sees it: the same, but what is called on it goes out at once, on one link, and waits for nothing. */
export function directConnection(whole: Whole, link: Link): ClientConnection {
  const own: Pick<ClientConnection, "request" | "notify"> = {
    request: (method, request, options) => whole.requestOn(link, method, request, options),
    notify: (method, message) => whole.notifyOn(link, method, message),
  };
  return new Proxy<ClientConnection>(whole, {
    get(_, name) {
      const value: unknown = Reflect.get(name in own ? own : whole, name);
      return typeof value === "function" ? value.bind(whole) : value;
    },
  });
}
