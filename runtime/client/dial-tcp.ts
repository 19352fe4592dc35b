import { connect, type Socket } from "node:net";
import { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket, Dial } from "../transport/client-socket.js";
import { showUrl } from "./dial-url.js";

/**
 * Dials a TCP server: `tcp://host:port`.
 *
 * @throws NanowireError `invalid_url`
 */
export function dialTcp(url: URL): Dial {
  const { pathname, search, username, password } = url;
  // `tcp://[::1]:3251`: the brackets belong to the URL.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port);
  if (host === "" || port === 0 || !["", "/"].includes(pathname) || search + username + password !== "") {
    throw new NanowireError("invalid_url", `${showUrl(url)} is not of the form tcp://host:port`);
  }
  return (signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      const onAbort = () => socket.destroy(new Error("given up"));
      const onError = (error: Error & { readonly code?: string }) => {
        signal.removeEventListener("abort", onAbort);
        const why = error.code ?? error.message;
        reject(new NanowireError("connect_failed", `${showUrl(url)} could not be connected: ${why}`, { cause: error }));
      };
      signal.addEventListener("abort", onAbort);
      socket.once("error", onError);
      socket.once("connect", () => {
        signal.removeEventListener("abort", onAbort);
        socket.removeListener("error", onError);
        resolve(new TcpClientSocket(socket, showUrl(url)));
      });
    });
}

/** Packets that are sent in one turn of the event loop are gathered, and written at its end in one go. */
class TcpClientSocket implements ClientSocket {
  readonly #socket: Socket;
  readonly #shownUrl: string;
  readonly #out = new ByteBuffer();
  readonly #flush = (): void => this.#write();
  #receiver: ClientReceiver | undefined;
  #scheduled = false;
  #closed = false;
  #cause: Error | undefined;

  constructor(socket: Socket, shownUrl: string) {
    this.#socket = socket;
    this.#shownUrl = shownUrl;
    socket.on("error", (error) => {
      this.#cause = error;
    });
    socket.once("close", () => this.#finish());
  }

  start(receiver: ClientReceiver): void {
    this.#receiver = receiver;
    // Until now the socket was not read.
    this.#socket.on("data", (data: Buffer) => {
      if (!this.#closed) {
        // No Buffer: its slice() means something else.
        receiver.receive(new Uint8Array(data.buffer, data.byteOffset, data.length));
      }
    });
    if (this.#socket.closed) {
      this.#finish();
    }
  }

  send(packets: Uint8Array): void {
    if (this.#closed) {
      return;
    }
    this.#out.append(packets);
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#flush);
    }
  }

  close(): void {
    if (this.#closed) {
      return;
    }
    this.#write();
    this.#closed = true;
    this.#socket.end();
    // What still comes is read and dropped until the other side has closed as well; it may not do so.
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), closeTimeoutMs);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  #write(): void {
    this.#scheduled = false;
    if (this.#out.length > 0 && !this.#closed) {
      this.#socket.write(this.#out.view());
      // The socket has the bytes now.
      this.#out.release();
    }
  }

  #finish(): void {
    if (this.#closed || this.#receiver === undefined) {
      return;
    }
    this.#closed = true;
    const cause = this.#cause;
    this.#receiver.closed(
      cause === undefined
        ? undefined
        : new NanowireError("connection_lost", `the connection to ${this.#shownUrl} broke: ${cause.message}`, {
            cause,
          }),
    );
  }
}

/** How long the other side may take to close as well. */
const closeTimeoutMs = 2_000;
