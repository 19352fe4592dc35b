import { NanowireError } from "../../../runtime/base/error.js";
import type { ClientConnection } from "../../../runtime/client/client-connection.js";
import type { ConnectOptions } from "../../../runtime/client/connect-options.js";
import { connect } from "../../../runtime/client/index.js";
import type { ClientReceiver, ClientSocket, Dial } from "../../../runtime/transport/client-socket.js";
import { hex, toHex } from "../../protocol/hex.js";
import { FakeClock } from "./fake-clock.js";
import { RecordingLogger } from "./recording-logger.js";

/** The server's end of a connection in memory: a test plays it by hand, with the bytes of PROTOCOL.md. */
export class FakeServer {
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  /** What the client sent, one entry a `send`, as hex. */
  readonly sent: string[] = [];
  /** Whether the client closed the socket. */
  closedByClient = false;
  /** Called with every send; what it throws is thrown at the client. */
  onSend: (packet: Uint8Array) => void = () => {};
  /** Called when the client closes the socket. */
  onClose: () => void = () => {};
  #receiver: ClientReceiver | undefined;

  readonly dial: Dial = () => {
    const socket: ClientSocket = {
      start: (receiver) => {
        this.#receiver = receiver;
      },
      send: (packet) => {
        this.sent.push(toHex(packet));
        this.onSend(packet);
      },
      close: () => {
        this.closedByClient = true;
        this.onClose();
      },
    };
    return Promise.resolve(socket);
  };

  /** Delivers bytes, given as annotated hex or as they are. What the client throws fails the test. */
  send(...chunks: readonly (string | Uint8Array)[]): void {
    for (const chunk of chunks) {
      this.#client().receive(typeof chunk === "string" ? hex(chunk) : chunk);
    }
  }

  /** Closes from the server's side. */
  close(error?: NanowireError): void {
    this.#client().closed(error);
  }

  /** Begins to connect, as far as the client's handshake: it is sent when this is resolved. */
  async dialled(options: ConnectOptions = {}): Promise<{ readonly connecting: Promise<ClientConnection> }> {
    const connecting = connect(this.dial, { clock: this.clock, logger: this.logger, ...options });
    // Whoever wants the rejection awaits it; here it is no unhandled one.
    connecting.catch(() => {});
    await settled();
    return { connecting };
  }

  /** Connects; the answer to the handshake is code 200, and what is given besides. What the client sent so far is forgotten. */
  async connected(answer: object = {}, options: ConnectOptions = {}): Promise<ClientConnection> {
    const { connecting } = await this.dialled(options);
    this.send(handshakePacket(answer));
    const connection = await connecting;
    this.sent.length = 0;
    return connection;
  }

  #client(): ClientReceiver {
    if (this.#receiver === undefined) {
      throw new Error("the client has not dialled");
    }
    return this.#receiver;
  }
}

/** A packet: its body's length is counted here, by hand, not by the code under test. */
export function packet(type: number, body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === "string" ? hex(body) : body;
  return Uint8Array.from([type, bytes.length >>> 16, (bytes.length >>> 8) & 0xff, bytes.length & 0xff, ...bytes]);
}

/** The answer to a handshake, code 200 and whatever is given besides, as a packet. */
export function handshakePacket(answer: object = {}): Uint8Array {
  return packet(1, new TextEncoder().encode(JSON.stringify({ code: 200, ...answer })));
}

/** The data packet of a message in annotated hex. */
export function data(message: string): Uint8Array {
  return packet(4, message);
}

/** Every promise that can go on has gone on; real I/O, such as inflating, is not waited for. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** The NanowireError that a promise is rejected with; anything else fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<NanowireError> {
  const error: unknown = await promise.then(
    () => new Error("it was not rejected"),
    (reason: unknown) => reason,
  );
  if (error instanceof NanowireError) {
    return error;
  }
  throw new Error("it was not rejected with a NanowireError", { cause: error });
}
