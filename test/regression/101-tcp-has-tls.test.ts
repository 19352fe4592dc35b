// nano: the option for TLS is heeded by WebSocket alone; a TCP listener that was given a certificate speaks in the clear.

import { expect, it } from "vitest";
import { tcp } from "../../runtime/transport/tcp.js";
import { makeCertificate } from "../support/certificate.js";
import { Client, packet } from "../support/client.js";
import { openSocket, openTcp } from "../support/link.js";
import { startServer } from "../support/server.js";

it("a TCP listener with a certificate speaks TLS, and nothing in the clear", async () => {
  const transport = tcp({ host: "127.0.0.1", port: 0, tls: makeCertificate("localhost") });
  const { server } = await startServer({ transport });
  const port = server.addresses[0]?.port as number;

  const secure = new Client(await openTcp({ port, tls: {} }));
  await secure.enter();
  expect((await secure.call(1, "Echo.Say", "hello")).text).toBe("hello");
  expect(server.sessions().map((session) => session.transport)).toEqual(["tls"]);

  const clear = await openSocket({ port, preface: packet(1, "{}") });
  const heard: Buffer[] = [];
  await new Promise((resolve) => clear.on("data", (bytes: Buffer) => heard.push(bytes)).on("close", resolve));
  expect(heard).toEqual([]);
  secure.link.destroy();
});
