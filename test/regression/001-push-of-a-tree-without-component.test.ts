import { expect, it } from "vitest";
import { RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import type { UserSaid } from "../../generated/chat/v1/room.js";
import { RoomEvents } from "../../generated/chat/v1/room.server.js";
import { dictVersion } from "../../generated/routes.js";
import { connect } from "../../runtime/client/connect-node.js";
import { startServer } from "../support/server.js";
import { defer, until } from "../support/wait.js";

// The server has components of one generated tree, and pushes of another that none of its components came with. The push went out
// by its own tree's code, which the server's dictionary gives to another route or to none: the client heard the wrong push, or
// closed the connection with unknown_code.
it.each([
  ["a client of the other tree", { dictVersion }],
  ["a client of this one", { dictVersion: "v1" }],
  ["a client of none", {}],
])("%s gets the push, and its connection stays", async (_who, options) => {
  const test = await startServer({ transport: "tcp", extraRoutes: ["A.B", "A.C", "A.D", "A.E"] });
  const connection = await connect(test.transport.address?.url ?? "", options);
  const said = defer<UserSaid>();
  new RoomEventsClient(connection).onSaid((message) => said.resolve(message));
  await until(() => test.server.counters.sessions === 1);
  const message: UserSaid = { name: "ada", text: "hi", atMs: 7n };
  for (const session of test.server.sessions()) {
    RoomEvents.said(session, message);
  }
  expect(await said.promise).toEqual(message);
  expect(connection.state).toBe("open");
  connection.close();
});
