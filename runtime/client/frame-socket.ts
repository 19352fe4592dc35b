import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket } from "../transport/client-socket.js";

/** What is used of a WebSocket: a browser's (https://websockets.spec.whatwg.org), or that of the package ws, which looks the same. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly error?: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number): void;
}

/**
 * Waits until a WebSocket is open.
 *
 * @param shownUrl what errors call it
 * @throws NanowireError `connect_failed`
 */
export function openFrameSocket(socket: WebSocketLike, shownUrl: string, signal: AbortSignal): Promise<ClientSocket> {
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    let cause: unknown;
    const onAbort = () => socket.close();
    signal.addEventListener("abort", onAbort);
    socket.onerror = (event) => {
      cause = event.error;
    };
    socket.onclose = (event) => {
      signal.removeEventListener("abort", onAbort);
      const why = cause instanceof Error ? cause.message : `code ${event.code}`;
      reject(new NanowireError("connect_failed", `${shownUrl} could not be connected: ${why}`, { cause }));
    };
    socket.onopen = () => {
      signal.removeEventListener("abort", onAbort);
      resolve(new FrameSocket(socket, shownUrl));
    };
  });
}

/** A socket over a WebSocket that is open. */
class FrameSocket implements ClientSocket {
  readonly #socket: WebSocketLike;
  readonly #shownUrl: string;
  #receiver: ClientReceiver | undefined;
  /** What came before there was a receiver. */
  #early: Uint8Array[] = [];
  #end: { readonly error: NanowireError | undefined } | undefined;
  #cause: unknown;

  constructor(socket: WebSocketLike, shownUrl: string) {
    this.#socket = socket;
    this.#shownUrl = shownUrl;
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onerror = (event) => {
      this.#cause = event.error;
    };
    socket.onclose = (event) => this.#finish(this.#errorOf(event.code, event.reason));
  }

  start(receiver: ClientReceiver): void {
    this.#receiver = receiver;
    for (const bytes of this.#early) {
      receiver.receive(bytes);
    }
    this.#early = [];
    if (this.#end !== undefined) {
      receiver.closed(this.#end.error);
    }
  }

  send(packets: Uint8Array): void {
    this.#socket.send(packets);
  }

  close(): void {
    this.#end ??= { error: undefined };
    this.#socket.close(normalClosure);
  }

  #receive(data: unknown): void {
    if (this.#end !== undefined) {
      return;
    }
    if (typeof data === "string") {
      this.#socket.close(normalClosure);
      this.#finish(new NanowireError("text_frame", `${this.#shownUrl} sent a text frame of ${data.length} characters`));
      return;
    }
    const bytes = new Uint8Array(data as ArrayBuffer);
    if (this.#receiver === undefined) {
      this.#early.push(bytes);
    } else {
      this.#receiver.receive(bytes);
    }
  }

  /** The first end counts. */
  #finish(error: NanowireError | undefined): void {
    if (this.#end === undefined) {
      this.#end = { error };
      this.#receiver?.closed(error);
    }
  }

  #errorOf(code: number, reason: string): NanowireError | undefined {
    if (code === normalClosure || code === noCode) {
      return undefined;
    }
    if (this.#cause instanceof Error && String((this.#cause as { code?: unknown }).code).startsWith("WS_ERR_")) {
      const message = `${this.#shownUrl} sent an invalid frame: ${this.#cause.message}`;
      return new NanowireError("invalid_frame", message, { cause: this.#cause });
    }
    const message = `${this.#shownUrl} closed with code ${code}${reason === "" ? "" : `: ${reason}`}`;
    const details = { closeCode: String(code), closeReason: reason };
    return new NanowireError("connection_lost", message, { cause: this.#cause, details });
  }
}

/** RFC 6455, 7.4.1. */
const normalClosure = 1000;
/** The other side gave no code (RFC 6455, 7.4.1). */
const noCode = 1005;
