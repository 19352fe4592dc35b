import { expect, it } from "vitest";
import { startServer } from "../support/server.js";
import { pushOf } from "../support/service.js";
import { until } from "../support/wait.js";

const long = `Events.${"x".repeat(249)}`;

// nano writes the length of a route into one byte, whatever it is: a route of 256 bytes goes out as one of 0, and what follows
// cannot be read.
it("a route of 256 bytes is refused when it is registered", async () => {
  expect(long).toHaveLength(256);
  await expect(startServer({ extraRoutes: [long] })).rejects.toMatchObject({ code: "invalid_route" });
  await expect(startServer({ services: { A: { ["b".repeat(254)]: (_session, text) => text } } })).rejects.toMatchObject(
    { code: "invalid_route" },
  );
});

it("a push that was registered nowhere is refused when it is sent, and no byte of it is written", async () => {
  const test = await startServer({ transport: "tcp" });
  const client = await test.enter();
  await until(() => test.server.counters.sessions === 1);
  const session = test.server.sessions()[0];
  expect(() => session?.push(pushOf(long, 9), "x")).toThrow(`route ${long} has 256 bytes, more than 255`);
  session?.push(pushOf(long.slice(0, 255), 9), "x");
  expect(await client.message()).toMatchObject({ route: long.slice(0, 255), text: "x" });
});
