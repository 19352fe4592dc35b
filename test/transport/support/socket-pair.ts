import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Both ends of a connection; `server` is the one that was accepted. What one end says last, the other may still answer. */
export async function socketPair(): Promise<{ client: Socket; server: Socket }> {
  const listener = createServer({ allowHalfOpen: true });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect({ port: (listener.address() as AddressInfo).port, host: "127.0.0.1", noDelay: true });
  const [server] = (await once(listener, "connection")) as [Socket];
  onTestFinished(() => {
    client.destroy();
    server.destroy();
    listener.close();
  });
  return { client, server };
}
