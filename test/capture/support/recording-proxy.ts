import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { until } from "../../support/wait.js";

/** What a side of a connection said, or that it ended. */
export interface Said {
  /** Which connection, from 0 on. */
  readonly connection: number;
  readonly side: "client" | "server";
  /** Undefined: the side closes. */
  readonly bytes: Uint8Array | undefined;
}

/** Stands between clients and a server, and writes down what they say. */
export interface RecordingProxy {
  readonly port: number;
  /** What was said so far, in its order. */
  readonly said: readonly Said[];
  /** Waits until so many connections are over, on both sides. */
  closed(count: number): Promise<void>;
}

/** Starts one before a port of this machine; it ends with the test. */
export async function startRecording(target: number): Promise<RecordingProxy> {
  const said: Said[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let closed = 0;
  const server = createServer((client) => {
    const connection = connections++;
    const onward = connect(target, "127.0.0.1");
    for (const [socket, other, side] of [
      [client, onward, "client"],
      [onward, client, "server"],
    ] as const) {
      sockets.add(socket);
      socket
        .on("data", (bytes) => {
          said.push({ connection, side, bytes: Uint8Array.from(bytes) });
          other.write(bytes);
        })
        .on("end", () => {
          said.push({ connection, side, bytes: undefined });
          other.end();
        })
        .on("error", () => other.destroy())
        .on("close", () => {
          sockets.delete(socket);
          closed++;
        });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  return {
    port: (server.address() as AddressInfo).port,
    said,
    closed: (count) => until(() => closed >= count * 2),
  };
}
