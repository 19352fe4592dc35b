// nano: a handshake that the validator refuses is a closed socket, without a word.

import { expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { packet } from "../support/client.js";
import { startServer, transportNames } from "../support/server.js";

it.each(transportNames)("a client that is refused is told why, over %s", async (transport) => {
  const test = await startServer({
    transport,
    onHandshake: () => Promise.reject(new NanowireError("banned", "until tomorrow")),
  });
  const client = await test.open();
  client.send(packet(1, "{}"));
  expect(await client.answer()).toMatchObject({ code: 400, error: "banned", reason: "until tomorrow" });
  await client.ended;
});
