import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket } from "../transport/client-socket.js";
import { noCode, normalClosure } from "./limits.js";

/** How a WebSocket was closed. */
export interface CloseEvent {
  readonly code: number;
  readonly reason: string;
}

/** What is used of a WebSocket: a browser's (https://websockets.spec.whatwg.org), or that of the package ws, which looks the same. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number): void;
}

/**
 * Waits until a WebSocket is open.
 *
 * @param shownUrl what errors call it
 * @param toError makes the error of one that could not be opened, or that was closed with another code than the usual
 * @throws NanowireError `connect_failed`
 */
export function openFrameSocket(
  socket: WebSocketLike,
  shownUrl: string,
  signal: AbortSignal,
  toError: typeof toCloseError = toCloseError,
): Promise<ClientSocket> {
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    let receiver: ClientReceiver | undefined;
    /** What came before there was a receiver. */
    let early: Uint8Array[] = [];
    let end: { readonly error: NanowireError | undefined } | undefined;

    /** The first end counts. */
    const finish = (error?: NanowireError) => {
      if (end === undefined) {
        end = { error };
        receiver?.closed(error);
      }
    };
    const abort = () => socket.close();
    signal.addEventListener("abort", abort);
    socket.onopen = () => {
      signal.removeEventListener("abort", abort);
      resolve({
        start(given) {
          receiver = given;
          for (const bytes of early) {
            given.receive(bytes);
          }
          early = [];
          if (end !== undefined) {
            given.closed(end.error);
          }
        },
        send: (packets) => socket.send(packets),
        close() {
          end ??= { error: undefined };
          socket.close(normalClosure);
        },
      });
    };
    socket.onmessage = ({ data }) => {
      if (end !== undefined) {
        return;
      }
      if (typeof data === "string") {
        socket.close(normalClosure);
        finish(new NanowireError("text_frame", `${shownUrl} sent a text frame of ${data.length} characters`));
        return;
      }
      const bytes = new Uint8Array(data as ArrayBuffer);
      if (receiver === undefined) {
        early.push(bytes);
      } else {
        receiver.receive(bytes);
      }
    };
    socket.onclose = (event) => {
      const { code } = event;
      // Of one that was open the promise is settled already.
      reject(toError("connect_failed", shownUrl, event));
      finish(code === normalClosure || code === noCode ? undefined : toError("connection_lost", shownUrl, event));
    };
  });
}

/** The error of a WebSocket that was closed, as far as its code and reason tell it. */
export function toCloseError(
  errorCode: "connect_failed" | "connection_lost",
  shownUrl: string,
  { code, reason }: CloseEvent,
): NanowireError {
  const message = `${shownUrl} closed with code ${code}${reason && `: ${reason}`}`;
  return new NanowireError(errorCode, message, { details: { closeCode: String(code), closeReason: reason } });
}
