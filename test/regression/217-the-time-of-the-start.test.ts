// nano: the handshake's answer is made once, when the process starts: servertime is the time of the start for ever.
// (cluster/handler.go)

import { expect, it } from "vitest";
import { startServer } from "../support/server.js";

it("servertime is the time of the handshake", async () => {
  const test = await startServer();
  const first = (await test.enter()).answered.sys.servertime;
  test.clock.step(3_600_000);
  const second = (await test.enter()).answered.sys.servertime;
  expect(first).toBe(Math.floor((test.clock.now() - 3_600_000) / 1_000));
  expect((second ?? 0) - (first ?? 0)).toBe(3_600);
});
