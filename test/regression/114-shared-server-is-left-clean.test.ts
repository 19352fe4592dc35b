// On an HTTP server that is shared each start of a listener left an ear for errors behind; and with two listeners on it an
// upgrade of a path that was nobody's was answered by nobody, and stayed open for ever.

import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { ws } from "../../runtime/transport/ws.js";
import { openWebSocket } from "../support/link.js";
import { startServer } from "../support/server.js";

it("a shared HTTP server has no ears left after ten starts and stops", async () => {
  const http = createServer();
  const ears = () => ["error", "upgrade", "close", "listening"].map((event) => http.listenerCount(event));
  const before = ears();
  const { server } = await startServer({ transport: ws({ host: "127.0.0.1", port: 0, server: http }) });
  for (let round = 0; round < 10; round++) {
    await server.stop();
    await server.start();
  }
  await server.stop();
  expect(ears()).toEqual(before);
});

it("an upgrade that is nobody's is refused, however many listeners there are", async () => {
  const http = createServer();
  await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void http.close());
  await startServer({ listen: [ws({ server: http, path: "/one" }), ws({ server: http, path: "/two" })] });
  const { port } = http.address() as { port: number };
  await expect(openWebSocket({ port }, "/three")).rejects.toThrow("HTTP/1.1 404 Not Found");
});
