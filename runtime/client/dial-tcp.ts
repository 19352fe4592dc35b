import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket, Dial } from "../transport/client-socket.js";
import { showUrl } from "./dial-url.js";

/**
 * Dials a server of the native protocol: `tcp://host:port`, `tls://host:port`, or, on a Unix socket,
 * `tcp+unix:///run/game.sock`.
 *
 * @param ca the issuers that are trusted, as PEM. Default: those of Node
 * @throws NanowireError `invalid_url`
 */
export function dialTcp(url: URL, ca?: string | Uint8Array): Dial {
  const open = openerOf(url, ca);
  return (signal) =>
    new Promise((resolve, reject) => {
      const { socket, ready } = open();
      const onAbort = () => socket.destroy(new Error("given up"));
      const onError = (error: Error & { readonly code?: string }) => {
        signal.removeEventListener("abort", onAbort);
        const why = error.code ?? error.message;
        reject(new NanowireError("connect_failed", `${showUrl(url)} could not be connected: ${why}`, { cause: error }));
      };
      signal.addEventListener("abort", onAbort);
      socket.once("error", onError);
      socket.once(ready, () => {
        signal.removeEventListener("abort", onAbort);
        socket.removeListener("error", onError);
        resolve(new TcpClientSocket(socket, showUrl(url)));
      });
    });
}

/** A socket that is being connected, and the event that tells when it is. */
interface Opened {
  readonly socket: Socket;
  readonly ready: "connect" | "secureConnect";
}

function openerOf(url: URL, ca: string | Uint8Array | undefined): () => Opened {
  const { protocol, pathname, search, username, password } = url;
  const isUnix = protocol === "tcp+unix:";
  // `tcp://[::1]:3251`: the brackets belong to the URL.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port);
  const isPlace = isUnix
    ? host === "" && pathname.length > 1
    : host !== "" && port !== 0 && ["", "/"].includes(pathname);
  if (!isPlace || search + username + password !== "") {
    const form = isUnix ? "tcp+unix:///path" : `${protocol}//host:port`;
    throw new NanowireError("invalid_url", `${showUrl(url)} is not of the form ${form}`);
  }
  if (isUnix) {
    const path = decodePath(url);
    return () => ({ socket: connect({ path }), ready: "connect" });
  }
  if (protocol === "tls:") {
    // An address is no name that could be asked for (RFC 6066, 3); it is checked all the same.
    const named = { host, port, noDelay: true, ...(isIP(host) === 0 ? { servername: host } : {}) };
    const options = ca === undefined ? named : { ...named, ca: Buffer.from(ca as string) };
    return () => ({ socket: connectTls(options), ready: "secureConnect" });
  }
  return () => ({ socket: connect({ host, port, noDelay: true }), ready: "connect" });
}

function decodePath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch (error) {
    throw new NanowireError("invalid_url", `${showUrl(url)} has a % that stands for nothing`, { cause: error });
  }
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
