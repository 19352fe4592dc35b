// pitaya's rate limit drops what is beyond it without a word: the client waits until its time is up. It counts heartbeats
// and the handshake, too, and logs whole payloads.

import { expect, it } from "vitest";
import { concat } from "../protocol/hex.js";
import { errorIn, packet, request } from "../support/client.js";
import { startServer } from "../support/server.js";

it("a request beyond the message rate is answered with an error, and its payload is in no log", async () => {
  const test = await startServer({ maxMessagesPerSecond: 2 });
  const client = await test.enter();
  client.send(concat(...[1, 2, 3].map((id) => request(id, "Echo.Say", "a secret"))));
  const answers = await client.messages(3);
  expect(answers.map(({ id }) => id)).toEqual([1n, 2n, 3n]);
  expect(errorIn(answers[2]?.payload as Uint8Array).code).toBe("rate_limited");
  expect(JSON.stringify(test.log.lines)).not.toContain("a secret");

  const quiet = await test.enter();
  quiet.send(packet(3));
  expect((await quiet.call(1, "Echo.Say", "x")).text).toBe("x");
});
