// pitaya: metrics and logs are labelled by whatever route a client asks for: each slip, and each stranger, adds a row that
// never goes. (pkg/route/route.go)

import { expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { request } from "../support/client.js";
import { startServer } from "../support/server.js";

it("a thousand routes that there are not are one row in the counters, and in the log but for those who debug nothing", async () => {
  const test = await startServer();
  const client = await test.enter();
  const before = JSON.stringify(Object.keys(test.server.counters));
  client.send(concat(...Array.from({ length: 1_000 }, (_, id) => request(id + 1, `Invented.Route${id}`, "x"))));
  await client.messages(1_000);
  const { counters } = test.server;
  expect(JSON.stringify(Object.keys(counters))).toBe(before);
  expect(counters.failed).toEqual({ unknown_route: 1_000 });
  const lines = test.log.lines.filter(({ level }) => level !== "debug");
  expect(JSON.stringify(lines)).not.toContain("Invented");
});
