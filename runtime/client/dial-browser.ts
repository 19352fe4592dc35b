import { NanowireError } from "../base/error.js";
import type { Dial } from "../transport/client-socket.js";
import { showUrl } from "./dial-url.js";
import { openFrameSocket, type WebSocketLike } from "./frame-socket.js";

/** Dials a WebSocket with the global class `WebSocket`, as browsers have it. */
export function dialBrowser(url: URL): Dial {
  return async (signal) => {
    const { WebSocket } = globalThis as unknown as { readonly WebSocket?: new (url: string) => WebSocketLike };
    if (WebSocket === undefined) {
      throw new NanowireError("connect_failed", "there is no global WebSocket here");
    }
    let socket: WebSocketLike;
    try {
      socket = new WebSocket(url.href);
    } catch (error) {
      // A page that came over https may not dial ws://, for one.
      throw new NanowireError("connect_failed", `${showUrl(url)} may not be dialled from here`, { cause: error });
    }
    // The close that follows tells as much. Where a class of Node stands in for the browser's, somebody has to listen.
    socket.onerror = () => {};
    return await openFrameSocket(socket, showUrl(url), signal);
  };
}
