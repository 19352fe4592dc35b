import { type ClientOptions, WebSocket } from "ws";
import { NanowireError } from "../base/error.js";
import type { Dial } from "../transport/client-socket.js";
import { showUrl } from "./dial-url.js";
import { openFrameSocket, toCloseError, type WebSocketLike } from "./frame-socket.js";

/**
 * Dials a WebSocket from Node; on a Unix socket `ws+unix:///run/game.sock:/path`.
 *
 * @param ca the issuers that are trusted, as PEM. Default: those of Node
 */
export function dialWs(url: URL, maxPacketBytes: number, ca?: string | Uint8Array): Dial {
  const options: ClientOptions & { readonly closeTimeout: number } = {
    // A frame may hold many packets.
    maxPayload: maxPacketBytes + mostGatheredBytes,
    perMessageDeflate: false,
    closeTimeout: closeTimeoutMs,
    ...(ca === undefined ? {} : { ca: Buffer.from(ca as string) }),
  };
  return async (signal) => {
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, options);
    } catch (error) {
      throw new NanowireError("invalid_url", `${showUrl(url)} is not taken by ws`, { cause: error });
    }
    // The package tells more than the code of the close, which is all that a browser tells.
    let cause: Error | undefined;
    socket.onerror = ({ error }) => {
      cause = error as Error;
    };
    return await openFrameSocket(socket as WebSocketLike, showUrl(url), signal, (code, shownUrl, event) =>
      explain(toCloseError(code, shownUrl, event), shownUrl, cause),
    );
  };
}

function explain(error: NanowireError, shownUrl: string, cause: Error | undefined): NanowireError {
  if (cause === undefined) {
    return error;
  }
  if (error.code === "connect_failed") {
    return new NanowireError("connect_failed", `${shownUrl} could not be connected: ${cause.message}`, { cause });
  }
  const { message, details } = error;
  return (cause as NodeJS.ErrnoException).code?.startsWith("WS_ERR_")
    ? new NanowireError("invalid_frame", `${shownUrl} sent an invalid frame: ${cause.message}`, { cause })
    : new NanowireError("connection_lost", message, { cause, details });
}

/** How much a server may send in one frame besides one packet. */
const mostGatheredBytes = 16 * 1024 * 1024;

/** How long a closing handshake may take before the socket is destroyed. */
const closeTimeoutMs = 2_000;
