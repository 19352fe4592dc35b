import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** What stands between a client and its server, and can break. */
export interface BreakableProxy {
  readonly port: number;
  /** The port that it leads to, for whoever comes next. */
  target: number;
  /** Breaks every connection. */
  cut(): void;
}

/** Starts a proxy to a port of this machine; it ends with the test. */
export async function startProxy(target: number): Promise<BreakableProxy> {
  const sockets = new Set<Socket>();
  const proxy = {
    port: 0,
    target,
    cut: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
  const server = createServer((client) => {
    const onward = connect(proxy.target, "127.0.0.1");
    for (const [socket, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
      socket.pipe(other);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    proxy.cut();
  });
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}
