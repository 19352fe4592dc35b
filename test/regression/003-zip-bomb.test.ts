import { deflateSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { concat, hex } from "../protocol/hex.js";
import { errorIn, packet } from "../support/client.js";
import { startServer } from "../support/server.js";

// pitaya inflates what a client compressed without a limit: 64 KiB become 64 MiB, and a thousand clients the end of the process.
it.each([
  ["zlib", deflateSync],
  ["gzip", gzipSync],
])("a %s bomb costs its sender an error, and the server next to nothing", async (_format, compress) => {
  const bomb = compress(Buffer.alloc(60_000_000));
  expect(bomb.length).toBeLessThan(65_000);
  const test = await startServer({ transport: "tcp" });
  const client = await test.enter({ sys: { libVersion: "1" } });
  const before = process.memoryUsage().arrayBuffers;
  for (let id = 1; id <= 20; id++) {
    client.send(packet(4, concat(hex(`10 ${id.toString(16).padStart(2, "0")} 08 'Echo.Say'`), bomb)));
  }
  const answers = await client.messages(20);
  expect(new Set(answers.map(({ payload }) => errorIn(payload).code))).toEqual(new Set(["invalid_payload"]));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(120_000_000);
  expect((await client.call(21, "Echo.Say", "still here")).text).toBe("still here");
});
