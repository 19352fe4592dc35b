import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** The server's end of one real connection. */
export interface Peer {
  /** All that has come, in one piece. */
  received(): Buffer;
  /** What has come, in the pieces that the transport keeps apart: frames. */
  pieces(): readonly Buffer[];
  send(bytes: Uint8Array): void;
  close(): void;
  /** Ends without a farewell. */
  break(): void;
  /** Reads no more. */
  pause(): void;
  readonly closed: Promise<void>;
}

/** A tiny server on a port of its own. */
export interface Listener {
  readonly url: string;
  /** The next client. */
  accept(): Promise<Peer>;
  close(): Promise<void>;
}

/** Listens for TCP. */
export async function listenTcp(): Promise<Listener> {
  const queue = new Queue<Peer>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    queue.push(tcpPeer(socket));
  });
  const port = await portOf(server);
  return {
    url: `tcp://127.0.0.1:${port}`,
    accept: () => queue.shift(),
    close: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Listens for WebSockets. */
export async function listenWs(): Promise<Listener & { readonly clients: Set<WebSocket> }> {
  const queue = new Queue<Peer>();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket) => queue.push(wsPeer(socket)));
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/game?token=secret`,
    clients: server.clients,
    accept: () => queue.shift(),
    close: async () => {
      for (const socket of server.clients) {
        socket.terminate();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A TCP server that does as a test says with each socket. Returns its port and what closes it. */
export async function listenRaw(onSocket: (socket: Socket) => void): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  const port = await portOf(server);
  return {
    port,
    close: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function tcpPeer(socket: Socket): Peer {
  const pieces: Buffer[] = [];
  socket.on("data", (bytes) => pieces.push(bytes));
  socket.on("error", () => {});
  return {
    received: () => Buffer.concat(pieces),
    pieces: () => pieces,
    send: (bytes) => void socket.write(bytes),
    close: () => void socket.end(),
    break: () => void socket.resetAndDestroy(),
    pause: () => void socket.pause(),
    closed: new Promise((resolve) => socket.once("close", () => resolve())),
  };
}

function wsPeer(socket: WebSocket): Peer {
  const pieces: Buffer[] = [];
  socket.on("message", (bytes) => pieces.push(bytes as Buffer));
  socket.on("error", () => {});
  return {
    received: () => Buffer.concat(pieces),
    pieces: () => pieces,
    send: (bytes) => socket.send(bytes),
    close: () => socket.close(),
    break: () => socket.terminate(),
    pause: () => socket.pause(),
    closed: new Promise((resolve) => socket.once("close", () => resolve())),
  };
}

/** Values that are waited for in order. */
class Queue<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  push(value: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#values.push(value);
    } else {
      next(value);
    }
  }

  async shift(): Promise<T> {
    return this.#values.shift() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
  }
}
