// nano: a packet of 16 MiB or more goes out with the lower 24 bits of its length: the client reads the rest of it as packets.
// (internal/codec)

import { expect, it } from "vitest";
import { errorIn } from "../support/client.js";
import { startServer } from "../support/server.js";
import { pushOf } from "../support/service.js";

const tooLong = "x".repeat(16_777_216);

it("an answer that long is an error, a push that long is refused, and what comes next is read", async () => {
  const test = await startServer({
    transport: "tcp",
    services: { A: { Much: () => tooLong, Say: (_session, text) => text } },
    maxOutboxBytes: 67_108_864,
  });
  const client = await test.enter();
  expect(errorIn((await client.call(1, "A.Much")).payload).code).toBe("message_too_large");
  const [session] = test.server.sessions();
  expect(() => session?.push(pushOf("E.X", 0), tooLong)).toThrow(
    expect.objectContaining({ code: "message_too_large" }),
  );
  expect((await client.call(2, "A.Say", "still here")).text).toBe("still here");
});
