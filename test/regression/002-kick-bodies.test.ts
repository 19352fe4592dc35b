import { expect, it } from "vitest";
import { connect } from "../../runtime/client/connect-node.js";
import { wireProfiles } from "../../runtime/server/profile.js";
import { textOf } from "../support/client.js";
import { startServer } from "../support/server.js";
import { until } from "../support/wait.js";

// pomelo's clients in JavaScript parse the body of a kick, and fail on an empty one, as pitaya sends it.
it.each(["", "bye", 'a "quoted" line\nand é😀'])("a browser can parse the kick for %j", async (reason) => {
  const test = await startServer();
  const client = await test.enter({ sys: { type: "js-websocket" } });
  await client.call(1, "Echo.Say", "{}");
  test.server.sessions()[0]?.kick(reason);
  const { type, body } = await client.packet();
  expect(type).toBe(5);
  expect(JSON.parse(textOf(body))).toEqual({ reason });
  await client.ended;
});

it("our own client takes a kick without a body, as pitaya's", async () => {
  const test = await startServer({
    transport: "tcp",
    profiles: [{ ...wireProfiles.nanowire, kickBody: "empty" }],
  });
  const connection = await connect(test.transport.address?.url ?? "");
  await until(() => test.server.counters.sessions === 1);
  test.server.sessions()[0]?.kick("bye");
  expect(await connection.closed).toMatchObject({ code: "kicked", details: { reason: "" } });
});
