import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket } from "../transport/client-socket.js";

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
  onerror: ((event: { readonly error?: unknown }) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number): void;
}

/**
 * Waits until a WebSocket is open.
 *
 * @param shownUrl what errors call it
 * @param toLoss makes the error of one that broke. Default: {@link toConnectionLost}
 * @throws NanowireError `connect_failed`
 */
export function openFrameSocket(
  socket: WebSocketLike,
  shownUrl: string,
  signal: AbortSignal,
  toLoss = toConnectionLost,
): Promise<ClientSocket> {
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    let receiver: ClientReceiver | undefined;
    /** What came before there was a receiver. */
    let early: Uint8Array[] = [];
    let end: { readonly error: NanowireError | undefined } | undefined;
    let cause: unknown;

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
    socket.onerror = ({ error }) => {
      cause = error;
    };
    socket.onclose = (event) => {
      const { code } = event;
      // Of one that was open the promise is settled already.
      const why = cause instanceof Error ? cause.message : `code ${code}`;
      reject(new NanowireError("connect_failed", `${shownUrl} could not be connected: ${why}`, { cause }));
      finish(code === normalClosure || code === noCode ? undefined : toLoss(shownUrl, event, cause));
    };
  });
}

/** The error of a WebSocket that was closed with another code than the usual. */
export function toConnectionLost(shownUrl: string, { code, reason }: CloseEvent, cause: unknown): NanowireError {
  const message = `${shownUrl} closed with code ${code}${reason && `: ${reason}`}`;
  return new NanowireError("connection_lost", message, {
    cause,
    details: { closeCode: String(code), closeReason: reason },
  });
}

/** RFC 6455, 7.4.1. */
const normalClosure = 1000;
/** The other side gave no code (RFC 6455, 7.4.1). */
const noCode = 1005;
