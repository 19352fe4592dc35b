// pomelo's and nano's clients in JavaScript make a text of a message by String.fromCharCode.apply, which fails beyond some
// 100,000 characters. (nano-websocket-client, pomelo-protocol)

import { expect, it } from "vitest";
import { clientSerializer } from "../../runtime/client/client-serializer.js";
import { connect } from "../../runtime/client/connect-node.js";
import type { ClientMethod } from "../../runtime/client/method.js";
import { jsonSerializer } from "../../runtime/protocol/serializer.js";
import { startServer } from "../support/server.js";
import { textCodec } from "../support/service.js";

const say: ClientMethod<string, string> = {
  route: "Echo.Say",
  code: 1,
  request: textCodec.protobuf,
  response: textCodec.protobuf,
};
/** As the generator makes them: a module of messages, and one of their JSON codecs. */
const modules = [{ Text: textCodec.protobuf }, { Text: textCodec.json }] as const;

it.each(["tcp", "ws"] as const)("675,000 characters of JSON go there and back, over %s", async (transport) => {
  const test = await startServer({ transport, maxPacketBytes: 4_194_304, maxOutboxBytes: 8_388_608 });
  const connection = await connect(test.transport.address?.url ?? "", {
    maxPacketBytes: 4_194_304,
    serializers: [clientSerializer(jsonSerializer, [modules])],
  });
  const long = "é😀x".repeat(225_000);
  expect(await connection.request(say, long)).toBe(long);
  connection.close();
});
