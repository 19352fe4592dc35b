// pitaya: a frontend with WSS waits for ever for its acceptor to say that it runs, and never finishes to start.

import { expect, it } from "vitest";
import { ws } from "../../runtime/transport/ws.js";
import { makeCertificate } from "../support/certificate.js";
import { startServer } from "../support/server.js";

it("a server with WSS starts, and serves", async () => {
  const transport = ws({ host: "127.0.0.1", port: 0, tls: makeCertificate("localhost") });
  const test = await startServer({ transport });
  expect(test.server.state).toBe("running");
  const client = await test.enter();
  expect((await client.call(1, "Echo.Say", "hello")).text).toBe("hello");
});
