// nano: any page may connect. pitaya: any page by ws, and by wss only those of the same origin. (nano: options.go; pitaya:
// pkg/acceptor)

import { expect, it } from "vitest";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate } from "../support/certificate.js";
import { openWebSocket } from "../support/link.js";
import { startServer } from "../support/server.js";

it.each(["ws", "wss"])("a page of another host is refused unless it is named, over %s", async (scheme) => {
  const tls = scheme === "wss" ? makeCertificate("localhost") : undefined;
  const transport = ws({ host: "127.0.0.1", port: 0, ...(tls === undefined ? {} : { tls }) });
  const { server } = await startServer({ transport });
  const port = server.addresses[0]?.port as number;
  const target = tls === undefined ? { port } : { port, tls: {} };
  await expect(openWebSocket(target, "/", ["Origin: https://evil.example.com"])).rejects.toThrow("HTTP/1.1 403");
  const own = await openWebSocket(target, "/", ["Origin: https://127.0.0.1"]);
  own.destroy();
  expect(server.counters.refused).toEqual({ origin_refused: 1 });
});
