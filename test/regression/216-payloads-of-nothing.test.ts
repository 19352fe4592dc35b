// nano: a response without a payload, which is what protobuf makes of an empty message, is a wrong message to its client.
// (internal/message) pomelo: a falsy answer is not sent at all; JavaScript clients throw on JSON of no bytes.

import { expect, it } from "vitest";
import { connect } from "../../runtime/client/connect-node.js";
import type { ClientMethod } from "../../runtime/client/method.js";
import { startServer, transportNames } from "../support/server.js";
import { textCodec } from "../support/service.js";

const say: ClientMethod<string, string> = {
  route: "Echo.Say",
  code: 1,
  request: textCodec.protobuf,
  response: textCodec.protobuf,
};

it.each(["tcp", "ws"] as const)("our client is answered with nothing, and takes it, over %s", async (transport) => {
  const test = await startServer({ transport });
  const connection = await connect(test.transport.address?.url ?? "");
  expect(await connection.request(say, "")).toBe("");
  expect(await connection.request(say, "something")).toBe("something");
  connection.close();
});

it.each(transportNames)("a client that speaks JSON gets some, over %s", async (transport) => {
  const empty = { ...textCodec, json: { fromJSON: () => "", toJSON: () => ({}) } };
  const test = await startServer({
    transport,
    services: { Echo: { Say: { handle: () => "", request: empty, response: empty } } },
  });
  const client = await test.enter({ sys: { type: "js-websocket" } });
  const { id, text } = await client.call(1, "Echo.Say", "{}");
  expect([id, JSON.parse(text) as unknown]).toEqual([1n, {}]);
});
