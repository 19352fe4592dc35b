// Ours: what a client had compressed was inflated in one go with all else that it sent. A thousand bytes may become a million: a client that sent sixty of them, well
// within its rate, held up all others for a third of a second.

import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { packet, request } from "../support/client.js";
import { startServer } from "../support/server.js";
import type { Services } from "../support/service.js";
import { until } from "../support/wait.js";

it("a client's long compressed payloads do not stand before another's request", async () => {
  const handled: string[] = [];
  const services: Services = {
    A: {
      Big: { kind: "notify", handle: (_session, text) => String(handled.push(`${text.length}`)) },
      Small: () => String(handled.push("small")),
    },
  };
  const { enter, server } = await startServer({ services });
  const [greedy, other] = [await enter(), await enter()];
  // A notify (0x02) by its code (0x01), the payload a zlib stream (0x10).
  const big = (length: number) =>
    packet(4, concat(Uint8Array.of(0x13, 0, 1), deflateSync(new Uint8Array(length).fill(0x61))));
  const lengths = Array.from({ length: 60 }, (_, index) => 1_000_000 + index);
  greedy.send(concat(...lengths.map(big)));
  other.send(request(1, "A.Small"));
  await other.message();
  expect([server.counters.notifies, handled.indexOf("small") < 10]).toEqual([60, true]);
  // None is lost for that, nor its order.
  await until(() => handled.length === 61);
  expect(handled.filter((what) => what !== "small")).toEqual(lengths.map(String));
});
